"""What an edit to a file in Git is: derived anew in each pass, applied once at the branch's head."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from kanaria.vocabulary.documents import field_at
from kanaria.vocabulary.objects import ObjectRef

Path = tuple[str, ...]
"""Keys from the document's root, e.g. ("spec", "candidate", "version")."""


class EditClass(StrEnum):
    """Which switch of `writeBack` an edit obeys."""

    PROPOSE = "propose"  # new candidates and promotions
    SETTLE = "settle"  # removing a failed candidate


@dataclass(frozen=True, slots=True)
class Set:
    """Give the field this value (plain JSON), making its parents where they are missing."""

    path: Path
    value: Any


@dataclass(frozen=True, slots=True)
class Unset:
    """Remove the field; nothing where it is absent."""

    path: Path


@dataclass(frozen=True, slots=True)
class Append:
    """Add an item at the end of the list, making the list where it is missing."""

    path: Path
    item: Any


@dataclass(frozen=True, slots=True)
class Field:
    """What a field must hold at the head for the edit to be due: None means absent."""

    path: Path
    value: Any


@dataclass(frozen=True, slots=True)
class Edit:
    """A change to one object's document, with what must be true of it first and what the commit says.

    If any of `expects` no longer holds at the head the edit is dropped: a human's newer edit wins.
    `trailers` (Kanaria-Reason, Kanaria-Evidence, Kanaria-Run) are for people and never read back.
    """

    target: ObjectRef
    edit_class: EditClass
    expects: tuple[Field, ...]
    changes: tuple[Set | Unset | Append, ...]
    subject: str
    body: str = ""
    trailers: tuple[tuple[str, str], ...] = ()

    def has_landed(self, document: Any) -> bool:
        """Whether the document says already all that the edit wants."""
        return all(_holds(document, change) for change in self.changes)

    def mismatch(self, document: Any) -> str:
        """Which expectation the document does not meet, in a sentence; empty where it meets all."""
        for field in self.expects:
            found = field_at(document, field.path)
            if not same(found, field.value):
                return f"{'.'.join(field.path)} is {_told(found)} there, not {_told(field.value)}"
        return ""


def same(one: Any, other: Any) -> bool:
    """Whether two values are the same JSON, absent fields and nulls alike."""
    return _normal(one) == _normal(other)


def _holds(document: Any, change: Set | Unset | Append) -> bool:
    found = field_at(document, change.path)
    match change:
        case Set(_, wanted):
            return same(found, wanted)
        case Unset():
            return found is None
        case Append(_, item):
            return isinstance(found, list | tuple) and any(same(each, item) for each in found)


def _told(value: Any) -> str:
    return "absent" if value is None else _normal(value)[:120]


def _normal(value: Any) -> str:
    return json.dumps(_without_nulls(value), sort_keys=True, ensure_ascii=False)


def _without_nulls(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(k): _without_nulls(v) for k, v in value.items() if v is not None}
    if isinstance(value, list | tuple):
        return [_without_nulls(item) for item in value]
    return value
