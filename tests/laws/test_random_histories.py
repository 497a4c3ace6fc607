"""Whatever people, metrics, KServe, MLflow and the operator do in whatever order: no law breaks, and all goes on."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pytest

from deployments import PREDICTOR, canary, message, phase, reason, serving
from kanaria.serving.arrangement import Arrangement, Predictor, read_spec
from kanaria.vocabulary import Act, Apply, SetAlias, WriteStatus
from model_world import ModelWorld, Thing

STEPS = ({"setWeight": 10}, {"pause": {"duration": "20s"}}, {"setWeight": 50}, {"pause": {"duration": "20s"}})
JUDGED = {"policies": [{"name": "online"}], "warmup": "5s"}
NOBODY = {"policies": [{"name": "nobody"}]}
THREADS = {"model": {"env": [{"name": "THREADS", "value": "2"}]}}


@dataclass
class History:
    """A model world whose every apply is looked at, and the specs that Git has held."""

    world: ModelWorld
    chance: Random
    specs: list[Thing] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def watched(self) -> "History":
        carried, applied = self.world.carry_out, self.world.applied

        def carry_out(act: Act) -> None:
            if isinstance(act, Apply) and self.world.service is not None:
                self.broken += self.unsafe(read_spec(act.manifest["spec"]))
            carried(act)

        def remembered(spec: Thing) -> ModelWorld:
            self.specs.append(deepcopy(self.world.md["spec"]))
            return applied(spec)

        self.world.carry_out, self.world.applied = carry_out, remembered  # type: ignore[method-assign]
        return self

    def unsafe(self, new: Arrangement) -> list[str]:
        """What is wrong with this change of what is asked of KServe."""
        old, routed = read_spec(self.world.service["spec"]), self.world.weights()
        gone = [p.name for p in old.all if new.find(p.name) is None and routed.get(f"wine-{p.name}-predictor")]
        raised = [p for p in new.others if p.weight > old.weight_of(p.name)]
        return [f"{name} was removed with traffic" for name in gone] + [
            f"{predictor.name} was raised {why}" for predictor in raised for why in self.against(predictor)
        ]

    def against(self, raised: Predictor) -> list[str]:
        """Why this predictor must not have more traffic."""
        world, spec = self.world, self.world.md["spec"]
        status = world.deployments.get(f"wine-{raised.name}-predictor", {}).get("status", {})
        unready = ["unready"] if not status.get("availableReplicas") else []
        if raised.name.startswith(f"v{(spec.get('stable') or {}).get('version')}-"):
            return unready  # Git has said the last word
        trial = world.read_md().status.trial
        if trial is None or trial.predictor_name != raised.name:
            return [*unready, "without a recorded trial"]
        found = {
            "unmeasured": not world.metrics,
            "under suspension": bool(spec.get("suspend")),
            "without a judge": spec["analysis"] == NOBODY,
            "after it failed": str(trial.verdict) == "Failed",
            "though it is rejected": any(entry["version"] == trial.version for entry in spec.get("rejected", ())),
            "though it is aborted": world.md["metadata"].get("annotations", {}).get("kanaria.dev/abort") == trial.id,
            "to everything": raised.weight == 100,
        }
        return unready + [why for why, so in found.items() if so]


def _abort(history: History) -> None:
    trial = history.world.read_md().status.trial
    history.world.annotate("kanaria.dev/abort", trial.id if trial is not None else "none")


def _delete_service(history: History) -> None:
    world = history.world
    world.service = world.route = None
    world.deployments.clear()
    world.services.clear()


def _cut(history: History) -> None:
    history.world.tick()
    history.world.visit(cut_after=history.chance.randrange(3))
    history.world.restart()


def _revert(history: History) -> None:
    if history.specs:
        history.world.applied(deepcopy(history.chance.choice(history.specs)))


def says(**changes: Any) -> Callable[[History], object]:
    return lambda history: history.world.spec(**deepcopy(changes))


def turns(**fields: Any) -> Callable[[History], object]:
    return lambda history: [setattr(history.world, name, value) for name, value in fields.items()]


HAPPENINGS: dict[str, Callable[[History], object]] = {
    "time passes": lambda h: h.world.run(20),
    "more time passes": lambda h: h.world.run(100, every=10),
    "8 is proposed": says(candidate={"version": "8"}),
    "9 is proposed": says(candidate={"version": "9", "predictor": THREADS}),
    "7 is proposed otherwise": says(candidate={"version": "7", "predictor": THREADS}),
    "no candidate": says(candidate=None),
    "stable 7": says(stable={"version": "7"}),
    "stable 8, no candidate": says(stable={"version": "8"}, candidate=None),
    "another strategy": says(strategy=canary({"setWeight": 5}, {"pause": {"duration": "10s"}}, {"setWeight": 40})),
    "rejections dropped": says(rejected=None),
    "suspended": says(suspend=True),
    "resumed": says(suspend=None),
    "nobody judges": says(analysis=NOBODY),
    "somebody judges": says(analysis=JUDGED),
    "more servers": says(predictor={**PREDICTOR, "minReplicas": 3}),
    "a commit": lambda h: h.world.commit(),
    "a revert": _revert,
    "aborted": _abort,
    "8 turns bad": lambda h: h.world.bad.__setitem__("-v8-", 0.5),
    "9 turns bad": lambda h: h.world.bad.__setitem__("-v9-", 0.5),
    "metrics are lost": turns(metrics=False),
    "metrics are back": turns(metrics=True),
    "counters are reset": lambda h: h.world.counts.clear(),
    "MLflow is down": turns(mlflow=False),
    "KServe makes no routes": turns(routes=False),
    "KServe makes routes": turns(routes=True),
    "statuses are refused": turns(refuse=WriteStatus),
    "applies are refused": turns(refuse=Apply),
    "aliases are refused": turns(refuse=SetAlias),
    "nothing is refused": turns(refuse=None),
    "a restart": lambda h: h.world.restart(),
    "a crash": _cut,
    "the InferenceService is deleted": _delete_service,
}


def played(seed: int) -> History:
    """A history of that seed, seen at every step."""
    chance = Random(seed)  # noqa: S311 # a seed that is told
    history = History(serving(strategy=canary(*STEPS), rollbackWindow={"keepWarm": "1m"}), chance).watched()
    for _ in range(chance.randint(4, 12)):
        HAPPENINGS[chance.choice(sorted(HAPPENINGS))](history)
        history.world.tick(chance.choice((0, 1, 5)))
        history.world.visit()
    return history


def healed(world: ModelWorld) -> ModelWorld:
    world.refuse, world.metrics, world.mlflow, world.routes = None, True, True, True
    world.bad.clear()
    return world.run(120)


LOST_WHILE_SUSPENDED = (1133, 1434)
"""Seeds in which what serves is deleted, and what Git names in its place does not begin: nothing moves."""


@pytest.mark.parametrize("seed", [*range(12), *LOST_WHILE_SUSPENDED])
def test_no_law_is_broken_and_all_goes_on(seed: int):
    history = played(seed)
    world = healed(history.world)
    assert history.broken == []
    assert world.decide().plan.acts == ()
    assert _serves_as_asked(world) or reason(world) != "Serving"
    if world.service is None:
        assert "nothing serves" in message(world)
    _goes_on(world)


def _serves_as_asked(world: ModelWorld) -> bool:
    """Whether the stable model of the spec has all requests, and nothing is tried."""
    spec = world.md["spec"]
    if world.service is None or spec.get("candidate"):
        return False
    return read_spec(world.service["spec"]).main.name.startswith(f"v{spec['stable']['version']}-")


def _goes_on(world: ModelWorld) -> None:
    """Once the spec is put right, the next candidate is tried and promoted."""
    served = {"version": world.read_md().status.stable.version}
    live = read_spec(world.service["spec"]).main.spec["model"] if world.service else PREDICTOR["model"]
    model = {key: value for key, value in live.items() if key not in {"storageUri", "name"}}
    right = {"strategy": canary(*STEPS), "analysis": JUDGED, "predictor": {**PREDICTOR, "model": model}}
    world.spec(stable=served, candidate=None, rejected=None, suspend=None, **right).run(60)
    world.spec(candidate={"version": "12"}).run(240)
    assert phase(world) == "Passed", message(world)
    world.commit()
    world.run(20)
    assert (reason(world), world.read_md().status.stable.version, world.weight("12")) == ("Serving", "12", 100)
