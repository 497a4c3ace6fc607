"""What one visit to an object does: see, decide, carry out, remember."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from fake_workshops import Bench
from fake_world import NOON, a_world
from kanaria.cluster.caches import Written
from kanaria.cluster.errors import ForbiddenError, UnreachableError
from kanaria.reconcile.visit import Memory, Visitor
from kanaria.reconcile.visits import Ending, Visited
from kanaria.reconcile.world import World
from kanaria.vocabulary import (
    Apply,
    CommitEdits,
    GitHead,
    Notice,
    ObjectName,
    ObjectRef,
    Plan,
    Question,
    RunMetrics,
    Watch,
    WriteStatus,
)

WINE = ObjectRef("kanaria.dev/v1alpha1", "ModelDeployment", "wine", "wine")
LIVE = {
    "apiVersion": WINE.api_version,
    "kind": WINE.kind,
    "metadata": {"name": "wine", "namespace": "wine", "uid": "u1", "generation": 3},
    "status": {"phase": "Healthy", "conditions": [{"type": "Ready", "status": "True", "reason": "Serving"}]},
}
JOB = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "j", "namespace": "wine"}}
APPLY, STATUS = Apply(JOB), WriteStatus({"phase": "Degraded"})
HEAD = GitHead(timedelta(minutes=1), url="https://git.example.com/x", branch="main", namespace="wine")
METRICS = RunMetrics(timedelta(minutes=1), run_id="r")
NOTICE = Notice("Warning", "Forbidden", "the account may not create jobs")


@dataclass
class Shelf:
    """Caches of one object."""

    live: dict[str, Any] | None = field(default_factory=lambda: LIVE)
    watched: tuple[Watch, ...] = ()
    awaited: list[Written] = field(default_factory=list)

    async def caught_up(self, written: Any) -> None:
        self.awaited.extend(written)

    def get(self, ref: ObjectRef) -> dict[str, Any] | None:
        return self.live if ref == WINE else None

    def want(self, owner: ObjectRef, watches: Any) -> None:
        del owner
        self.watched = tuple(watches)


@dataclass
class Desk:
    """Questions of one object."""

    asked: tuple[Question, ...] = ()
    hurried: list[Question] = field(default_factory=list)

    def want(self, owner: ObjectRef, questions: Any) -> None:
        del owner
        self.asked = tuple(questions)

    def wanted_by(self, owner: ObjectRef) -> frozenset[Question]:
        del owner
        return frozenset(self.asked)

    def hurry(self, matching: Callable[[Question], bool]) -> None:
        self.hurried.extend(filter(matching, (HEAD, METRICS)))


@dataclass
class Room:
    """A visitor among fakes; `plan` is what the next pass decides."""

    plan: Callable[[World], Plan | None]
    bench: Bench = field(default_factory=Bench)
    memory: Memory = field(default_factory=Memory)
    told: list[Notice] = field(default_factory=list)
    shelf: Shelf = field(default_factory=Shelf)
    desk: Desk = field(default_factory=Desk)

    async def visit(self) -> Visited:
        world = a_world(failures=self.memory.failures)
        visitor = Visitor(
            passes={"ModelDeployment": self._pass},
            caches=self.shelf,
            asking=self.desk,
            workshops=self.bench.all(),
            world=world,
            memory=self.memory,
            tell=lambda _ref, _uid, notice: self.told.append(notice),
        )
        return await visitor.visit(WINE)

    def _pass(self, name: ObjectName, world: World) -> Plan | None:
        assert name == WINE.object_name
        return self.plan(world)


def planning(*plans: Plan | None) -> Room:
    waiting = list(plans)
    return Room(lambda _: waiting.pop(0))


async def test_a_plan_is_carried_out_and_its_questions_and_watches_are_wanted():
    watch = Watch("v1", "Pod", "kanaria.dev/owner")
    soon = NOON + timedelta(minutes=5)
    room = planning(Plan(acts=(STATUS, APPLY), questions=(HEAD,), watches=(watch,), look_again=soon))
    visited = await room.visit()

    assert room.bench.done == ["status ModelDeployment wine/wine u1", "apply Job wine/j"]
    assert visited == Visited(Ending.DONE, soon)
    assert (room.desk.asked, room.shelf.watched) == ((HEAD,), (watch,))


async def test_the_next_visit_waits_for_what_this_one_wrote():
    room = planning(Plan(acts=(STATUS, APPLY)), Plan())
    await room.visit()
    await room.visit()

    assert [(str(written.ref), written.version) for written in room.shelf.awaited] == [
        ("ModelDeployment wine/wine", 100),
        ("Job wine/j", 101),
    ]


@pytest.mark.parametrize("plan", [Plan(acts=(STATUS,)), None], ids=["not in the cache", "the pass finds it gone"])
async def test_of_an_object_that_is_gone_nothing_is_kept(plan: Plan | None):
    room = planning(Plan(acts=(APPLY,), questions=(HEAD,)), plan)
    room.bench.fail["apply Job wine/j"] = ForbiddenError("no")
    await room.visit()
    room.shelf.live = None if plan else LIVE
    visited = await room.visit()

    assert visited == Visited()
    assert room.desk.asked == ()
    assert (room.memory.failures, room.memory.written) == ({}, {})


async def test_a_failure_is_shown_to_the_next_pass_and_counted():
    seen = []

    def decide(world: World) -> Plan:
        failure = world.failure(WINE)
        seen.append((failure.message, failure.times) if failure else None)
        return Plan(acts=(APPLY,))

    room = Room(decide, Bench(fail={"apply Job wine/j": ForbiddenError("may not")}))
    endings = [(await room.visit()).ending for _ in range(3)]

    assert seen == [None, ("may not", 1), ("may not", 2)]
    assert endings == [Ending.FAILED] * 3


async def test_what_works_again_is_forgotten_and_said_at_once():
    room = planning(Plan(acts=(APPLY,)), Plan(acts=(APPLY,)))
    room.bench.fail["apply Job wine/j"] = UnreachableError("no answer")
    await room.visit()
    room.bench.fail.clear()
    visited = await room.visit()

    assert visited == Visited(Ending.DONE, NOON)
    assert room.memory.failures == {}


async def test_a_plan_that_only_tells_of_a_failure_has_what_failed_tried_again_later():
    room = planning(Plan(acts=(APPLY,)), Plan(acts=(STATUS,)))
    room.bench.fail["apply Job wine/j"] = ForbiddenError("may not")
    await room.visit()
    visited = await room.visit()

    assert visited.ending is Ending.FAILED
    assert room.memory.failures == {}


@pytest.mark.parametrize(
    ("acts", "fails", "told"),
    [
        pytest.param((STATUS, APPLY), "", [NOTICE], id="all was done"),
        pytest.param((STATUS, APPLY), "apply Job wine/j", [NOTICE], id="the status was written, the rest failed"),
        pytest.param((APPLY, STATUS), "apply Job wine/j", [], id="it failed before the status was written"),
    ],
)
async def test_users_are_told_once_the_status_says_so(acts: Any, fails: str, told: list[Notice]):
    room = planning(Plan(acts=acts, notices=(NOTICE,)))
    room.bench.fail[fails] = ForbiddenError("may not")
    await room.visit()

    assert room.told == told


async def test_after_a_write_back_the_head_is_looked_at_at_once():
    commit = CommitEdits("https://git.example.com/x", "main", "wine", None, ("k", "k@example.com"), ())
    room = planning(Plan(acts=(commit,), questions=(HEAD, METRICS)))
    await room.visit()

    assert room.desk.hurried == [HEAD]
    assert room.memory.commits[WINE] == room.bench.commit_result


def broken(_: World) -> Plan:
    raise ZeroDivisionError("secret")


async def test_a_pass_that_breaks_says_so_on_the_object_and_in_the_log(caplog: pytest.LogCaptureFixture):
    room = Room(broken)
    visited = await room.visit()
    (status,) = room.bench.statuses
    ready = status["conditions"][0]

    assert visited == Visited(Ending.BROKEN)
    assert (ready["type"], ready["status"], ready["reason"]) == ("Ready", "False", "InternalError")
    assert (ready["observedGeneration"], ready["lastTransitionTime"]) == (3, "2026-01-15T12:00:00Z")
    assert "ZeroDivisionError" in ready["message"]
    assert "secret" not in ready["message"]
    assert status["phase"] == "Healthy"
    assert "Traceback" in caplog.text


async def test_a_pass_that_stays_broken_writes_once():
    room = Room(broken)
    await room.visit()
    room.shelf.live = {**LIVE, "status": room.bench.statuses[0]}
    await room.visit()

    assert len(room.bench.statuses) == 1


async def test_a_kind_without_a_pass_is_left_alone():
    room = Room(broken)
    visited = await Visitor(
        passes={},
        caches=room.shelf,
        asking=room.desk,
        workshops=room.bench.all(),
        world=a_world(),
        memory=Memory(),
        tell=print,
    ).visit(WINE)

    assert visited == Visited()
    assert room.bench.done == []
