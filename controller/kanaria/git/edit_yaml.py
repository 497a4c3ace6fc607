"""How an edit changes a file: only the characters of the fields it names, everything else stays byte for byte."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kanaria.git.change_document import changed
from kanaria.git.splice import Unable
from kanaria.vocabulary import Append, Edit, ObjectRef, Set, Unset
from kanaria.vocabulary.documents import DocumentError, documents, field_at


@dataclass(frozen=True, slots=True)
class Edited:
    """The file with the edit in it."""

    text: str


@dataclass(frozen=True, slots=True)
class AlreadyThere:
    """The file says already what the edit wants."""


@dataclass(frozen=True, slots=True)
class NotDue:
    """The edit does not fit the file any more, or cannot be made there; a sentence says why."""

    reason: str


Outcome = Edited | AlreadyThere | NotDue


def edited(text: str, edit: Edit, namespace: str) -> Outcome:
    """Make the edit in the document of its object; `namespace` is that of documents which name none."""
    try:
        number, value = _document(text, edit.target, namespace)
    except (DocumentError, LookupError) as error:
        return NotDue(str(error.args[0]))
    if all(_holds(value, change) for change in edit.changes):
        return AlreadyThere()
    for expected in edit.expects:
        found = field_at(value, expected.path)
        if not same(found, expected.value):
            return NotDue(f"{'.'.join(expected.path)} is {told(found)} there, not {told(expected.value)}")
    try:
        return Edited(changed(text, number, edit.changes))
    except Unable as error:
        return NotDue(f"{edit.target}: {error}; commit the change by hand")


def same(one: Any, other: Any) -> bool:
    """Whether two values are the same JSON, absent fields and nulls alike."""
    return _normal(one) == _normal(other)


def told(value: Any) -> str:
    """A value for a sentence."""
    return "absent" if value is None else _normal(value)[:120]


def _document(text: str, target: ObjectRef, namespace: str) -> tuple[int, Any]:
    """Number and value of the object's document, the empty ones not counted."""
    for number, document in enumerate(documents(text)):
        if isinstance(document.value, Mapping):
            found = ObjectRef.of(document.value)
            identity = (found.group, found.kind, found.namespace or namespace, found.name)
            if identity == (target.group, target.kind, target.namespace, target.name):
                return number, document.value
    raise LookupError(f"the file holds no {target} any more")


def _holds(value: Any, change: Set | Unset | Append) -> bool:
    found = field_at(value, change.path)
    match change:
        case Set(_, wanted):
            return same(found, wanted)
        case Unset():
            return found is None
        case Append(_, item):
            return isinstance(found, list) and any(same(each, item) for each in found)


def _normal(value: Any) -> str:
    return json.dumps(_without_nulls(value), sort_keys=True, ensure_ascii=False)


def _without_nulls(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(k): _without_nulls(v) for k, v in value.items() if v is not None}
    if isinstance(value, list | tuple):
        return [_without_nulls(item) for item in value]
    return value
