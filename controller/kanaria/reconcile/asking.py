"""Which questions are open, what was answered last, and who hears of it.

A question is carried at once when it is first wanted, and then every `every`, for as long as the newest plan of any
object wants it. Equal questions of several objects are one question. No visit waits for an answer: a new one pokes
the objects that want it.
"""

import asyncio
import contextlib
import logging
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol

from kanaria.reconcile.timetable import Clock, Timetable
from kanaria.reconcile.workshops import Carrier, is_fault
from kanaria.vocabulary import (
    Answer,
    Answered,
    CountersAsked,
    CountersQueried,
    GitHead,
    ObjectRef,
    QueriesAsked,
    Question,
    Unanswered,
)
from kanaria.vocabulary.log_fields import about

log = logging.getLogger(__name__)
PATIENCE = timedelta(seconds=30)
AT_ONCE = 16
SOONEST_RETRY = timedelta(seconds=2)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MESSAGE_MAX = 500


class Told(Protocol):
    """Hears of each question that was carried."""

    def __call__(self, question: Question, *, answered: bool) -> None:
        """It was answered, or not."""


def _nobody(question: Question, *, answered: bool) -> None:
    """Nobody counts."""


@dataclass(slots=True)
class _Open:
    """A question that somebody wants answered; `hurried` asks for another round right after the one under way."""

    wanted_by: set[ObjectRef] = field(default_factory=set)
    answer: Answer | None = None
    carried: "asyncio.Task[None] | None" = None
    hurried: bool = False


class Asking:
    """The open questions. `chance` gives numbers within 0 to 1, for jitter."""

    def __init__(
        self,
        carriers: Mapping[type[Question], Carrier],
        clock: Clock,
        chance: Callable[[], float],
        poke: Callable[[ObjectRef], None],
        told: Told = _nobody,
    ) -> None:
        self._carriers = carriers
        self._clock = clock
        self._chance = chance
        self._poke = poke
        self._told = told
        self._open: dict[Question, _Open] = {}
        self._by_owner: dict[ObjectRef, frozenset[Question]] = {}
        # Each kind of question has its own: a Git server that hangs must not blind the judge of a canary.
        self._slots = {kind: asyncio.Semaphore(AT_ONCE) for kind in carriers}
        self._due: Timetable[Question] = Timetable(clock, self._carry)

    def want(self, owner: ObjectRef, questions: Iterable[Question]) -> None:
        """These are the questions of the owner's newest plan; those that nobody wants any more are dropped."""
        wanted, before = frozenset(questions), self._by_owner.get(owner, frozenset())
        for question in wanted - before:
            self._begin(question).wanted_by.add(owner)
        for question in before - wanted:
            self._drop(question, owner)
        if wanted:
            self._by_owner[owner] = wanted
        else:
            self._by_owner.pop(owner, None)

    def answer(self, question: Question) -> Answer | None:
        """The newest answer; None before the first, and for a question that nobody wants."""
        known = self._open.get(question)
        return known.answer if known else None

    def wanted_by(self, owner: ObjectRef) -> frozenset[Question]:
        """The questions of the owner's newest plan."""
        return self._by_owner.get(owner, frozenset())

    def hurry(self, matching: Callable[[Question], bool]) -> None:
        """Ask these again now: something happened that changes the answer."""
        for question, known in self._open.items():
            if matching(question):
                known.hurried = known.carried is not None
                self._due.no_later(question, self._clock.now())

    async def run(self) -> None:
        """Carry questions until cancelled."""
        try:
            await self._due.run()
        finally:
            tasks = [known.carried for known in self._open.values() if known.carried]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _begin(self, question: Question) -> _Open:
        known = self._open.get(question)
        if known is None:
            known = self._open[question] = _Open()
            self._due.set(question, self._clock.now())
        return known

    def _drop(self, question: Question, owner: ObjectRef) -> None:
        known = self._open[question]
        known.wanted_by.discard(owner)
        if not known.wanted_by:
            del self._open[question]
            self._due.drop(question)
            if known.carried:
                known.carried.cancel()

    def _carry(self, question: Question) -> None:
        known = self._open[question]
        if known.carried is None:
            known.carried = asyncio.create_task(self._round(question, known), name=type(question).__name__)

    async def _round(self, question: Question, known: _Open) -> None:
        async with self._slots.get(type(question), contextlib.nullcontext()):
            answer = await self._ask(question, known.answer)
        self._told(question, answered=isinstance(answer, Answered))
        news, known.answer, known.carried = _is_news(question, known.answer, answer), answer, None
        hurried, known.hurried = known.hurried, False
        self._due.set(question, self._clock.now() if hurried else self._next_time(question, answer))
        if news:
            for owner in tuple(known.wanted_by):
                self._poke(owner)

    async def _ask(self, question: Question, before: Answer | None) -> Answer:
        carrier = self._carriers.get(type(question))
        if carrier is None:
            return self._unanswered(f"nothing is configured that answers {type(question).__name__}", before)
        patience = _patience(question).total_seconds()
        try:
            async with asyncio.timeout(patience):
                value = await carrier(question)
        except TimeoutError:
            return self._unanswered(f"no answer within {patience:g} s", before)
        except Exception as error:  # carriers' errors speak for themselves, whatever their class
            owners = self._open[question].wanted_by if question in self._open else ()
            fields = about(next(iter(owners))) if owners else {}
            log.info("%s was not answered: %s", type(question).__name__, error, exc_info=is_fault(error), extra=fields)
            return self._unanswered(str(error)[:MESSAGE_MAX] or type(error).__name__, before)
        return Answered(self._clock.now(), value)

    def _unanswered(self, message: str, before: Answer | None) -> Unanswered:
        return Unanswered(self._clock.now(), message, before.times + 1 if isinstance(before, Unanswered) else 1)

    def _next_time(self, question: Question, answer: Answer) -> datetime:
        now = self._clock.now()
        if isinstance(question, CountersAsked):
            # On a common grid, so that one scrape answers all who look at the same gateway.
            return EPOCH + math.floor((now - EPOCH) / question.every + 1.5) * question.every
        wait = question.every * (1 + 0.1 * self._chance())
        if isinstance(answer, Unanswered):
            wait = min(wait, SOONEST_RETRY * 2 ** min(answer.times - 1, 16))
        return now + wait


def _is_news(question: Question, before: Answer | None, now: Answer) -> bool:
    """Counters and heads are news at every reading; others when they differ; each failure counts."""
    if isinstance(question, CountersAsked | CountersQueried | GitHead) or isinstance(now, Unanswered):
        return True
    return not isinstance(before, Answered) or before.value != now.value


def _patience(question: Question) -> timedelta:
    match question:
        case GitHead(timeout=timeout):
            return timeout
        case CountersAsked(every=every) | CountersQueried(every=every) | QueriesAsked(every=every):
            # The next window begins then.
            return min(PATIENCE, every)
        case _:
            return PATIENCE
