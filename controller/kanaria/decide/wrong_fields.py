"""What is said of a field that cannot be read: place, fact and remedy."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

FieldPath = tuple[str | int, ...]
_SHOWN_MAX = 80
_USER_IN_URL = re.compile(r"://[^/@\s]+@")
_KINDS_OF_VALUE = {
    "string": "a text is needed: put it in quotes",
    "int": "a whole number is needed",
    "float": "a number is needed",
    "bool": "true or false is needed",
    "tuple": "a list is needed: write [first, second]",
    "list": "a list is needed: write [first, second]",
    "dict": "a mapping is needed: write {key: value}",
    "mapping": "a mapping is needed: write {key: value}",
    "model": "a mapping is needed: write {key: value}",
    "datetime": "a time is needed: write it as 2026-01-15T12:00:00Z",
}
"""By the first word of pydantic's type of error, e.g. string_type or int_parsing."""
_BOUNDS = {
    "greater_than": "must be above {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be below {lt}",
    "less_than_equal": "must be at most {le}",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "too_short": "must have at least {min_length} entries",
    "too_long": "must have at most {max_length} entries",
    "literal_error": "must be {expected}",
    "enum": "must be {expected}",
}
_IN_WORDS = {
    r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$": "must be lower-case letters, digits and dashes between them",
    r"^([0-9]+(ms|s|m|h|d))+$": "must be a duration such as 30s or 1h30m",
    r"^(https?|file)://.+$": "must begin with https:// (in a local cluster also with http:// or file://)",
    r"^(https?|file)://[^-\s]\S*$": "must begin with https:// (in a local cluster also with http:// or file://)",
    r"^(s3|gs|az|abfs|abfss|https|http|file)://[^\s]+$": "must begin with s3://, gs://, az://, abfs:// or https://",
    r"^[^/].*$": "must be a path from the repository's root on, without / before it",
    r"^[^-/].*$": "must be a path from the repository's root on, without / or - before it",
    r"^([a-z0-9]([-a-z0-9]*[a-z0-9])?)?$": "must be lower-case letters, digits and dashes between them, or empty",
    r"^[A-Za-z0-9!#$%&'*+\-.^_`|~]+$": "must be the name of a header, such as x-canary",
    r"^[A-Za-z_][-A-Za-z0-9_]*$": "must be letters, digits, _ and -, with a letter or _ first",
    r"^[A-Za-z][-A-Za-z0-9_]*$": "must be letters, digits, _ and -, with a letter first",
    r"^[A-Za-z0-9][-A-Za-z0-9_.]*$": "must be letters, digits, dots, _ and -, with a letter or digit first",
    r"^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$": "must be letters, digits, and between them dots, _ and -",
    r"^[0-9]+(Ki|Mi|Gi|Ti)?$": "must be a size such as 500Mi or 1Gi",
    r"^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$": "must be a host, e.g. a.example.com",
    r"^[^-/][^ ~^:?*\[\\]*$": "must be the name of a branch or tag, such as main",
    r"^[^@:]+(:[0-9]+/[^@:]+)?$": "must be the name of an image without a tag, such as registry.example.com/team/train",
    r"^https?://[^\s/]+": "must be an address such as https://example.com",
    r"^[A-Za-z_][A-Za-z0-9_]*$": "must be letters, digits and _, with a letter or _ first",
    r"^/\S*$": "must be a path that begins with /, such as /v2/models/wine/infer",
    r"^\$(\.[A-Za-z_][-\w]*|\[\d+\])*$": "must be a path into the answer, such as $.outputs[0].data[0]",
    r"^[^\s]+$": "must be the name of a field, such as spec.replicas",
    r"^[A-Za-z][A-Za-z0-9]*$": "must be a kind, such as Deployment",
    r"^[0-9a-f]{40}$": "must be the full id of a commit: 40 digits and letters from a to f",
}
"""What the patterns of the API ask for."""


@dataclass(frozen=True, slots=True)
class WrongField:
    """One wrong field: its keys from the document's root, and the sentence that names it."""

    field: FieldPath
    sentence: str

    def __str__(self) -> str:
        return self.sentence


def wrong_fields(error: ValidationError) -> tuple[WrongField, ...]:
    """All wrong fields; what stands there says more than what is missing, so it comes first."""
    errors = error.errors()
    # Where an entry of a list is wrong, pydantic counts it as not there.
    counted = [
        e for e in errors if not (e["type"] == "too_short" and any(_is_below(o["loc"], e["loc"]) for o in errors))
    ]
    found = sorted(counted, key=lambda each: each["type"] == "missing")
    return tuple(WrongField(tuple(each["loc"]), _sentence(each)) for each in found)


def _is_below(field: FieldPath, parent: FieldPath) -> bool:
    return len(field) > len(parent) and field[: len(parent)] == parent


def _sentence(error: Mapping[str, Any]) -> str:
    fact, path = _fact(error), dotted(tuple(error["loc"]))
    # Rules that look at several fields name them in full.
    return f"{path}: {fact}" if path and not fact.startswith("spec") else fact


def dotted(field: FieldPath) -> str:
    """A field as people write it, e.g. spec.steps[0].command."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in field).lstrip(".")


def _fact(error: Mapping[str, Any]) -> str:
    kind = str(error["type"])
    if kind == "extra_forbidden":
        return "there is no such field: remove it, or mend its spelling"
    if kind == "missing":
        return "this field is needed: add it"
    if kind == "value_error":
        return str(error["msg"]).removeprefix("Value error, ")
    shown = _shown(error.get("input"))
    if kind == "string_pattern_mismatch":
        pattern = error["ctx"]["pattern"]
        return _IN_WORDS.get(pattern, f"must match {pattern}") + shown
    if kind in _BOUNDS:
        return _BOUNDS[kind].format(**error.get("ctx", {})) + shown
    fact, colon, remedy = _KINDS_OF_VALUE.get(kind.partition("_")[0], str(error["msg"])).partition(":")
    return f"{fact}{shown}{colon}{remedy}"


def _shown(value: object) -> str:
    """What stands there instead, if it is short enough to be told; without what may be secret."""
    if value is None:
        return ", and nothing is there"
    if not isinstance(value, str | int | float | bool) or value == "":
        return ""
    text = repr(_USER_IN_URL.sub("://", value) if isinstance(value, str) else value)
    return f", not {text if len(text) <= _SHOWN_MAX else text[: _SHOWN_MAX - 1] + '…'}"
