"""What serving/ asks for, on a town of real processes, under load: who is asked, who answers, and who could answer.

async with a_change_over(town, way) as change: await change.to(Goal(…))
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kanaria.decide.covering import covers
from kanaria.local.api_client import DEPLOYMENTS, Resource
from kanaria.local.kserve.naming import HTTP_ROUTES, INFERENCE_SERVICES
from kanaria.local.watching import Cache
from kanaria.serving.kserve import Owner, Serving
from kanaria.serving.order import Goal, next_arrangement
from kanaria.serving.way import Live, Put, Way
from kanaria.vocabulary import ObjectRef
from small_town import Town
from waiting import eventually

OWNERS = Resource("kanaria.dev/v1alpha1", "modeldeployments", "ModelDeployment")
CRD = Path(__file__).parents[1] / "crds/kanaria.dev_modeldeployments.yaml"
DEPLOYMENT = {
    "apiVersion": OWNERS.api_version,
    "kind": OWNERS.kind,
    "metadata": {"name": "wine", "namespace": "cellar"},
    "spec": {
        "model": {"name": "wine"},
        "predictor": {"model": {"modelFormat": {"name": "sklearn"}}},
        "strategy": {"allAtOnce": {}},
    },
}
WORKERS = 4
LOOK = 0.1


@dataclass
class ChangeOver:
    """One ModelDeployment's servers in a town, all that was answered, and the least that ever stood behind a share."""

    town: Town
    way: Way
    owner: Owner
    known: str = ""
    answers: dict[tuple[int, str], int] = field(default_factory=dict)
    gaps: list[str] = field(default_factory=list)
    caches: dict[str, Cache] = field(default_factory=dict)

    async def to(self, goal: Goal) -> Serving:
        """Do what serving/ says until nothing is left to do, a step at a time."""
        seen = Serving()

        async def is_there() -> bool:
            nonlocal seen
            seen = self.way.observe(self.live(), self.known)
            idle = frozenset(o.name for o in (seen.arrangement.others if seen.arrangement else ()) if not o.weight)
            gone = frozenset(name for name in idle if seen.routes(name, 0))
            wanted = next_arrangement(goal, seen, gone)
            due = [step for step in self.way.steps(self.owner, wanted, self.live()) if not _stands(step)]
            for step in due:
                await self._take(step)
            return not due and wanted.main.name == goal.main.name and self._has(goal, seen)

        await eventually(is_there, within=120)
        self.known = goal.main.name
        return seen

    def live(self) -> Live:
        """The objects as the caches have them."""
        services = {each["metadata"]["name"]: each for each in self.caches["services"]}
        deployments = {each["metadata"]["name"]: each for each in self.caches["deployments"]}
        beside = tuple(each for name, each in services.items() if name != "wine")
        return Live(services.get("wine"), beside, deployments, self.caches["routes"].get("cellar", "wine"))

    def look(self, asked: int) -> None:
        """Note every share of the requests behind which fewer servers are available than it needs."""
        seen = self.way.observe(self.live(), self.known)
        for predictor in seen.arrangement.all if seen.arrangement and seen.accepted else ():
            servers = seen.of(predictor.name)
            needed = math.ceil(asked * servers.routed / 100)
            if self.known and servers.available < needed:
                self.gaps.append(f"{predictor.name}: {servers.available} servers for {servers.routed} % of {asked}")

    @staticmethod
    def _has(goal: Goal, seen: Serving) -> bool:
        candidate, others = goal.candidate, seen.arrangement.others if seen.arrangement else ()
        if candidate is not None:
            return seen.routes(candidate.name, candidate.weight)
        return seen.ready(goal.main.name, goal.main.replicas) and not any(seen.of(o.name).routed for o in others)

    async def _take(self, step: Put | ObjectRef) -> None:
        if isinstance(step, ObjectRef):
            await self.town.api.delete(INFERENCE_SERVICES, "cellar", step.name)
            return
        resource = HTTP_ROUTES if step.manifest["kind"] == "HTTPRoute" else INFERENCE_SERVICES
        written = await self.town.api.apply(resource, dict(step.manifest), owner="kanaria")
        self.caches["routes" if resource is HTTP_ROUTES else "services"].saw(written)


@asynccontextmanager
async def a_change_over(town: Town, way: Way, asked: int) -> AsyncIterator[ChangeOver]:
    """The change of a town's model, with users who ask all the while from the first `load` on."""
    resources: Mapping[str, Any] = {"services": INFERENCE_SERVICES, "routes": HTTP_ROUTES, "deployments": DEPLOYMENTS}
    body = await town.api.create(OWNERS, DEPLOYMENT)
    made = ChangeOver(town, way, Owner(ObjectRef.of(body), body["metadata"]["uid"]))
    made.caches = {name: Cache(town.api, resource, "cellar") for name, resource in resources.items()}
    tasks = [asyncio.create_task(cache.run()) for cache in made.caches.values()]
    try:
        for cache in made.caches.values():
            await cache.synced.wait()
            cache.on_change(lambda _: made.look(asked))
        yield made
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def users(change: ChangeOver) -> AsyncIterator[None]:
    """Requests without a pause, each answer counted by its status and by who gave it."""

    async def ask() -> None:
        while True:
            answer = await change.town.ask()
            change.answers[answer] = change.answers.get(answer, 0) + 1
            await asyncio.sleep(0.01)

    tasks = [asyncio.create_task(ask()) for _ in range(WORKERS)]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _stands(step: Put | ObjectRef) -> bool:
    return isinstance(step, Put) and step.live is not None and step.in_order and covers(step.live, step.expected)
