"""How an edit changes a file: only the characters of the fields it names, everything else stays byte for byte."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kanaria.git.change_document import changed
from kanaria.git.splice import Unable
from kanaria.vocabulary import Edit, ObjectRef
from kanaria.vocabulary.documents import DocumentError, documents


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
    if edit.has_landed(value):
        return AlreadyThere()
    if mismatch := edit.mismatch(value):
        return NotDue(mismatch)
    try:
        return Edited(changed(text, number, edit.changes))
    except Unable as error:
        return NotDue(f"{edit.target}: {error}; commit the change by hand")


def _document(text: str, target: ObjectRef, namespace: str) -> tuple[int, Any]:
    """Number and value of the object's document, the empty ones not counted."""
    for number, document in enumerate(documents(text)):
        if isinstance(document.value, Mapping):
            found = ObjectRef.of(document.value)
            identity = (found.group, found.kind, found.namespace or namespace, found.name)
            if identity == (target.group, target.kind, target.namespace, target.name):
                return number, document.value
    raise LookupError(f"the file holds no {target} any more")
