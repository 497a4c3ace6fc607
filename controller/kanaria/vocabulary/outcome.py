"""How a phase of a pass ends: go on, wait for something, or stall until the user acts."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Go:
    """Nothing in the way: the next phase may run."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Something else must happen first; `until` is when to look again if nothing is heard before.

    `retry` marks a wait for the world to mend (Git, MLflow, metrics unreachable): `ProgressingWithRetry`.
    """

    reason: str
    message: str
    until: datetime | None = None
    retry: bool = False


@dataclass(frozen=True, slots=True)
class Stall:
    """The user must act: only a change of the spec helps."""

    reason: str
    message: str


Outcome = Go | Wait | Stall
GO = Go()
