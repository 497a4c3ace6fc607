"""Where is the manifest of an object in a working copy, and how is a person's change of it committed?"""

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import typer
from pydantic import ValidationError

from kanaria.api import Resource
from kanaria.api.resource import API_VERSION
from kanaria.decide.git_sync import is_manifest
from kanaria.decide.unreadable import sentence
from kanaria.git.edit_yaml import Edited, NotDue, edited
from kanaria.git.working_copy import WorkingCopy, WorkingCopyError
from kanaria.vocabulary import Edit, ObjectRef
from kanaria.vocabulary.documents import DocumentError, documents

R = TypeVar("R", bound=Resource)


class ManifestError(Exception):
    """Why a manifest cannot be found, read or changed: place, fact and remedy."""


@dataclass(frozen=True, slots=True)
class Found(Generic[R]):
    """The document of an object, and the file and working copy it is in."""

    path: Path
    copy: WorkingCopy
    text: str
    resource: R

    def document(self, text: str) -> Mapping[str, Any] | None:
        """The same document in another text of the file."""
        wanted = self.resource.ref
        return next(
            (value for value in _values(text, type(self.resource)) if _named(value) == (wanted.namespace, wanted.name)),
            None,
        )

    def change(self, edit: Edit) -> str:
        """The file's text with the edit in it.

        Raises:
            ManifestError: if it cannot be made there.
        """
        outcome = edited(self.text, edit, "")
        if isinstance(outcome, Edited):
            return outcome.text
        why = outcome.reason if isinstance(outcome, NotDue) else "the file says so already"
        raise ManifestError(f"{self.path}: {why}")

    def diff(self, text: str) -> str:
        """What would change, as people read it."""
        lines = difflib.unified_diff(
            self.text.splitlines(keepends=True),
            text.splitlines(keepends=True),
            f"a/{self.path.name}",
            f"b/{self.path.name}",
        )
        return "".join(lines)

    def write(self, text: str) -> None:
        """Put the text into the file as it is, whatever ends its lines."""
        self.path.write_bytes(text.encode())


def find(kind: type[R], name: str, path: Path, namespace: str = "") -> Found[R]:
    """The one manifest of an object at the path.

    Raises:
        ManifestError: if there is none, or more than one, or it cannot be read.
        WorkingCopyError: if the path is in no working copy, or the file has changes that are not committed.
    """
    copy = WorkingCopy.around(path)
    found = [
        (file, value)
        for file in _files(path)
        for value in _values(_text(file), kind)
        if value["metadata"].get("name") == name and namespace in ("", value["metadata"].get("namespace", namespace))
    ]
    if not found:
        raise ManifestError(f"{path} holds no {kind.__name__} {name}; name its folder or file with --path")
    if len(found) > 1:
        places = ", ".join(sorted({str(file) for file, _ in found}))
        raise ManifestError(f"{kind.__name__} {name} is in {places}; name one of them with --path, or a --namespace")
    ((file, value),) = found
    copy.check_clean(file)
    try:
        return Found(file, copy, _text(file), kind.parse(value))
    except ValidationError as error:
        raise ManifestError(f"{file}: {sentence(error)}") from error


def commit(found: Found[Any], text: str, message: str, *, push: bool) -> None:
    """Commit the text as the file's, tell of it, and push it where that is asked for.

    Raises:
        WorkingCopyError: if git refuses; the file is as it was then.
    """
    before = found.text
    found.write(text)
    try:
        made = found.copy.commit(found.path, message)
    except WorkingCopyError:
        found.write(before)
        raise
    typer.echo(f"{made} {message.splitlines()[0]}")
    if push:
        found.copy.push()
        typer.echo("pushed")
    else:
        typer.echo("not pushed yet: git push, or --push next time")


def _files(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    for file in sorted(path.rglob("*")):
        if is_manifest(file.relative_to(path).as_posix()) and file.is_file() and not file.is_symlink():
            yield file


def _text(file: Path) -> str:
    try:
        return file.read_bytes().decode()
    except UnicodeDecodeError:
        return ""


def _values(text: str, kind: type[Resource]) -> Iterator[Mapping[str, Any]]:
    """The objects of this kind in a text; one that cannot be read holds none."""
    try:
        found = documents(text)
    except DocumentError:
        return
    for document in found:
        value = document.value
        if isinstance(value, Mapping) and isinstance(value.get("metadata"), Mapping):
            ref = ObjectRef.of(value)
            if (ref.api_version, ref.kind) == (API_VERSION, kind.__name__):
                yield value


def _named(value: Mapping[str, Any]) -> tuple[str, str]:
    ref = ObjectRef.of(value)
    return ref.namespace, ref.name
