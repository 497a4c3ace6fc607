"""What a replica does while it leads: it visits objects, asks questions and posts Events.

Each term begins anew, with nothing remembered: all that matters is in the cluster and in Git.
"""

import asyncio
from collections.abc import Mapping

from kanaria.cluster.caches import Caches
from kanaria.cluster.client import Client
from kanaria.cluster.events import Recorder
from kanaria.cluster.store import Change
from kanaria.reconcile.asking import Asking
from kanaria.reconcile.kinds import PlanFor
from kanaria.reconcile.lanes import Lanes
from kanaria.reconcile.meters import Meters
from kanaria.reconcile.pokes import to_visit
from kanaria.reconcile.visit import Memory, Visitor
from kanaria.reconcile.visits import Visited
from kanaria.reconcile.workshops import Workshops
from kanaria.reconcile.world import Settings, World
from kanaria.vocabulary import ObjectRef


class Term:
    """Visits, questions and Events, over caches that were there before and stay."""

    def __init__(
        self,
        client: Client,
        caches: Caches,
        workshops: Workshops,
        settings: Settings,
        meters: Meters,
        passes: Mapping[str, PlanFor],
    ) -> None:
        self._clock = clock = workshops.clock
        self._caches = caches
        self._meters = meters
        self._recorder = Recorder(client, clock.now)
        memory = Memory()
        self.visits = Lanes(self._visit, clock, workshops.chance)
        self.asking = Asking(workshops.carriers(), clock, workshops.chance, self.visits.poke, meters.asked)
        world = World(
            objects=caches,
            mirrors=workshops.git.mirrors,
            now=clock.now,
            answer=self.asking.answer,
            failure=memory.failures.get,
            commit_result=memory.commits.get,
            settings=settings,
        )
        self._visitor = Visitor(
            passes=passes,
            caches=caches,
            asking=self.asking,
            workshops=workshops,
            world=world,
            memory=memory,
            tell=self._recorder.tell,
        )

    async def run(self) -> None:
        """Visit all that is to be visited, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.asking.run(), name="questions")
            tasks.create_task(self._recorder.run(), name="events")
            tasks.create_task(self.visits.run(), name="visits")

    def heard(self, change: Change) -> None:
        """An object changed: whoever cares is visited."""
        self._meters.changed(change.old, change.new)
        for ref in to_visit(change.old, change.new, self._caches):
            self.visits.poke(ref)

    async def _visit(self, ref: ObjectRef) -> Visited:
        began = self._clock.monotonic()
        result = "broken"
        try:
            visited = await self._visitor.visit(ref)
            result = visited.ending.name.lower()
        finally:
            self._meters.visited(ref.kind, result, self._clock.monotonic() - began)
        return visited
