"""Whether an object keeps the CEL rules of its schema (x-kubernetes-validations), also against what it was."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from kanaria.local.apiserver.refusals import Object, cause
from kanaria.local.apiserver.schemas import shown, spelled
from kanaria.local.apiserver.shapes import Shape

Schema = Mapping[str, Any]
_RULES = "x-kubernetes-validations"
_ABSENT = object()
_RESERVED = frozenset(
    """true false null in as break const continue else for function if import let loop package namespace return var void
    while""".split()  # noqa: SIM905 - a list is a page long
)
_ESCAPES = {"__": "__underscores__", ".": "__dot__", "-": "__dash__", "/": "__slash__"}
_OLD = re.compile(r"\boldSelf\b")
At = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Ruled:
    """The part of a schema that leads to rules."""

    schema: Schema
    rules: tuple[Object, ...]
    fields: Mapping[str, "Ruled"] = field(default_factory=dict)
    items: "Ruled | None" = None
    extra: "Ruled | None" = None


def ruled(schema: Schema) -> Ruled | None:
    """The rules of a schema and of all it holds; nothing where there are none."""
    found = {name: ruled(below) for name, below in schema.get("properties", {}).items()}
    fields = {name: each for name, each in found.items() if each is not None}
    items = ruled(schema["items"]) if isinstance(schema.get("items"), dict) else None
    extra = schema.get("additionalProperties")
    below = ruled(extra) if isinstance(extra, dict) else None
    rules = tuple(schema.get(_RULES) or ())
    return Ruled(schema, rules, fields, items, below) if rules or fields or items or below else None


def unkept(rules: Ruled, new: Any, old: Any = _ABSENT, at: At = ()) -> Iterator[Object]:
    """Every rule a value does not keep, as causes of a Status."""
    for rule in rules.rules:
        yield from _judged(rule, rules.schema, new, old, at)
    if isinstance(new, list) and rules.items is not None:
        before = _items_before(rules, old)
        for index, item in enumerate(new):
            yield from unkept(rules.items, item, before(index, item), (*at, index))
    elif isinstance(new, dict):
        for name, value in new.items():
            below = rules.fields.get(name, rules.extra)
            if below is not None:
                was = old.get(name, _ABSENT) if isinstance(old, dict) else _ABSENT
                yield from unkept(below, value, was, (*at, name))


def _items_before(rules: Ruled, old: Any) -> Any:
    """An item's earlier state: known only where the list is a map."""
    shape = Shape("list", ".", rules.schema)
    known = {shape.element(item): item for item in old} if isinstance(old, list) and shape.keys else {}
    return lambda _index, item: known.get(shape.element(item), _ABSENT) if known else _ABSENT


def _judged(rule: Object, schema: Schema, new: Any, old: Any, at: At) -> Iterator[Object]:
    transition = bool(_OLD.search(rule["rule"]))
    optional = bool(rule.get("optionalOldSelf"))
    if transition and old is _ABSENT and not optional:
        return
    data = {"self": to_cel(new, schema)}
    if transition:
        data["oldSelf"] = None if old is _ABSENT else to_cel(old, schema)
    verdict, trouble = _evaluated(rule["rule"], data)
    if verdict is True:
        return
    where = (spelled(at) + (rule.get("fieldPath") or "")).lstrip(".") or "<nil>"
    said = _message(rule, data)
    told = f"{shown(new)}: {trouble} evaluating rule: {said}" if trouble else said
    told = told if trouble or isinstance(new, dict | list) else f"{shown(new)}: {said}"
    yield cause(rule.get("reason", "FieldValueInvalid"), where, f"Invalid value: {told}")


def _message(rule: Object, data: Object) -> str:
    if "messageExpression" in rule:
        said, trouble = _evaluated(rule["messageExpression"], data)
        if isinstance(said, str) and not trouble:
            return said
    return str(rule.get("message") or f"failed rule: {rule['rule']}").strip()


def _evaluated(expression: str, data: Object) -> tuple[Any, str]:
    compiled = _compiled(expression)
    if compiled is None:
        return True, ""  # uses what only Kubernetes' own CEL libraries have
    value = compiled.eval(data=data)
    plain = value.plain_value()
    if plain is True or plain is False or (isinstance(plain, str) and str(value.type()) != "ERROR"):
        return plain, ""
    return False, str(plain)


@lru_cache(maxsize=4096)
def _compiled(expression: str) -> Any:
    try:
        return _environment().compile(expression)
    except Exception:  # noqa: BLE001 - the library raises plain RuntimeErrors and its own statuses
        return None


@lru_cache(maxsize=1)
def _environment() -> Any:
    # Imported when the first rule is met: the library is large, most objects have no rules.
    from cel_expr_python import cel  # noqa: PLC0415
    from cel_expr_python.ext import ext_optional, ext_strings  # noqa: PLC0415

    variables = {"self": cel.Type.DYN, "oldSelf": cel.Type.DYN}
    return cel.NewEnv(variables=variables, extensions=[ext_strings.ExtStrings(), ext_optional.ExtOptional()])


def to_cel(value: Any, schema: Schema) -> Any:
    """A JSON value as its schema's type says CEL sees it."""
    if isinstance(value, dict):
        fields = schema.get("properties", {})
        extra = schema.get("additionalProperties")
        rest = extra if isinstance(extra, dict) else {}
        return {
            (_escaped(name) if name in fields else name): to_cel(part, fields.get(name, rest))
            for name, part in value.items()
        }
    if isinstance(value, list):
        return [to_cel(item, schema.get("items") or {}) for item in value]
    if schema.get("type") == "number" and isinstance(value, int):
        return float(value)
    # A date-time stays a text: the library takes no times from outside.
    return value


def _escaped(name: str) -> str:
    if name in _RESERVED:
        return f"__{name}__"
    for sign, word in _ESCAPES.items():
        name = name.replace(sign, word)
    return name
