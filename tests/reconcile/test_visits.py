"""Which object is visited next: one worker at a time, pokes coalesced, failures later and later."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from fake_world import NOON
from hand_clock import HandClock, let_run
from kanaria.reconcile.visits import Ending, Visited, Visits
from kanaria.vocabulary import ObjectRef


def ref(name: str) -> ObjectRef:
    return ObjectRef("kanaria.dev/v1alpha1", "ModelDeployment", "wine", name)


class Guide:
    """Writes down who is visited, and ends visits as told; a held visit lasts until it is let go."""

    def __init__(self, clock: HandClock, workers: int = 1) -> None:
        self.seen: list[str] = []
        self.under_way = 0
        self.most_at_once = 0
        self.ending: Callable[[str], Visited] = lambda _: Visited()
        self.gate = asyncio.Event()
        self.gate.set()
        self.visits = Visits(self.visit, clock, lambda: 0.5, workers)

    async def visit(self, ref: ObjectRef) -> Visited:
        self.seen.append(ref.name)
        self.under_way += 1
        self.most_at_once = max(self.most_at_once, self.under_way)
        await self.gate.wait()
        self.under_way -= 1
        return self.ending(ref.name)

    async def poke(self, *names: str) -> None:
        for name in names:
            self.visits.poke(ref(name))
        await let_run()


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@asynccontextmanager
async def a_guide(clock: HandClock, workers: int = 1) -> AsyncIterator[Guide]:
    guide = Guide(clock, workers)
    running = asyncio.create_task(guide.visits.run())
    await let_run()
    yield guide
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_poked_object_is_visited_once_and_then_not_known_any_more(clock: HandClock):
    async with a_guide(clock) as guide:
        await guide.poke("wine")

        assert guide.seen == ["wine"]
        assert guide.visits.known == 0


async def test_pokes_before_a_visit_make_one_visit(clock: HandClock):
    async with a_guide(clock) as guide:
        await guide.poke("wine", "wine", "wine")

        assert guide.seen == ["wine"]


async def test_pokes_during_a_visit_make_one_more_visit(clock: HandClock):
    async with a_guide(clock, workers=3) as guide:
        guide.gate.clear()
        await guide.poke("wine")
        await guide.poke("wine", "wine")
        guide.gate.set()
        await let_run()

        assert guide.seen == ["wine", "wine"]
        assert guide.most_at_once == 1


async def test_several_objects_are_visited_at_once_but_no_more_than_there_are_workers(clock: HandClock):
    async with a_guide(clock, workers=2) as guide:
        guide.gate.clear()
        await guide.poke("a", "b", "c")
        at_once = guide.under_way
        guide.gate.set()
        await let_run()

        assert at_once == 2
        assert guide.seen == ["a", "b", "c"]


async def test_an_object_that_is_poked_without_end_does_not_starve_others(clock: HandClock):
    async with a_guide(clock) as guide:
        guide.gate.clear()
        await guide.poke("busy")
        await guide.poke("busy", "new")
        guide.gate.set()
        await let_run()

        assert guide.seen == ["busy", "new", "busy"]


async def test_an_object_is_looked_at_again_at_its_time_and_not_before(clock: HandClock):
    async with a_guide(clock) as guide:
        guide.ending = lambda _: Visited(look_again=NOON + timedelta(minutes=5)) if len(guide.seen) == 1 else Visited()
        await guide.poke("wine")
        await clock.pass_time(minutes=4)
        before = list(guide.seen)
        await clock.pass_time(minutes=1)

        assert before == ["wine"]
        assert guide.seen == ["wine", "wine"]


async def test_a_visit_replaces_the_time_that_the_visit_before_asked_for(clock: HandClock):
    times = iter([NOON + timedelta(minutes=5), NOON + timedelta(minutes=60), None])
    async with a_guide(clock) as guide:
        guide.ending = lambda _: Visited(look_again=next(times))
        await guide.poke("wine")
        await guide.poke("wine")
        await clock.pass_time(minutes=6)
        early = len(guide.seen)
        await clock.pass_time(minutes=54)

        assert (early, len(guide.seen)) == (2, 3)


async def test_an_earlier_time_is_kept_though_the_timer_waits_for_a_later_one(clock: HandClock):
    async with a_guide(clock) as guide:
        minutes = {"late": 60, "soon": 1}
        guide.ending = lambda name: Visited(look_again=NOON + timedelta(minutes=minutes.pop(name, 600)))
        await guide.poke("late")
        await guide.poke("soon")
        await clock.pass_time(minutes=1)

        assert guide.seen == ["late", "soon", "soon"]


@pytest.mark.parametrize(
    ("ending", "delays"),
    [
        pytest.param(Ending.FAILED, [1, 2, 4, 8], id="the world failed: a second at first"),
        pytest.param(Ending.BROKEN, [10, 20, 40, 80], id="a fault of our own: ten seconds at first"),
    ],
)
async def test_failures_are_tried_again_later_and_later(clock: HandClock, ending: Ending, delays: list[int]):
    async with a_guide(clock) as guide:
        guide.ending = lambda _: Visited(ending)
        await guide.poke("wine")
        counts = []
        for delay in delays:
            await clock.pass_time(seconds=delay - 0.1)
            counts.append(len(guide.seen))
            await clock.pass_time(seconds=0.1)

        assert counts == [1, 2, 3, 4]
        assert len(guide.seen) == 5


async def test_a_visit_that_went_well_makes_the_next_failure_a_first_one(clock: HandClock):
    endings = iter([Ending.FAILED, Ending.FAILED, Ending.DONE, Ending.FAILED, Ending.DONE])
    async with a_guide(clock) as guide:
        guide.ending = lambda _: Visited(next(endings))
        await guide.poke("wine")
        await clock.pass_time(seconds=1)
        await clock.pass_time(seconds=2)
        await guide.poke("wine")
        await clock.pass_time(seconds=1)

        assert len(guide.seen) == 5


async def test_pokes_right_after_a_failure_wait_for_the_first_delay(clock: HandClock):
    async with a_guide(clock) as guide:
        guide.ending = lambda _: Visited(Ending.FAILED)
        await guide.poke("wine")
        await clock.pass_time(seconds=1)
        await guide.poke("wine", "wine")
        held = len(guide.seen)
        await clock.pass_time(seconds=1)

        assert held == 2
        assert len(guide.seen) == 3


async def test_a_visit_that_raises_harms_no_other_object(clock: HandClock, caplog: pytest.LogCaptureFixture):
    def broken(name: str) -> Visited:
        if name == "bad":
            raise ZeroDivisionError
        return Visited()

    async with a_guide(clock) as guide:
        guide.ending = broken
        await guide.poke("bad", "good")
        await clock.pass_time(seconds=10)

        assert guide.seen == ["bad", "good", "bad"]
        assert "the visit of ModelDeployment wine/bad broke" in caplog.text


async def test_visits_that_wait_for_nothing_leave_others_their_turn(clock: HandClock):
    """5,000 objects at a restart must not hold up the renewal of the Lease until the last is visited."""
    async with a_guide(clock) as guide:
        visited_at_turn: list[int] = []

        async def renew() -> None:
            while len(guide.seen) < 100:
                visited_at_turn.append(len(guide.seen))
                await asyncio.sleep(0)

        for number in range(100):
            guide.visits.poke(ref(str(number)))
        await renew()

    assert len(visited_at_turn) > 20
