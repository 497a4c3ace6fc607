"""What a pass decided: an ordered, frozen list of acts. A test compares it, the workshop carries it out."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kanaria.vocabulary.edit import Edit
from kanaria.vocabulary.objects import Account, Manifest, ObjectRef
from kanaria.vocabulary.question import Question, Trust
from kanaria.vocabulary.writer import Writer


@dataclass(frozen=True, slots=True)
class Rivals:
    """Managers whose fields are left to them, by name; `taken` are the fields that are taken all the same."""

    names: frozenset[str]
    taken: tuple[str, ...] = ()

    def keep(self, manager: str, field: str) -> bool:
        """Whether the field is left to the manager."""
        return manager in self.names and not any(_is_within(field, each) for each in self.taken)


def _is_within(field: str, outer: str) -> bool:
    return field == outer or field.startswith((f"{outer}.", f"{outer}["))


@dataclass(frozen=True, slots=True)
class Apply:
    """Server-side apply of a manifest, as the declared account, or as the operator where it is None.

    `place` tells people where the manifest was written, e.g. its file and line.
    What is of no rival is taken.
    """

    manifest: Manifest
    account: Account | None = None
    force: bool = True
    place: str = ""
    rivals: Rivals | None = None


@dataclass(frozen=True, slots=True)
class DryRun:
    """Ask whether all of these would be taken, before the first of them is applied."""

    applies: tuple[Apply, ...]


@dataclass(frozen=True, slots=True)
class Delete:
    """Delete an object in the background; an object that is gone already is fine.

    `only_if_label`: (key, value) that the live object must still bear, so that nothing of another owner goes.
    """

    target: ObjectRef
    account: Account | None = None
    only_if_label: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class WriteStatus:
    """The one status write of a plan: the whole wanted status.

    A failed write stops what comes after it only where it is `required`.
    """

    status: Mapping[str, Any]
    required: bool = True


@dataclass(frozen=True, slots=True)
class Hold:
    """Whether the object of the plan, once somebody deletes it, stays until it is let go: by Kanaria's finalizer."""

    held: bool


@dataclass(frozen=True, slots=True)
class SetAlias:
    """Point an alias of a registered model at a version."""

    model: str
    alias: str
    version: str


@dataclass(frozen=True, slots=True)
class TagModelVersion:
    """Put a tag on a version of a registered model."""

    model: str
    version: str
    key: str
    value: str


@dataclass(frozen=True, slots=True)
class EndTrackingRun:
    """End an MLflow run that no step ended: `ending` is FINISHED, FAILED or KILLED."""

    run_id: str
    ending: str


@dataclass(frozen=True, slots=True)
class LocatedEdit:
    """An edit and the file (path from the repository's root) that holds its document."""

    path: str
    edit: Edit


@dataclass(frozen=True, slots=True)
class CommitEdits:
    """Commit the edits on the branch's head in one commit, and push it; compare and edit again on rejection.

    `signing` names a Secret with the key that the commit is signed with. With `trust` nothing is built upon a head that
    is not trusted: a signature on top would vouch for it. `writer` is recorded where nobody is yet, and nothing is
    committed where the record names another.
    """

    url: str
    branch: str
    namespace: str
    secret: str | None
    author: tuple[str, str]
    edits: tuple[LocatedEdit, ...]
    signing: str | None = None
    trust: Trust | None = None
    writer: Writer | None = None


@dataclass(frozen=True, slots=True)
class Watch:
    """Objects that a pass wants in the caches: a kind, and a label that must be present."""

    api_version: str
    kind: str
    label: str | None = None


Act = Apply | DryRun | Delete | Hold | WriteStatus | SetAlias | TagModelVersion | EndTrackingRun | CommitEdits


@dataclass(frozen=True, slots=True)
class Notice:
    """An Event for users: Normal or Warning, a reason of the API and a sentence."""

    type: str
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Plan:
    """Acts in the order in which they are carried out, what to keep asking and watching, and when to look again."""

    acts: tuple[Act, ...] = ()
    notices: tuple[Notice, ...] = ()
    questions: tuple[Question, ...] = ()
    watches: tuple[Watch, ...] = ()
    look_again: datetime | None = None

    def __post_init__(self) -> None:
        if sum(isinstance(act, WriteStatus) for act in self.acts) > 1:
            raise ValueError("a plan writes the status at most once")

    @property
    def status(self) -> Mapping[str, Any] | None:
        """The status this plan writes, or None where it leaves it."""
        return next((act.status for act in self.acts if isinstance(act, WriteStatus)), None)

    @property
    def writes(self) -> tuple[Act, ...]:
        """Everything that changes the world: empty once the wanted state is reached."""
        return self.acts
