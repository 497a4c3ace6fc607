"""Who waits in whose line: the visits of GitSyncs, which may apply for minutes, hold up nobody else's."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime

from kanaria.reconcile.timetable import Clock
from kanaria.reconcile.visits import Visited, Visits
from kanaria.vocabulary import ObjectRef

SLOW = "GitSync"
SLOW_WORKERS = 2


class Lanes:
    """Two queues of visits: a rollback must not wait behind four teams' first syncs."""

    def __init__(
        self, visit: Callable[[ObjectRef], Awaitable[Visited]], clock: Clock, chance: Callable[[], float]
    ) -> None:
        self._slow = Visits(visit, clock, chance, SLOW_WORKERS)
        self._others = Visits(visit, clock, chance)

    def poke(self, ref: ObjectRef) -> None:
        """Something changed for the object: visit it as soon as its turn comes."""
        (self._slow if ref.kind == SLOW else self._others).poke(ref)

    async def run(self) -> None:
        """Visit until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._slow.run(), name="visits of GitSyncs")
            tasks.create_task(self._others.run(), name="visits of others")

    @property
    def known(self) -> int:
        """How many objects are in line, visited, or to be looked at later."""
        return self._slow.known + self._others.known

    @property
    def depth(self) -> int:
        """How many objects are in line."""
        return self._slow.depth + self._others.depth

    @property
    def oldest(self) -> datetime | None:
        """Since when the first of them is."""
        return min((at for at in (self._slow.oldest, self._others.oldest) if at is not None), default=None)
