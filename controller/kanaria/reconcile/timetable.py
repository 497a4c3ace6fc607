"""What comes due when: one heap and one timer for any number of things."""

import asyncio
import heapq
import itertools
from collections.abc import Callable, Coroutine, Hashable
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

K = TypeVar("K", bound=Hashable)
OVERTAKEN_AT_MOST = 1000


class Clock(Protocol):
    """What time it is, and how to wait for a time."""

    def now(self) -> datetime:
        """The time."""

    def sleep_until(self, at: datetime) -> Coroutine[Any, Any, None]:
        """Return at the time."""


class Timetable(Generic[K]):
    """Each key has at most one time; `come_due` is told of it then, and the key has none any more."""

    def __init__(self, clock: Clock, come_due: Callable[[K], None]) -> None:
        self._clock = clock
        self._come_due = come_due
        self._due: dict[K, datetime] = {}
        self._heap: list[tuple[datetime, int, K]] = []
        self._order = itertools.count()
        self._sooner = asyncio.Event()

    def __contains__(self, key: K) -> bool:
        return key in self._due

    def set(self, key: K, at: datetime) -> None:
        """The key's time is this one, whatever it was before."""
        self._due[key] = at
        heapq.heappush(self._heap, (at, next(self._order), key))
        if self._heap[0][0] == at:
            self._sooner.set()
        # Entries that were overtaken stay in the heap until their time, or until they are too many.
        if len(self._heap) > OVERTAKEN_AT_MOST + 2 * len(self._due):
            self._heap = [(due, next(self._order), each) for each, due in self._due.items()]
            heapq.heapify(self._heap)

    def no_later(self, key: K, at: datetime) -> None:
        """The key's time is this one, if it has no earlier one."""
        if key not in self._due or self._due[key] > at:
            self.set(key, at)

    def drop(self, key: K) -> None:
        """The key has no time any more."""
        self._due.pop(key, None)

    async def run(self) -> None:
        """Tell what comes due, until cancelled."""
        while True:
            self._sooner.clear()
            self._tell_due()
            await self._next_time()

    def _tell_due(self) -> None:
        now = self._clock.now()
        while self._heap and self._heap[0][0] <= now:
            at, _, key = heapq.heappop(self._heap)
            if self._due.get(key) == at:
                del self._due[key]
                self._come_due(key)

    async def _next_time(self) -> None:
        """Wait for the first time in the heap, or for an earlier one to come."""
        waits: list[asyncio.Task[Any]] = [asyncio.create_task(self._sooner.wait(), name="something sooner")]
        if self._heap:
            waits.append(asyncio.create_task(self._clock.sleep_until(self._heap[0][0]), name="the next time"))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            # Awaited themselves, their end could not be told from a cancel of ours that comes in this very moment.
            await asyncio.wait(waits)
