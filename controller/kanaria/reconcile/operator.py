"""How the rooms are wired into a running operator.

operator = Operator(client, workshops, settings)
await operator.run()        # until cancelled; `operator.ready` is set once the caches are synced

A replica that does not lead keeps its caches synced, and does nothing else: it is ready to take over.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from prometheus_client import CollectorRegistry

from kanaria.api import KINDS
from kanaria.api.resource import API_VERSION
from kanaria.cluster.caches import Caches
from kanaria.cluster.client import Client
from kanaria.cluster.leadership import Alone, Leader
from kanaria.cluster.store import Change
from kanaria.reconcile.kinds import PlanFor, passes, watches
from kanaria.reconcile.meters import CountedGit, Meters
from kanaria.reconcile.term import Term
from kanaria.reconcile.workshops import Workshops
from kanaria.reconcile.world import Objects, Settings
from kanaria.vocabulary import GitHead, ObjectRef, SourceHead


class Operator:
    """Caches of one cluster, and a term whenever the leader says so; `term` is None while another replica leads."""

    def __init__(
        self,
        client: Client,
        workshops: Workshops,
        settings: Settings,
        *,
        plans: Mapping[str, PlanFor] | None = None,
        leader: Leader | None = None,
        meters: Meters | None = None,
    ) -> None:
        self._client = client
        self._settings = settings
        self._plans = plans
        self._leader = leader or Alone()
        self._meters = meters or Meters(CollectorRegistry())
        self._workshops = replace(workshops, git=CountedGit(workshops.git, self._meters))
        self._caches = Caches(client, watches(), self._heard, self._poke)
        self.ready = asyncio.Event()
        self.term: Term | None = None

    @property
    def objects(self) -> Objects:
        """What the caches hold."""
        return self._caches

    def may_write(self) -> bool:
        """Whether this replica leads, and is sure to."""
        return self._leader.may_write()

    def elsewhere(self) -> str:
        """Where the replica that leads takes what is sent to this one; empty where that is not known."""
        return self._leader.elsewhere()

    def look_at(self, url: str) -> bool:
        """Look at a repository now: somebody pushed to it; False while another replica leads."""
        if self.term is None:
            return False
        self.term.asking.hurry(lambda question: isinstance(question, GitHead | SourceHead) and question.url == url)
        return True

    def committed(self, url: str, commit: str) -> datetime:
        """When a commit that was fetched was made."""
        return self._workshops.git.committed(url, commit)

    async def run(self) -> None:
        """Operate until cancelled; nothing is visited before every static cache is synced."""
        self._caches.start()
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._leader.run(), name="leadership")
                await self._caches.ready()
                self.ready.set()
                while True:
                    await self._leader.gained()
                    await self._serve()
        finally:
            await self._caches.stop()

    async def stand_down(self) -> None:
        """Start no write any more, wait for those under way, and let another replica lead."""
        self._leader.resign()
        try:
            async with asyncio.timeout(LAST_WRITES):
                await self._client.quiet()
        except TimeoutError:
            return
        await self._leader.release()

    async def _serve(self) -> None:
        """One term: until it is lost, or breaks."""
        passes_now = passes() if self._plans is None else self._plans
        term = Term(self._client, self._caches, self._workshops, self._settings, self._meters, passes_now)
        self.term = term
        for kind in KINDS:
            for manifest in self._caches.list(API_VERSION, kind.model_fields["kind"].default):
                term.visits.poke(ObjectRef.of(manifest))
        serving = asyncio.create_task(term.run(), name="term")
        losing = asyncio.create_task(self._leader.lost(), name="losing")
        try:
            await asyncio.wait({serving, losing}, return_when=asyncio.FIRST_COMPLETED)
            if serving.done():
                serving.result()
        finally:
            self.term = None
            for task in (serving, losing):
                task.cancel()
            await asyncio.gather(serving, losing, return_exceptions=True)

    def _heard(self, change: Change) -> None:
        if self.term is not None:
            self.term.heard(change)
        elif change.new is None:
            self._caches.want(ObjectRef.of(change.newest), ())

    def _poke(self, ref: ObjectRef) -> None:
        if self.term is not None:
            self.term.visits.poke(ref)


LAST_WRITES = 1.0
"""Seconds that a replica which stops waits for its writes; it keeps the Lease where they take longer."""
