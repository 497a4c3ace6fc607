"""Which questions are open, how often they are carried, and whom an answer pokes."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from fake_world import NOON
from hand_clock import HandClock, let_run
from kanaria.reconcile.asking import AT_ONCE, Asking
from kanaria.vocabulary import (
    Answered,
    CountersAsked,
    GitHead,
    ObjectRef,
    Question,
    RunMetrics,
    Unanswered,
)
from waiting import eventually

WINE = ObjectRef("kanaria.dev/v1alpha1", "MLPipelineRun", "wine", "wine-1")
BEER = ObjectRef("kanaria.dev/v1alpha1", "MLPipelineRun", "beer", "beer-1")
MINUTE = timedelta(minutes=1)
METRICS = RunMetrics(MINUTE, run_id="r1")
HEAD = GitHead(MINUTE, url="https://git.example.com/x", branch="main", namespace="wine")
COUNTERS = CountersAsked(
    timedelta(seconds=15), "http://gateway", "cluster", candidate="c", stable="s", total=("t", ()), bad=("b", ())
)


class Inquiry:
    """Writes down what was carried and who was poked; answers come from `reply`."""

    def __init__(self, clock: HandClock) -> None:
        self.carried: list[Question] = []
        self.poked: list[ObjectRef] = []
        self.reply: Callable[[], Any] = lambda: "same"
        carriers = dict.fromkeys((RunMetrics, GitHead, CountersAsked), self.carry)
        self.asking = Asking(carriers, clock, lambda: 0.0, self.poked.append)

    async def carry(self, question: Question) -> Any:
        self.carried.append(question)
        reply = self.reply()
        return await reply if isinstance(reply, asyncio.Future) else reply

    async def want(self, owner: ObjectRef, *questions: Question) -> None:
        self.asking.want(owner, questions)
        await let_run()


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@asynccontextmanager
async def an_inquiry(clock: HandClock) -> AsyncIterator[Inquiry]:
    inquiry = Inquiry(clock)
    running = asyncio.create_task(inquiry.asking.run())
    await let_run()
    yield inquiry
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


def raising(error: Exception) -> Callable[[], Any]:
    def reply() -> Any:
        raise error

    return reply


async def test_a_question_is_asked_at_once_and_then_at_its_interval(clock: HandClock):
    async with an_inquiry(clock) as inquiry:
        await inquiry.want(WINE, METRICS)
        await clock.pass_time(seconds=59)
        early = len(inquiry.carried)
        await clock.pass_time(seconds=1)

        assert (early, len(inquiry.carried)) == (1, 2)


async def test_equal_questions_of_two_objects_are_asked_once_and_poke_both(clock: HandClock):
    async with an_inquiry(clock) as inquiry:
        inquiry.asking.want(WINE, [METRICS])
        inquiry.asking.want(BEER, [RunMetrics(MINUTE, run_id="r1")])
        await let_run()

        assert len(inquiry.carried) == 1
        assert set(inquiry.poked) == {WINE, BEER}


async def test_a_question_that_nobody_wants_any_more_is_dropped_with_its_answer(clock: HandClock):
    async with an_inquiry(clock) as inquiry:
        await inquiry.want(WINE, METRICS)
        await inquiry.want(WINE)
        await clock.pass_time(minutes=5)

        assert len(inquiry.carried) == 1
        assert inquiry.asking.answer(METRICS) is None


async def test_a_question_goes_on_while_one_of_two_objects_wants_it(clock: HandClock):
    async with an_inquiry(clock) as inquiry:
        await inquiry.want(WINE, METRICS)
        await inquiry.want(BEER, METRICS)
        await inquiry.want(WINE)
        await clock.pass_time(minutes=1)

        assert len(inquiry.carried) == 2
        assert inquiry.asking.answer(METRICS) == Answered(NOON + MINUTE, "same")


@pytest.mark.parametrize(
    ("question", "pokes"),
    [
        pytest.param(METRICS, 1, id="the same value is no news"),
        pytest.param(HEAD, 2, id="a head is news at every reading"),
        pytest.param(COUNTERS, 2, id="counters are news at every reading"),
    ],
)
async def test_an_equal_answer_pokes_only_who_waits_for_readings(clock: HandClock, question: Question, pokes: int):
    async with an_inquiry(clock) as inquiry:
        await inquiry.want(WINE, question)
        await clock.pass_time(seconds=question.every.total_seconds())

        assert len(inquiry.carried) == 2
        assert len(inquiry.poked) == pokes


async def test_another_answer_pokes_again(clock: HandClock):
    answers = iter([1, 1, 2])
    async with an_inquiry(clock) as inquiry:
        inquiry.reply = lambda: next(answers)
        await inquiry.want(WINE, METRICS)
        await clock.pass_time(minutes=1)
        await clock.pass_time(minutes=1)

        assert inquiry.poked == [WINE, WINE]


async def test_failures_are_counted_told_and_asked_again_sooner(clock: HandClock):
    async with an_inquiry(clock) as inquiry:
        inquiry.reply = raising(ConnectionError("git.example.com does not answer"))
        await inquiry.want(WINE, METRICS)
        first = inquiry.asking.answer(METRICS)
        await clock.pass_time(seconds=2)
        await clock.pass_time(seconds=4)

        assert first == Unanswered(NOON, "git.example.com does not answer", 1)
        assert inquiry.asking.answer(METRICS) == Unanswered(clock.now(), "git.example.com does not answer", 3)
        assert len(inquiry.poked) == 3


async def test_an_answer_after_failures_is_news_and_ends_the_count(clock: HandClock):
    async with an_inquiry(clock) as inquiry:
        inquiry.reply = raising(ConnectionError("no"))
        await inquiry.want(WINE, METRICS)
        inquiry.reply = lambda: "again"
        await clock.pass_time(seconds=2)

        assert inquiry.asking.answer(METRICS) == Answered(clock.now(), "again")
        assert len(inquiry.poked) == 2


async def test_a_question_without_a_carrier_says_so(clock: HandClock):
    asking = Asking({}, clock, lambda: 0.0, lambda _: None)
    running = asyncio.create_task(asking.run())
    asking.want(WINE, [METRICS])
    await let_run()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)

    assert asking.answer(METRICS) == Unanswered(NOON, "nothing is configured that answers RunMetrics")


async def test_a_slow_answer_holds_up_no_other_question(clock: HandClock):
    async with an_inquiry(clock) as inquiry:
        never: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        inquiry.reply = lambda: never
        await inquiry.want(WINE, METRICS)
        inquiry.reply = lambda: "quick"
        await inquiry.want(BEER, HEAD)

        assert inquiry.asking.answer(METRICS) is None
        assert inquiry.asking.answer(HEAD) == Answered(NOON, "quick")


async def test_a_carrier_that_does_not_end_is_given_up(clock: HandClock):
    impatient = replace(HEAD, timeout=timedelta(milliseconds=20))
    async with an_inquiry(clock) as inquiry:
        inquiry.reply = lambda: asyncio.get_running_loop().create_future()
        await inquiry.want(WINE, impatient)
        answer = await eventually(lambda: inquiry.asking.answer(impatient))

        assert answer == Unanswered(NOON, "no answer within 0.02 s")


async def test_a_git_server_that_hangs_does_not_hold_up_the_counters_of_a_canary(clock: HandClock):
    async with an_inquiry(clock) as inquiry:
        inquiry.reply = asyncio.get_running_loop().create_future
        await inquiry.want(BEER, *(replace(HEAD, url=f"https://git.example.com/{each}") for each in range(AT_ONCE)))
        assert len(inquiry.carried) == AT_ONCE

        await inquiry.want(WINE, COUNTERS)

        assert COUNTERS in inquiry.carried


async def test_hurried_questions_are_asked_at_once(clock: HandClock):
    async with an_inquiry(clock) as inquiry:
        await inquiry.want(WINE, HEAD, METRICS)
        inquiry.asking.hurry(lambda question: isinstance(question, GitHead))
        await let_run()

        assert inquiry.carried.count(HEAD) == 2
        assert inquiry.carried.count(METRICS) == 1


async def test_a_question_that_is_hurried_while_it_is_carried_is_carried_once_more(clock: HandClock):
    async with an_inquiry(clock) as inquiry:
        slow: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        inquiry.reply = lambda: slow
        await inquiry.want(WINE, HEAD)
        inquiry.asking.hurry(lambda _: True)
        await let_run()
        inquiry.reply = lambda: "after the push"
        slow.set_result("before the push")
        await let_run()

        assert inquiry.asking.answer(HEAD) == Answered(NOON, "after the push")
        assert len(inquiry.carried) == 2


async def test_counters_of_one_window_are_read_on_a_common_grid(clock: HandClock):
    async with an_inquiry(clock) as inquiry:
        await clock.pass_time(seconds=4)
        await inquiry.want(WINE, COUNTERS)
        await clock.pass_time(seconds=10.9)
        early = len(inquiry.carried)
        await clock.pass_time(seconds=0.1)

        assert (early, len(inquiry.carried)) == (1, 2)


async def test_the_first_window_of_counters_is_at_least_half_a_window(clock: HandClock):
    async with an_inquiry(clock) as inquiry:
        await clock.pass_time(seconds=14)
        await inquiry.want(WINE, COUNTERS)
        await clock.pass_time(seconds=1)
        early = len(inquiry.carried)
        await clock.pass_time(seconds=15)

        assert (early, len(inquiry.carried)) == (1, 2)
