"""How the rooms are wired into a running operator.

operator = Operator(client, workshops, settings)
await operator.run()        # until cancelled; `operator.ready` is set once the caches are synced
"""

import asyncio
import random
from collections.abc import Callable, Mapping

from kanaria.cluster.caches import Caches
from kanaria.cluster.client import Client
from kanaria.cluster.clock import Clock as RealClock
from kanaria.cluster.events import Recorder
from kanaria.cluster.store import Change
from kanaria.reconcile.asking import Asking
from kanaria.reconcile.kinds import PlanFor, passes, watches
from kanaria.reconcile.pokes import to_visit
from kanaria.reconcile.timetable import Clock
from kanaria.reconcile.visit import Memory, Visitor
from kanaria.reconcile.visits import Visited, Visits
from kanaria.reconcile.workshops import Workshops
from kanaria.reconcile.world import Settings, World
from kanaria.vocabulary import ObjectRef


class Operator:
    """Caches, questions, visits and Events of one cluster. `chance` gives numbers within 0 to 1, for jitter."""

    def __init__(
        self,
        client: Client,
        workshops: Workshops,
        settings: Settings,
        *,
        plans: Mapping[str, PlanFor] | None = None,
        clock: Clock | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        clock = clock or RealClock()
        memory = Memory()
        self.ready = asyncio.Event()
        self.visits = Visits(self._visit, clock, chance)
        self._caches = Caches(client, watches(), self._heard, self.visits.poke)
        self._asking = Asking(workshops.carriers(), clock, chance, self.visits.poke)
        self._recorder = Recorder(client, clock.now)
        self.world = World(
            objects=self._caches,
            mirrors=workshops.git.mirrors,
            now=clock.now,
            answer=self._asking.answer,
            failure=memory.failures.get,
            commit_result=memory.commits.get,
            settings=settings,
        )
        self._visitor = Visitor(
            passes=passes() if plans is None else plans,
            caches=self._caches,
            asking=self._asking,
            workshops=workshops,
            world=self.world,
            memory=memory,
            tell=self._recorder.tell,
        )

    async def run(self) -> None:
        """Operate until cancelled; nothing is visited before every static cache is synced."""
        self._caches.start()
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._asking.run(), name="questions")
                tasks.create_task(self._recorder.run(), name="events")
                await self._caches.ready()
                self.ready.set()
                tasks.create_task(self.visits.run(), name="visits")
        finally:
            await self._caches.stop()

    async def _visit(self, ref: ObjectRef) -> Visited:
        return await self._visitor.visit(ref)

    def _heard(self, change: Change) -> None:
        for ref in to_visit(change.old, change.new, self._caches):
            self.visits.poke(ref)
