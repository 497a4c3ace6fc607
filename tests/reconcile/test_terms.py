"""What a replica does before, while and after it leads, against a local API server."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from fake_workshops import Bench
from kanaria.cluster.client import Client
from kanaria.local.api_client import Api, Resource
from kanaria.local.apiserver import ApiServer
from kanaria.reconcile.opening import opened
from kanaria.reconcile.operator import Operator
from kanaria.reconcile.world import Settings, World
from kanaria.vocabulary import ObjectName, ObjectRef, Plan, RunMetrics, WriteStatus
from operator_world import a_client
from waiting import eventually

API = "kanaria.dev/v1alpha1"
POLICIES = Resource(API, "metricpolicies", "MetricPolicy")
METRIC = {"name": "accuracy", "mlflow": {"key": "accuracy"}, "threshold": {"min": 0.9}}
QUESTION = RunMetrics(timedelta(hours=1), run_id="r")


class SwitchedLeader:
    """Leads when a test says so; writes down what it was told to do."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self._leads, self._not = asyncio.Event(), asyncio.Event()

    def lead(self, *, now: bool) -> None:
        on, off = (self._leads, self._not) if now else (self._not, self._leads)
        on.set()
        off.clear()

    def may_write(self) -> bool:
        return self._leads.is_set()

    async def run(self) -> None:
        await asyncio.Event().wait()

    async def gained(self) -> None:
        await self._leads.wait()

    async def lost(self) -> None:
        await self._not.wait()

    def elsewhere(self) -> str:
        return ""

    def resign(self) -> None:
        self.told.append("resign")

    async def release(self) -> None:
        self.told.append("release")


class Seen:
    """A pass that asks a question and writes down whom it visited."""

    def __init__(self) -> None:
        self.visits: list[str] = []

    def plan_for(self, name: ObjectName, world: World) -> Plan | None:
        self.visits.append(name.name)
        found = world.objects.get(ObjectRef(API, "MetricPolicy", name.namespace, name.name))
        return Plan(questions=(QUESTION,)) if found else None


async def make(api: Api, name: str) -> None:
    metadata = {"name": name, "namespace": "default"}
    policy = {"apiVersion": API, "kind": "MetricPolicy", "metadata": metadata, "spec": {"metrics": [METRIC]}}
    await api.create(POLICIES, policy)


@asynccontextmanager
async def a_replica(client: Client, home: Path, leader: SwitchedLeader, seen: Seen) -> AsyncIterator[Operator]:
    async with opened(client, Settings(), home / "mirrors") as workshops:
        operator = Operator(client, workshops, Settings(), plans={"MetricPolicy": seen.plan_for}, leader=leader)
        running = asyncio.create_task(operator.run())
        try:
            await asyncio.wait_for(operator.ready.wait(), 60)
            yield operator
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


def at_hand(operator: Operator, name: str) -> bool:
    return operator.objects.get(ObjectRef(API, "MetricPolicy", "default", name)) is not None


async def test_a_standby_keeps_its_caches_and_visits_nothing(api: Api, server: ApiServer, tmp_path: Path):
    leader, seen = SwitchedLeader(), Seen()
    async with a_client(server.url, "t") as client, a_replica(client, tmp_path, leader, seen) as operator:
        await make(api, "a")
        await eventually(lambda: at_hand(operator, "a"))

        assert (seen.visits, operator.term, operator.may_write()) == ([], None, False)


async def test_who_gains_the_lead_visits_all_there_is(api: Api, server: ApiServer, tmp_path: Path):
    leader, seen = SwitchedLeader(), Seen()
    async with a_client(server.url, "t") as client, a_replica(client, tmp_path, leader, seen) as operator:
        await make(api, "a")
        await make(api, "b")
        await eventually(lambda: at_hand(operator, "b"))
        leader.lead(now=True)
        await eventually(lambda: {"a", "b"} <= set(seen.visits))


async def test_who_lost_the_lead_visits_and_asks_nothing_until_it_leads_again(
    api: Api, server: ApiServer, tmp_path: Path
):
    leader, seen = SwitchedLeader(), Seen()
    async with a_client(server.url, "t") as client, a_replica(client, tmp_path, leader, seen) as operator:
        leader.lead(now=True)
        await make(api, "a")
        await eventually(lambda: operator.term and operator.term.asking.answer(QUESTION))
        leader.lead(now=False)
        await eventually(lambda: operator.term is None)
        seen.visits.clear()
        await make(api, "b")
        await eventually(lambda: at_hand(operator, "b"))
        lost = list(seen.visits)
        leader.lead(now=True)
        await eventually(lambda: {"a", "b"} <= set(seen.visits))

    assert lost == []


async def test_what_is_under_way_is_cancelled_when_the_lead_is_lost(api: Api, server: ApiServer):
    leader = SwitchedLeader()
    begun, ended = asyncio.Event(), asyncio.Event()

    class SlowCluster(Bench):
        async def replace_status(self, *_: Any) -> Any:
            begun.set()
            try:
                await asyncio.Event().wait()
            finally:
                ended.set()

    plans = {"MetricPolicy": lambda *_: Plan(acts=(WriteStatus({}),))}
    async with a_client(server.url, "t") as client:
        operator = Operator(client, SlowCluster().all(), Settings(), plans=plans, leader=leader)
        running = asyncio.create_task(operator.run())
        leader.lead(now=True)
        await make(api, "a")
        await asyncio.wait_for(begun.wait(), 60)
        leader.lead(now=False)
        await asyncio.wait_for(ended.wait(), 60)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_who_stands_down_gives_the_lease_back_after_its_last_write(server: ApiServer, tmp_path: Path):
    leader = SwitchedLeader()
    async with a_client(server.url, "t") as client, a_replica(client, tmp_path, leader, Seen()) as operator:
        await operator.stand_down()

    assert leader.told == ["resign", "release"]
