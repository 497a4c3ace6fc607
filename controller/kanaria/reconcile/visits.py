"""Which object is visited next, and by whom.

An object is visited by one worker at a time; pokes that come meanwhile make one more visit. All that are due stand in
one line, first come, first served: an object that is poked without end waits its turn like any other, so new work is
not starved. What is to be looked at later stands in a timetable, not in a task for each object.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from kanaria.reconcile.timetable import Clock, Timetable
from kanaria.vocabulary import ObjectRef
from kanaria.vocabulary.log_fields import about

log = logging.getLogger(__name__)
WORKERS = 4


class Ending(Enum):
    """How a visit ended: the first delay before the next one, and the longest."""

    DONE = (timedelta(0), timedelta(0))
    FAILED = (timedelta(seconds=1), timedelta(minutes=2))  # the world failed: it may mend soon
    BROKEN = (timedelta(seconds=10), timedelta(minutes=10))  # a fault of our own: it will not


@dataclass(frozen=True, slots=True)
class Visited:
    """How a visit ended, and when the object wants to be looked at again."""

    ending: Ending = Ending.DONE
    look_again: datetime | None = None


@dataclass(slots=True)
class _Object:
    """Where an object stands, `since` when it is in line.

    `not_before` holds back pokes after a failure: no pass pokes itself in a circle.
    """

    in_line: bool = False
    visited: bool = False
    poked: bool = False
    failures: int = 0
    not_before: datetime | None = None
    since: datetime | None = None


class Visits:
    """The queue. `chance` gives numbers within 0 to 1, for the jitter of delays."""

    def __init__(
        self,
        visit: Callable[[ObjectRef], Awaitable[Visited]],
        clock: Clock,
        chance: Callable[[], float],
        workers: int = WORKERS,
    ) -> None:
        self._visit = visit
        self._clock = clock
        self._chance = chance
        self._workers = workers
        self._known: dict[ObjectRef, _Object] = {}
        self._line: deque[ObjectRef] = deque()
        self._arrival = asyncio.Semaphore(0)
        self._later = Timetable(clock, self.poke)

    def poke(self, ref: ObjectRef) -> None:
        """Something changed for the object: visit it as soon as its turn comes."""
        state = self._known.setdefault(ref, _Object())
        if state.in_line:
            return
        if state.visited:
            state.poked = True
        elif state.not_before is not None and state.not_before > self._clock.now():
            self._later.no_later(ref, state.not_before)
        else:
            state.in_line, state.since = True, self._clock.now()
            self._line.append(ref)
            self._arrival.release()

    async def run(self) -> None:
        """Visit until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._later.run(), name="timer of visits")
            for number in range(self._workers):
                tasks.create_task(self._work(), name=f"visitor {number}")

    @property
    def known(self) -> int:
        """How many objects are in line, visited, or to be looked at later."""
        return len(self._known)

    @property
    def depth(self) -> int:
        """How many objects are in line."""
        return len(self._line)

    @property
    def oldest(self) -> datetime | None:
        """Since when the first of them is."""
        return self._known[self._line[0]].since if self._line else None

    async def _work(self) -> None:
        while True:
            await self._arrival.acquire()
            # A visit that writes nothing waits for nothing: the Lease, and all else that is due, must have its turn.
            await asyncio.sleep(0)
            ref = self._line.popleft()
            state = self._known[ref]
            state.in_line, state.visited = False, True
            self._later.drop(ref)
            try:
                visited = await self._visit(ref)
            except Exception:
                log.exception("the visit of %s broke", ref, extra=about(ref))
                visited = Visited(Ending.BROKEN)
            state.visited = False
            self._settle(ref, state, visited)

    def _settle(self, ref: ObjectRef, state: _Object, visited: Visited) -> None:
        poked, state.poked = state.poked, False
        if visited.ending is Ending.DONE:
            state.not_before, state.failures = None, 0
        else:
            delay = self._delay(visited.ending, state.failures)
            state.failures += 1
            state.not_before = self._clock.now() + min(delay, visited.ending.value[0])
            self._later.set(ref, self._clock.now() + delay)
        if visited.look_again is not None:
            self._later.no_later(ref, visited.look_again)
        if poked:
            self.poke(ref)
        elif ref not in self._later:
            del self._known[ref]

    def _delay(self, ending: Ending, failures: int) -> timedelta:
        first, longest = ending.value
        whole: timedelta = min(first * 2 ** min(failures, 16), longest)
        return whole * (0.75 + 0.5 * self._chance())
