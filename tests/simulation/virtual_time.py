"""How an event loop passes days in no time: where nothing is ready to run, its clock jumps to the next timer."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from kanaria.cluster.clock import Clock

NOON = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)


class StandstillError(Exception):
    """Nothing is ready, and nothing will ever be."""


class _Leap:
    """In place of a selector: nobody is listened to, and waiting takes no time."""

    def __init__(self, loop: "VirtualLoop") -> None:
        self._loop = loop

    def select(self, timeout: float | None) -> list[Any]:
        if timeout is None:
            raise StandstillError
        self._loop.moment += timeout
        return []


class VirtualLoop(asyncio.BaseEventLoop):
    """An event loop without files, sockets or threads."""

    def __init__(self) -> None:
        super().__init__()
        self.moment = 0.0
        self._selector = _Leap(self)

    def time(self) -> float:
        return self.moment

    def _process_events(self, event_list: list[Any]) -> None:
        """There are none."""

    def _write_to_self(self) -> None:
        """Nobody calls from another thread."""


class VirtualClock(Clock):
    """A machine's clock in virtual time; `ahead` is by how many seconds it is wrong."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self.ahead = 0.0

    def now(self) -> datetime:
        return NOON + timedelta(seconds=self._loop.time() + self.ahead)

    def monotonic(self) -> float:
        return self._loop.time()
