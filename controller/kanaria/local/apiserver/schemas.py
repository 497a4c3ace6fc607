"""Whether a custom object fits its schema; what is pruned from it and what is filled in."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from jsonschema import ValidationError
from jsonschema.validators import extend
from openapi_schema_validator import OAS30Validator, oas30_format_checker

from kanaria.local.apiserver.refusals import Object, cause
from kanaria.local.apiserver.shapes import Shape

Schema = Mapping[str, Any]
_OPEN = "x-kubernetes-preserve-unknown-fields"
_EMBEDDED = "x-kubernetes-embedded-resource"
_ROOT_FIELDS = frozenset({"apiVersion", "kind", "metadata"})


def pruned(body: Object, schema: Schema) -> tuple[Object, tuple[str, ...]]:
    """The object without the fields its schema does not know, and what they were."""
    unknown: list[str] = []
    root = {**schema, _EMBEDDED: True}
    return _pruned(body, root, "", unknown), tuple(unknown)


def _pruned(value: Any, schema: Schema, at: str, unknown: list[str]) -> Any:
    if isinstance(value, list):
        # A list below an open field, such as metadata.ownerReferences, is as open as the field.
        items = schema.get("items") or ({_OPEN: True} if schema.get(_OPEN) else {})
        return [_pruned(item, items, f"{at}[{index}]", unknown) for index, item in enumerate(value)]
    if not isinstance(value, dict):
        return value
    kept: Object = {}
    for name, part in value.items():
        where = f"{at}.{name}" if at else name
        below = _below(schema, name)
        if below is None:
            unknown.append(where)
        else:
            kept[name] = _pruned(part, below, where, unknown)
    return kept


def _below(schema: Schema, name: str) -> Schema | None:
    if name in _ROOT_FIELDS and schema.get(_EMBEDDED):
        return {_OPEN: True}
    found = schema.get("properties", {}).get(name)
    if found is not None:
        return found  # type: ignore[no-any-return]  # a schema's parts are schemas
    extra = schema.get("additionalProperties")
    if isinstance(extra, dict):
        return extra
    # What lies below an open field the schema does not describe is open too.
    return {_OPEN: True} if extra or schema.get(_OPEN) else None


def defaulted(value: Any, schema: Schema) -> Any:
    """The value with its schema's defaults filled in."""
    if isinstance(value, list):
        items = schema.get("items") or {}
        return [defaulted(item, items) for item in value]
    if not isinstance(value, dict):
        return value
    filled = dict(value)
    for name, below in schema.get("properties", {}).items():
        absent = filled.get(name) is None and not (name in filled and below.get("nullable"))
        if absent and "default" in below:
            filled[name] = below["default"]
        elif absent and name in filled:
            del filled[name]  # a null where null is not allowed means: not said
    extra = schema.get("additionalProperties")
    for name, part in filled.items():
        below = schema.get("properties", {}).get(name, extra)
        if isinstance(below, dict):
            filled[name] = defaulted(part, below)
    return filled


def broken(body: Object, schema: Schema) -> list[Object]:
    """Every rule of the schema the object breaks, as causes of a Status."""
    validator = _validator()(schema, format_checker=oas30_format_checker)
    errors = sorted(validator.iter_errors(body), key=lambda error: [str(part) for part in error.absolute_path])
    return [each for error in errors for each in _causes(error)] + list(_doubled(body, Shape("", "", schema), ""))


def _doubled(value: Any, shape: Shape, at: str) -> Iterator[Object]:
    """What a list that is a map or a set holds twice."""
    seen: set[str] = set()
    keyed = shape.holds_items(value)
    for name, part in value.items() if isinstance(value, dict) else ():
        yield from _doubled(part, shape.child(name), f"{at}.{name}".lstrip("."))
    for index, part in enumerate(value) if isinstance(value, list) else ():
        where = f"{at}[{index}]"
        yield from _doubled(part, shape.item(), where)
        if keyed and shape.element(part) in seen:
            yield cause("FieldValueDuplicate", where, f"Duplicate value: {shape.element(part)[2:]}")
        seen |= {shape.element(part)} if keyed else set()


@lru_cache(maxsize=1)
def _validator() -> Any:
    plain = OAS30Validator.VALIDATORS["type"]

    def typed(validator: Any, types: Any, instance: Any, schema: Schema) -> Iterator[ValidationError]:
        if not schema.get("x-kubernetes-int-or-string"):
            yield from plain(validator, types, instance, schema) or ()

    def int_or_string(_: Any, wanted: bool, instance: Any, _schema: Schema) -> Iterator[ValidationError]:  # noqa: FBT001 - jsonschema's
        if wanted and (isinstance(instance, bool) or not isinstance(instance, int | str)):
            yield ValidationError("", validator="type", validator_value="integer,string", instance=instance)

    return extend(OAS30Validator, {"type": typed, "x-kubernetes-int-or-string": int_or_string})


def _causes(error: ValidationError) -> Iterator[Object]:
    at = spelled(error.absolute_path)
    value = shown(error.instance)
    if error.validator == "required":
        missing = error.message.split("'")[1]
        yield cause("FieldValueRequired", f"{at}.{missing}".lstrip("."), "Required value")
    elif error.validator == "type":
        found = _TYPE_NAMES.get(type(error.instance), "null")
        message = f'Invalid value: "{found}": {at} in body must be of type {error.validator_value}: "{found}"'
        yield cause("FieldValueTypeInvalid", at, message)
    elif error.validator in _TOO_MANY:
        found = f"Too many: {len(error.instance)}: must have at most {error.validator_value} items"
        yield cause("FieldValueTooMany", at, found)
    elif error.validator == "format":
        message = f"Invalid value: {value}: {at} in body must be of type {error.validator_value}: {value}"
        yield cause("FieldValueTypeInvalid", at, message)
    elif error.validator in {"minItems", "minProperties"}:
        what = f"{at} in body should have at least {error.validator_value} {error.validator[3:].lower()}"
        yield cause("FieldValueInvalid", at, f"Invalid value: {len(error.instance)}: {what}")
    elif error.validator == "maxLength":
        yield cause("FieldValueTooLong", at, f"Too long: may not be more than {error.validator_value} bytes")
    elif error.validator == "enum":
        allowed = ", ".join(f'"{each}"' for each in error.validator_value)
        yield cause("FieldValueNotSupported", at, f"Unsupported value: {value}: supported values: {allowed}")
    else:
        yield cause("FieldValueInvalid", at, f"Invalid value: {value}: {_says(error, at)}")


_TYPE_NAMES: Mapping[type, str] = {
    str: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
    list: "array",
    dict: "object",
}
_TOO_MANY = frozenset({"maxItems", "maxProperties"})
_SAYINGS = {
    "pattern": "{at} in body should match '{want}'",
    "minimum": "{at} in body should be greater than or equal to {want}",
    "maximum": "{at} in body should be less than or equal to {want}",
    "minLength": "{at} in body should be at least {want} chars long",
    "multipleOf": "{at} in body should be a multiple of {want}",
}


def _says(error: ValidationError, at: str) -> str:
    saying = _SAYINGS.get(str(error.validator))
    return saying.format(at=at, want=error.validator_value) if saying else error.message


def shown(value: Any) -> str:
    """A value as messages show it."""
    if isinstance(value, str):
        return f'"{value}"'
    kinds: Mapping[type, str] = {dict: '"object"', list: '"array"'}
    return kinds.get(type(value)) or str(value).lower()


def spelled(path: Any) -> str:
    """A path as messages write it: spec.steps[0].name."""
    words = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return words.lstrip(".")
