"""What time it is in the local cluster, and how Kubernetes writes it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def wall_clock() -> datetime:
    """The time now; everything that decides is given it as an argument."""
    return datetime.now(UTC)  # noqa: TID251 - the local cluster is its own product and may not import cluster/clock.py


def written(moment: datetime) -> str:
    """A moment as the API writes it: whole seconds, UTC."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def read(text: str) -> datetime:
    """The moment an API object tells."""
    return datetime.fromisoformat(text)
