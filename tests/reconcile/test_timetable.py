"""What comes due when."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from fake_world import NOON
from hand_clock import HandClock, let_run
from kanaria.reconcile.timetable import OVERTAKEN_AT_MOST, Timetable

MINUTE = timedelta(minutes=1)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def due() -> list[str]:
    return []


@pytest.fixture
async def table(clock: HandClock, due: list[str]) -> AsyncIterator[Timetable[str]]:
    made: Timetable[str] = Timetable(clock, due.append)
    running = asyncio.create_task(made.run())
    await let_run()
    yield made
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_things_come_due_in_the_order_of_their_times(table: Timetable[str], clock: HandClock, due: list[str]):
    table.set("second", NOON + 2 * MINUTE)
    table.set("first", NOON + MINUTE)
    await clock.pass_time(minutes=1)
    early = list(due)
    await clock.pass_time(minutes=5)

    assert early == ["first"]
    assert due == ["first", "second"]


async def test_a_time_that_was_set_anew_counts_alone(table: Timetable[str], clock: HandClock, due: list[str]):
    table.set("thing", NOON + MINUTE)
    table.set("thing", NOON + 3 * MINUTE)
    await clock.pass_time(minutes=2)
    early = list(due)
    await clock.pass_time(minutes=1)

    assert early == []
    assert due == ["thing"]


async def test_no_later_keeps_an_earlier_time(table: Timetable[str], clock: HandClock, due: list[str]):
    table.set("thing", NOON + MINUTE)
    table.no_later("thing", NOON + 3 * MINUTE)
    await clock.pass_time(minutes=1)

    assert due == ["thing"]
    assert "thing" not in table


async def test_what_was_dropped_does_not_come_due(table: Timetable[str], clock: HandClock, due: list[str]):
    table.set("thing", NOON + MINUTE)
    table.drop("thing")
    await clock.pass_time(minutes=5)

    assert due == []


async def test_a_time_that_is_past_comes_due_at_once(table: Timetable[str], due: list[str]):
    table.set("thing", NOON - MINUTE)
    await let_run()

    assert due == ["thing"]


async def test_thousands_of_overtaken_times_come_due_once(table: Timetable[str], clock: HandClock, due: list[str]):
    for seconds in range(3 * OVERTAKEN_AT_MOST):
        table.set("thing", NOON + timedelta(seconds=seconds))
    await clock.pass_time(hours=2)

    assert due == ["thing"]


@pytest.mark.parametrize("turns", range(8))
async def test_it_ends_when_cancelled_in_whatever_moment(clock: HandClock, turns: int):
    table: Timetable[str] = Timetable(clock, lambda _: None)
    running = asyncio.create_task(table.run())
    table.set("late", NOON + 2 * MINUTE)
    await let_run()
    table.set("sooner", NOON + MINUTE)
    for _ in range(turns):
        await asyncio.sleep(0)
    running.cancel()
    await let_run()
    ended = running.done()
    running.cancel()  # else what was wrong here would keep this test from ending
    await asyncio.gather(running, return_exceptions=True)

    assert ended
