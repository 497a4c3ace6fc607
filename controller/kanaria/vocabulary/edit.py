"""What an edit to a file in Git is: derived anew in each pass, applied once at the branch's head."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

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
