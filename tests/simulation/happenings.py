"""What can happen in a history: what people commit, what fails, and what becomes of the operator."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

from kanaria.cluster.leadership import LEASE
from kanaria.vocabulary import ObjectRef
from simulation.laws import ABORT, Laws
from simulation.people import JUDGED, ONE_STEP, PREDICTOR, TWO_STEPS, WATCHED, a_deployment
from simulation.serving import DEPLOYMENT, SERVICE
from simulation.world import World

Happening = Callable[[World, Laws], object]
THREADS = {"model": {"env": [{"name": "THREADS", "value": "2"}]}}
NOBODY = {"policies": [{"name": "nobody"}]}


def commits(**spec: Any) -> Happening:
    return lambda world, _: world.people.change(**deepcopy(spec))


def faults(**fields: Any) -> Happening:
    return lambda world, _: [setattr(world.faults, name, value) for name, value in fields.items()]


def _metrics(*, down: bool) -> Happening:
    def happen(world: World, laws: Laws) -> None:
        world.faults.metrics_down = down
        laws.note("unmeasured", holds=down)

    return happen


def _turns(version: str, rate: float | None) -> Happening:
    def happen(world: World, _laws: Laws) -> None:
        world.traffic.count()
        if rate is None:
            world.traffic.bad.pop(f"-v{version}-", None)
        else:
            world.traffic.bad[f"-v{version}-"] = rate

    return happen


def _breaks(version: str) -> Happening:
    """Its servers fall, and do not come up again."""

    def happen(world: World, laws: Laws) -> None:
        world.serving.broken.add(f"-v{version}-")
        laws.deleted_by_hand.add(f"-v{version}-")
        laws.note(f"unready {version}", holds=True)
        world.serving.look()

    return happen


def _mends(version: str) -> Happening:
    def happen(world: World, laws: Laws) -> None:
        world.serving.broken.discard(f"-v{version}-")
        laws.note(f"unready {version}", holds=False)
        world.serving.look()

    return happen


def _abort(world: World, _laws: Laws) -> None:
    trial = ((world.get("ModelDeployment") or {}).get("status") or {}).get("trial") or {}
    world.people.annotate("ModelDeployment", ABORT, trial.get("id", "none"))


def _revert(world: World, _laws: Laws) -> None:
    world.people.revert(world.chance.choice)


def _delete(world: World, laws: Laws) -> None:
    laws.deleted_by_hand.add("wine")
    world.people.delete()


def _empty(world: World, _laws: Laws) -> None:
    world.people.empty()


def _service_goes(world: World, laws: Laws) -> None:
    """Somebody deletes what serves."""
    laws.deleted_by_hand.add("wine")
    for thing in world.store.all(SERVICE):
        world.store.delete(ObjectRef.of(thing))


def _servers_go(world: World, laws: Laws) -> None:
    """Somebody deletes a Deployment of KServe's."""
    for thing in world.store.all(DEPLOYMENT)[:1]:
        laws.deleted_by_hand.add(thing["metadata"]["name"])
        world.store.delete(ObjectRef.of(thing))


def _drift(world: World, _laws: Laws) -> None:
    """Somebody edits the live object."""
    live = world.get("ModelDeployment")
    if live is not None:
        spec = {**live["spec"], "predictor": {**live["spec"]["predictor"], "minReplicas": 4}}
        world.store.put({**live, "spec": spec})


def _pipeline(name: str) -> Happening:
    def happen(world: World, _laws: Laws) -> None:
        world.people.annotate("MLPipeline", "kanaria.dev/run", f"{name} {len(world.remote.commits)}")

    return happen


def _jobs(**fields: bool) -> Happening:
    return lambda world, _: [setattr(world.jobs, name, value) for name, value in fields.items()]


def _drop(*, gone: bool) -> Happening:
    return lambda world, _: [replica.connection.drop(gone=gone) for replica in world.replicas]


def _clock(seconds: float) -> Happening:
    def happen(world: World, _laws: Laws) -> None:
        world.clock.ahead += seconds
        for replica in world.replicas:
            replica.clock.ahead += seconds

    return happen


def _usurp(world: World, _laws: Laws) -> None:
    """The Lease says that another leads, who does not exist."""
    live = world.store.get(ObjectRef(*LEASE, "kanaria-system", "kanaria"))
    if live is not None:
        changed = {**live["spec"], "holderIdentity": "nobody", "leaseTransitions": 99}
        world.store.put({**live, "spec": changed})


def _cut(world: World, _laws: Laws) -> None:
    """The leader alone cannot reach the API server, and goes on believing."""
    for replica in world.replicas[:1]:
        replica.connection.cut = True
        replica.connection.drop(gone=False)


def _reset(world: World, _laws: Laws) -> None:
    world.traffic.count()
    world.traffic.counts.clear()


def dies(after: int) -> Happening:
    return lambda world, _: setattr(world, "dies_after", after)


def lags(seconds: float) -> Happening:
    return lambda world, _: world.faults.lag(seconds)


PEOPLE: Mapping[str, Happening] = {
    "8 is proposed": commits(candidate={"version": "8"}),
    "9 is proposed": commits(candidate={"version": "9", "predictor": THREADS}),
    "7 is proposed otherwise": commits(candidate={"version": "7", "predictor": THREADS}),
    "the candidate is withdrawn": commits(candidate=None),
    "stable 7": commits(stable={"version": "7"}),
    "stable 8, no candidate": commits(stable={"version": "8"}, candidate=None),
    "another strategy": commits(strategy=ONE_STEP),
    "the first strategy": commits(strategy=TWO_STEPS),
    "rejections are dropped": commits(rejected=None),
    "suspended": commits(suspend=True),
    "resumed": commits(suspend=None),
    "nobody judges": commits(analysis=NOBODY),
    "somebody judges": commits(analysis=JUDGED),
    "a bound is set too": commits(analysis=WATCHED),
    "more servers": commits(predictor={**PREDICTOR, "minReplicas": 3}),
    "canaries are not required": commits(requireCanary=False),
    "a revert": _revert,
    "aborted": _abort,
    "a comment": lambda world, _: world.people.note(7),
    "files are moved": lambda world, _: world.people.move(),
    "a file breaks": lambda world, _: world.people.break_file(),
    "the file is mended": lambda world, _: world.people.mend_file(),
    "deleted": _delete,
    "made again": lambda world, _: world.people.recreate(a_deployment()),
    "the repository is emptied": _empty,
    "the repository is restored": lambda world, _: world.people.restore(),
    "a run is asked for": _pipeline("run"),
}
TROUBLES: Mapping[str, Happening] = {
    "8 turns bad": _turns("8", 0.4),
    "9 turns bad": _turns("9", 0.4),
    "8 turns good": _turns("8", None),
    "8 turns slow": lambda world, _: world.traffic.numbers.__setitem__("-v8-", 0.9),
    "8 breaks": _breaks("8"),
    "8 is mended": _mends("8"),
    "metrics are lost": _metrics(down=True),
    "metrics are back": _metrics(down=False),
    "the metric server is down": faults(servers_down=True),
    "the metric server is up": faults(servers_down=False),
    "counters are reset": _reset,
    "MLflow is down": faults(mlflow_down=True),
    "MLflow is up": faults(mlflow_down=False),
    "Git is down": faults(git_down=True),
    "Git is up": faults(git_down=False),
    "a push's answer is lost": faults(git_loses=1),
    "people push in between": faults(git_races=2),
    "KServe is slow": faults(kserve_slow=15.0),
    "KServe is quick": faults(kserve_slow=0.0),
    "KServe lies": faults(kserve_lies=True),
    "KServe is stuck": faults(kserve_stuck=True),
    "KServe works": faults(kserve_stuck=False, kserve_lies=False),
    "the gateway is stuck": faults(gateway_stuck=True),
    "the gateway works": faults(gateway_stuck=False),
    "the service is deleted": _service_goes,
    "servers are deleted": _servers_go,
    "the live object is edited": _drift,
    "steps fail": _jobs(failing=True),
    "steps work": _jobs(failing=False, poor=False),
    "models are poor": _jobs(poor=True),
    "Pods are lost": faults(pods_lost=True),
    "writes are refused": faults(refused=0.5),
    "answers are lost": faults(lost=0.4),
    "writes are throttled": faults(throttled=0.5),
    "writes work": faults(refused=0.0, lost=0.0, throttled=0.0),
    "the API server is down": faults(api_down=True),
    "the API server is up": faults(api_down=False),
    "the team may not": faults(forbidden={"kanaria-runner"}),
    "the sync may not": faults(forbidden={"kanaria-sync"}),
    "all may": faults(forbidden=set()),
    "caches lag": lags(10.0),
    "caches are current": faults(stale=0.0),
    "events come twice": faults(twice=True),
    "watches break": _drop(gone=False),
    "watches are too old": _drop(gone=True),
    "a crash": lambda world, _: world.crash(),
    "a crash at the next write": dies(1),
    "a crash at the second write": dies(2),
    "a crash at the third write": dies(3),
    "the clock goes ahead": _clock(90.0),
    "the clock goes back": _clock(-90.0),
    "another leads": _usurp,
    "the leader is cut off": _cut,
}
ALL: Mapping[str, Happening] = {**PEOPLE, **TROUBLES}


def heal(world: World, laws: Laws) -> None:
    """All that failed works again; what stands in Git is left as people want it, as far as it can be read."""
    world.faults.heal()
    world.dies_after = None
    world.traffic.bad.clear()
    world.traffic.numbers.clear()
    world.serving.broken.clear()
    world.jobs.failing = world.jobs.poor = False
    for truth in list(laws.since):
        laws.note(truth, holds=False)
    for replica in world.replicas:
        replica.connection.cut = False
    world.people.mend_file()
    world.people.restore()
    world.serving.look()
    world.ensure_operator()
    world.look()
