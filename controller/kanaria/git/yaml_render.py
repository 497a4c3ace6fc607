"""How a new value is written into a YAML or JSON text, in the manner of what stands around it."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kanaria.vocabulary.documents import DocumentError, documents

_PLAIN = re.compile(r"[A-Za-z_][^\n:#\[\]{},&*!|>'\"%@`]*(?<! )")


@dataclass(frozen=True, slots=True)
class Manner:
    """How a file is written: steps of indentation, dashes, quotes of keys, ends of lines."""

    step: int = 2
    dash_indent: int = 2
    quoted_keys: bool = False
    newline: str = "\n"


def scalar(value: Any, style: str | None = None) -> str:
    """A single value; a text is plain where it reads back as that text, and keeps the quotes of what it replaces."""
    if not isinstance(value, str):
        return json.dumps(value)
    if style == "'" and "\n" not in value and value.isprintable():
        return "'" + value.replace("'", "''") + "'"
    if style is None and _PLAIN.fullmatch(value) and _reads_back(value):
        return value
    return json.dumps(value, ensure_ascii=False)


def flow(value: Any, manner: Manner) -> str:
    """A value in one line, as in JSON; keys and texts without quotes where the keys around have none."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(k, manner)}: {flow(v, manner)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(flow(item, manner) for item in value) + "]"
    return scalar(value, '"' if manner.quoted_keys else None)


def pretty(value: Any, column: int, manner: Manner) -> str:
    """A value as it stands behind its key in JSON of many lines; `column` is that of the key."""
    if not manner.quoted_keys or not isinstance(value, Mapping | list | tuple) or not value:
        return flow(value, manner)
    lines = json.dumps(value, indent=manner.step, ensure_ascii=False).split("\n")
    return manner.newline.join([lines[0], *(" " * column + line for line in lines[1:])])


def block(value: Any, column: int, manner: Manner) -> list[str]:
    """The lines of a mapping or list that begins at a column; a single value has one."""
    if isinstance(value, Mapping) and value:
        return [line for key, item in value.items() for line in _field(key, item, column, manner)]
    if isinstance(value, list | tuple) and value:
        return [line for item in value for line in _item(item, column, manner)]
    return [" " * column + flow(value, manner)]


def field_lines(key: str, value: Any, column: int, manner: Manner) -> list[str]:
    """The lines of `key: value` at a column."""
    return _field(key, value, column, manner)


def item_lines(value: Any, column: int, manner: Manner) -> list[str]:
    """The lines of `- value` with the dash at a column."""
    return _item(value, column, manner)


def _field(key: str, value: Any, column: int, manner: Manner) -> list[str]:
    head = " " * column + _key(key, manner) + ":"
    if isinstance(value, Mapping) and value:
        return [head, *block(value, column + manner.step, manner)]
    if isinstance(value, list | tuple) and value:
        return [head, *block(value, column + manner.dash_indent, manner)]
    return [f"{head} {flow(value, manner)}"]


def _item(value: Any, column: int, manner: Manner) -> list[str]:
    lines = block(value, column + 2, manner)
    return [" " * column + "- " + lines[0].lstrip(" "), *lines[1:]]


def _key(key: str, manner: Manner) -> str:
    return scalar(key, '"' if manner.quoted_keys else None)


def _reads_back(text: str) -> bool:
    try:
        read = documents(text)
    except DocumentError:
        return False
    return [document.value for document in read] == [text]
