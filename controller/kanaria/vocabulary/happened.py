"""What came of acts that were carried out: a pass sees it on its next visit."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from kanaria.vocabulary.edit import Edit
from kanaria.vocabulary.plan import Act


class FailureKind(StrEnum):
    """Who can help: the user for the first three, time for the last."""

    FORBIDDEN = "Forbidden"  # the account may not do it
    INVALID = "Invalid"  # the API server refuses the object
    CONFLICT = "Conflict"  # another manager owns a field
    UNREACHABLE = "Unreachable"  # time-outs, 5xx, too many requests


@dataclass(frozen=True, slots=True)
class Failure:
    """The act of an object's newest plan that failed; gone once a plan was carried out whole."""

    act: Act
    kind: FailureKind
    message: str
    at: datetime
    times: int = 1


@dataclass(frozen=True, slots=True)
class CommitResult:
    """What came of the newest CommitEdits of a GitSync.

    `commit` is empty where none was needed; each dropped edit bears its reason; `rejected` counts refused pushes.
    """

    at: datetime
    commit: str
    landed: tuple[Edit, ...] = ()
    dropped: tuple[tuple[Edit, str], ...] = ()
    rejected: int = 0
    error: str = ""
