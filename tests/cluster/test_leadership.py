"""How replicas share a Lease of a true API server; time passes when a test says so."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from hand_clock import HandClock
from kanaria.cluster.client import Client
from kanaria.cluster.leadership import LEASE, Alone, Leadership
from kanaria.local.apiserver import ApiServer
from kanaria.vocabulary import ObjectRef
from operator_world import a_client
from waiting import eventually

REF = ObjectRef(*LEASE, "default", "kanaria")


class Pace:
    """The pauses of one replica: each ends when the test lets it."""

    def __init__(self) -> None:
        self.pauses: list[float] = []
        self._go = asyncio.Semaphore(0)

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        await self._go.acquire()

    async def step(self) -> None:
        """Let the replica look once more, and return when it is done."""
        taken = len(self.pauses)
        self._go.release()
        await eventually(lambda: len(self.pauses) > taken)


@asynccontextmanager
async def a_replica(
    client: Client, name: str, clock: HandClock, address: str = ""
) -> AsyncIterator[tuple[Leadership, Pace]]:
    pace = Pace()
    leadership = Leadership(client, REF, name, clock, address=address, sleep=pace.sleep)
    running = asyncio.create_task(leadership.run())
    await eventually(lambda: pace.pauses)
    try:
        yield leadership, pace
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


async def spec(client: Client) -> dict[str, Any]:
    found: dict[str, Any] = (await client.get(REF))["spec"]
    return found


async def test_the_first_makes_the_lease_and_leads_the_second_stands_by(client: Client, clock: HandClock):
    async with a_replica(client, "a", clock) as (a, _), a_replica(client, "b", clock) as (b, _):
        await a.gained()

        assert (a.may_write(), b.may_write()) == (True, False)
        assert (await spec(client))["holderIdentity"] == "a"


async def test_a_holder_renews_and_changes_nothing_else(client: Client, clock: HandClock):
    async with a_replica(client, "a", clock) as (a, pace):
        before = await spec(client)
        await clock.pass_time(seconds=2)
        await pace.step()
        after = await spec(client)

        assert a.may_write()
        assert {key for key in after if after[key] != before[key]} == {"renewTime"}
        assert pace.pauses == [2.0, 2.0]


async def test_a_standby_takes_over_once_the_lease_stood_unchanged_for_ten_seconds(client: Client, clock: HandClock):
    async with a_replica(client, "a", clock) as (a, _), a_replica(client, "b", clock) as (b, pace):
        await clock.pass_time(seconds=9)
        await pace.step()
        early = b.may_write()
        await clock.pass_time(seconds=1)
        await pace.step()

        assert (early, b.may_write(), a.may_write()) == (False, True, False)
        assert (await spec(client))["leaseTransitions"] == 1


async def test_who_was_stopped_and_goes_on_finds_that_another_leads(client: Client, clock: HandClock):
    async with a_replica(client, "a", clock) as (a, paused), a_replica(client, "b", clock) as (b, pace):
        await clock.pass_time(seconds=10)
        await pace.step()
        before = a.may_write()
        await paused.step()
        await asyncio.wait_for(a.lost(), 30)

        assert (before, a.may_write(), b.may_write()) == (False, False, True)


async def test_who_was_stopped_and_was_not_missed_leads_on(client: Client, clock: HandClock):
    async with a_replica(client, "a", clock) as (a, pace):
        await clock.pass_time(seconds=30)
        stale = a.may_write()
        await pace.step()

        assert (stale, a.may_write()) == (False, True)
        assert (await spec(client))["leaseTransitions"] == 0


async def test_a_lease_that_is_given_back_is_taken_at_the_next_look(client: Client, clock: HandClock):
    async with a_replica(client, "a", clock) as (a, _), a_replica(client, "b", clock) as (b, pace):
        a.resign()
        resigned = a.may_write()
        await a.release()
        await pace.step()

        assert (resigned, b.may_write()) == (False, True)


async def test_a_lease_that_another_took_is_not_given_back(client: Client, clock: HandClock):
    async with a_replica(client, "a", clock) as (a, _), a_replica(client, "b", clock) as (_, pace):
        await clock.pass_time(seconds=10)
        await pace.step()
        await a.release()

        assert (await spec(client))["holderIdentity"] == "b"


@pytest.mark.parametrize("change", [{"holderIdentity": "a person"}, {"holderIdentity": ""}], ids=["stolen", "emptied"])
async def test_a_hand_in_the_lease_ends_the_term(client: Client, clock: HandClock, change: dict[str, str]):
    async with a_replica(client, "a", clock) as (a, pace):
        await client.merge(REF, {"spec": change})
        await pace.step()
        await asyncio.wait_for(a.lost(), 30)

        assert not a.may_write()


async def test_a_server_that_is_away_ends_no_term_but_stops_writes(
    server: ApiServer, clock: HandClock, caplog: pytest.LogCaptureFixture
):
    async with a_client(server.url, "t") as client, a_client("http://127.0.0.1:9") as away:
        switch = Switch(client)
        async with a_replica(switch, "a", clock) as (a, pace):  # type: ignore[arg-type] # two clients in one
            switch.client = away
            await clock.pass_time(seconds=6)
            await pace.step()
            await pace.step()
            stale = a.may_write()
            switch.client = client
            await pace.step()

            assert (stale, a.may_write()) == (False, True)
            assert (await spec(client))["leaseTransitions"] == 0
            assert [r.levelname for r in caplog.records if "cannot be had" in r.message] == ["WARNING"]


class Switch:
    """A client that a test may exchange."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def __getattr__(self, name: str) -> Callable[..., Any]:
        found: Callable[..., Any] = getattr(self.client, name)
        return found


async def test_who_is_alone_leads_from_start_to_end():
    alone = Alone()
    await alone.gained()
    alone.resign()
    await alone.release()
    lost = asyncio.create_task(alone.lost())
    await asyncio.sleep(0)

    assert (alone.may_write(), lost.done()) == (True, False)
    lost.cancel()


async def test_who_stands_by_knows_where_the_leader_is_found(client: Client, clock: HandClock):
    async with (
        a_replica(client, "a", clock, "192.0.2.1:8082") as (a, _),
        a_replica(client, "b", clock, "192.0.2.2:8082") as (b, looks),
    ):
        assert (a.elsewhere(), b.elsewhere()) == ("", "192.0.2.1:8082")
        a.resign()
        await a.release()
        await looks.step()

        assert (await client.get(REF))["metadata"]["annotations"] == {"kanaria.dev/webhooks": "192.0.2.2:8082"}
        assert b.elsewhere() == ""
