"""No more candidates are tried at once than the platform team allows, in whatever order they are looked at."""

from dataclasses import dataclass, field
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from deployments import a_spec
from kanaria.api import ModelDeployment
from kanaria.decide.model_deployment.scene import ACTIVE
from kanaria.reconcile.trial_room import TrialRoom
from kanaria.vocabulary import ObjectName

Body = dict[str, Any]
LIMIT = 2
QUEUED = [{"type": "Reconciling", "status": "True", "reason": "Queued"}]


def a_body(number: int) -> Body:
    metadata = {"name": f"m{number}", "namespace": "cellar", "generation": 1}
    return {"metadata": metadata, "spec": a_spec(stable={"version": "7"}, candidate={"version": "8"}), "status": {}}


@dataclass
class Cluster:
    """What the API server holds, and the caches, which hear of each write later, in the order of the writes."""

    bodies: dict[str, Body]
    caches: dict[str, Body]
    unheard: list[str] = field(default_factory=list)
    log: list[tuple[str, Body]] = field(default_factory=list)
    room: TrialRoom = field(default_factory=TrialRoom)
    clock: int = 0
    began: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, count: int) -> "Cluster":
        bodies = {f"m{number}": a_body(number) for number in range(count)}
        return cls(bodies, dict(bodies))

    def write(self, name: str, status: Body) -> None:
        self.bodies[name] = {**self.bodies[name], "status": {"observedGeneration": 1, **status}}
        self.log.append((name, self.bodies[name]))

    def hear(self, until: str = "") -> None:
        """The next write, or all up to the last of one object."""
        last = max((index for index, (name, _) in enumerate(self.log) if name == until), default=0)
        for name, body in self.log[: last + 1]:
            self.caches[name] = body
        self.log = self.log[last + 1 :]

    def tried(self) -> int:
        return sum(phase_of(body) in ACTIVE for body in self.bodies.values())

    def visit(self, name: str) -> None:
        """As the engine does it: own writes are seen first, then it is decided, and written."""
        if any(written == name for written, _ in self.log):
            self.hear(until=name)
        self.clock += 1
        self.room.visited(ObjectName("cellar", name))
        body = self.caches[name]
        if phase_of(body) or not body["spec"].get("candidate"):
            return
        if self.room.before(ModelDeployment.read(body), self.caches.values()) < LIMIT:
            self.began.append(name)
            status = {"trial": {"id": f"{name}@{self.clock}", "phase": "Loading"}}
            self.room.decided(ObjectName("cellar", name), status)
            self.write(name, status)
        elif not body["status"]:
            since = f"2026-01-15T12:{self.clock // 60:02}:{self.clock % 60:02}Z"
            self.write(name, {"conditions": [{**QUEUED[0], "lastTransitionTime": since}]})

    def ends(self, name: str) -> None:
        """The trial is promoted: the candidate is gone."""
        if phase_of(self.bodies[name]) in ACTIVE and not any(written == name for written, _ in self.log):
            spec = {key: value for key, value in self.bodies[name]["spec"].items() if key != "candidate"}
            self.bodies[name] = {**self.bodies[name], "spec": spec}
            self.write(name, {"trial": {**self.bodies[name]["status"]["trial"], "phase": "Promoted"}})


def phase_of(body: Body) -> str:
    return str((body["status"].get("trial") or {}).get("phase", ""))


STEPS = st.lists(st.tuples(st.sampled_from(["visit", "visit", "hear", "ends"]), st.integers(0, 5)), max_size=60)


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_never_more_than_the_limit_whatever_the_caches_have_heard(steps: list[tuple[str, int]]):
    cluster = Cluster.of(6)

    for what, number in steps:
        if what == "hear":
            cluster.hear()
        else:
            getattr(cluster, what)(f"m{number}")
        assert cluster.tried() <= LIMIT


@settings(max_examples=25, deadline=None)
@given(STEPS, st.permutations(range(6)))
def test_nobody_waits_for_ever(steps: list[tuple[str, int]], order: list[int]):
    """Whatever came before: with each looked at in turn, and trials that end, all are tried in the end."""
    cluster = Cluster.of(6)
    for what, number in steps:
        cluster.hear() if what == "hear" else getattr(cluster, what)(f"m{number}")

    for _ in range(12):
        for number in order:
            cluster.visit(f"m{number}")
            cluster.ends(f"m{number}")
            cluster.hear()

    assert sorted(cluster.began) == sorted(cluster.bodies)


def test_who_waits_longest_is_first_and_others_wait_behind():
    cluster = Cluster.of(4)
    for number in (3, 2, 1, 0):
        cluster.visit(f"m{number}")
    cluster.hear(until="m0")
    assert cluster.began == ["m3", "m2"]

    cluster.ends("m3")
    cluster.hear(until="m3")
    cluster.visit("m0")
    cluster.visit("m1")

    assert cluster.began == ["m3", "m2", "m1"]
