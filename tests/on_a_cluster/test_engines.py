"""Steps that other operators run, whose part a test plays: their definitions are the real ones."""

import gzip
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from any_cluster import AnyCluster
from installed_chart import by_helm
from kanaria.decide.covering import differences
from kanaria.engines.ray_job import RayJobEngine
from kanaria.engines.train_job import TrainJobEngine
from kanaria.engines.work import Work
from kanaria.local.api_client import Resource
from synced_team import API_VERSION, RUNS, SyncedTeam, condition
from waiting import eventually_now

AT = "2026-01-15T12:00:00Z"
"""When it was over: long ago, so that nobody waits for the last words of Pods."""
CRDS = Path(__file__).parents[1] / "crds"
HEAD = {
    "rayStartParams": {},
    "template": {"spec": {"containers": [{"name": "ray-head", "image": "rayproject/ray:2.46.0"}]}},
}
WORKERS = {"groupName": "w", "replicas": 2, "minReplicas": 2, "maxReplicas": 2, **HEAD}
RAY = {"rayClusterSpec": {"headGroupSpec": HEAD, "workerGroupSpecs": [WORKERS]}, "runtimeEnv": {"pip": ["torch"]}}
TRAIN = {"runtimeRef": {"name": "torch-distributed"}, "numNodes": 2, "numProcPerNode": 4}


@dataclass(frozen=True, slots=True)
class Other:
    """An engine of another project: its spec, what it makes, and what its controller tells in the end."""

    engine: dict[str, Any]
    made: Resource
    well: dict[str, Any]
    not_well: dict[str, Any]

    @property
    def definition(self) -> str:
        return f"{self.made.plural}.{self.made.api_version.partition('/')[0]}"


def told(type_: str, reason: str, message: str) -> dict[str, Any]:
    """What Trainer 2.3 says of a TrainJob that is over."""
    words = {"type": type_, "status": "True", "reason": reason, "message": message}
    return {"conditions": [{**words, "lastTransitionTime": AT}]}


def over(job: str, deployment: str, **more: Any) -> dict[str, Any]:
    """What KubeRay 1.7 says of a RayJob that is over."""
    return {"jobStatus": job, "jobDeploymentStatus": deployment, "startTime": AT, "endTime": AT, **more}


TRAIN_JOB = Other(
    {"trainJob": TRAIN},
    Resource("trainer.kubeflow.org/v1alpha1", "trainjobs", "TrainJob"),
    told("Complete", "JobsCompleted", "jobset completed successfully"),
    told("Failed", "DeadlineExceeded", "TrainJob exceeded its active deadline"),
)
RAY_JOB = Other(
    {"rayJob": RAY},
    Resource("ray.io/v1", "rayjobs", "RayJob"),
    over("SUCCEEDED", "Complete"),
    over("FAILED", "Failed", reason="AppFailed", message="Job entrypoint command failed with exit code 3: boom"),
)
OTHERS = [pytest.param(TRAIN_JOB, id="trainJob"), pytest.param(RAY_JOB, id="rayJob")]


@pytest.fixture(autouse=True)
def may_see_them(cluster: AnyCluster, request: pytest.FixtureRequest) -> None:
    if cluster.name == "local" and "other" in request.fixturenames:
        pytest.skip("one of them is enough on the local cluster: what is told and made is the real API server's affair")
    if cluster.name != "local" and not by_helm(cluster):
        pytest.skip("the rights to other engines are given by the chart, and helm is not at hand")


def install(cluster: AnyCluster, other: Other) -> None:
    """The definition is there, and served."""
    text = gzip.decompress(next(CRDS.glob(f"*_{other.made.plural}.yaml.gz")).read_bytes()).decode()
    cluster.kubectl("apply", "--server-side", "-f", "-", given=text)
    wait = ("wait", "--for=condition=Established", "crd", other.definition, "--timeout=30s")
    eventually_now(lambda: cluster.kubectl(*wait, check=False).code == 0)
    # Established is not yet served: the API server has its storage to make.
    eventually_now(lambda: cluster.kubectl("get", other.definition, "-A", check=False).code == 0)


@pytest.fixture
def other(cluster: AnyCluster, request: pytest.FixtureRequest) -> Other:
    """An engine whose definition is installed."""
    found: Other = request.param
    if cluster.kubectl("get", "crd", found.definition, check=False).code:
        install(cluster, found)
    return found


def started(team: SyncedTeam, other: Other) -> SyncedTeam:
    """A run whose first step the other engine runs."""
    step = {"name": "train", "command": ["python", "train.py"], "engine": other.engine}
    metadata = {"name": "wine", "annotations": {"kanaria.dev/run": "1"}}
    pipeline = {"apiVersion": API_VERSION, "kind": "MLPipeline", "metadata": metadata, "spec": {"steps": [step]}}
    team.repository.commit({"deploy/pipeline.json": json.dumps(pipeline)})
    team.follow().applied(team.repository.head())
    return team


def the_run(team: SyncedTeam) -> dict[str, Any]:
    return next(iter(team.background.all(RUNS, team.namespace)), {})


def phase_of(team: SyncedTeam) -> str:
    return str(the_run(team).get("status", {}).get("phase"))


def made(team: SyncedTeam, other: Other) -> dict[str, Any]:
    """What the step became, once it is there."""
    (found,) = eventually_now(lambda: team.background.all(other.made, team.namespace))
    return dict(found)


def tell(team: SyncedTeam, other: Other, name: str, status: dict[str, Any]) -> None:
    """As its controller does."""
    words = ("patch", other.definition, name, "-n", team.namespace, "--subresource=status", "--type=merge")
    team.cluster.kubectl(*words, "-p", json.dumps({"status": status}))


@pytest.mark.parametrize("other", OTHERS, indirect=True)
@pytest.mark.parametrize("well", [True, False], ids=["well", "not well"])
def test_what_the_controller_tells_ends_the_step_which_is_written_once(team: SyncedTeam, other: Other, *, well: bool):
    name = made(started(team, other), other)["metadata"]["name"]

    tell(team, other, name, other.well if well else other.not_well)
    eventually_now(lambda: phase_of(team) == ("Succeeded" if well else "Failed"))

    written = [write for write in team.cluster.writes() if (write.program, write.name) == ("kanaria", name)]
    assert [write.impersonated.rpartition(":")[2] for write in written] == ["kanaria-runner"]
    if not well:
        assert "failed at attempt 1: " in condition(the_run(team), "Ready")["message"]


@pytest.mark.parametrize("other", OTHERS, indirect=True)
def test_a_run_that_is_cancelled_leaves_nothing_that_runs(team: SyncedTeam, other: Other):
    made(started(team, other), other)

    cancel = f"kanaria.dev/cancel={the_run(team)['metadata']['name']}"
    team.cluster.kubectl("annotate", "mlpipeline", "wine", "-n", team.namespace, cancel)

    eventually_now(lambda: phase_of(team) == "Cancelled")
    eventually_now(lambda: team.background.all(other.made, team.namespace) == [])


def test_a_run_waits_for_an_engine_that_is_not_installed_and_goes_on_once_it_is(team: SyncedTeam):
    team.cluster.kubectl("delete", "crd", TRAIN_JOB.definition, "--ignore-not-found", "--timeout=30s")
    started(team, TRAIN_JOB)
    eventually_now(lambda: condition(the_run(team), "Stalled").get("reason") == "EngineNotInstalled")

    install(team.cluster, TRAIN_JOB)

    tell(team, TRAIN_JOB, made(team, TRAIN_JOB)["metadata"]["name"], TRAIN_JOB.well)
    eventually_now(lambda: phase_of(team) == "Succeeded")


FULL = Work(
    name="wine-1-train-abc123",
    namespace="",
    labels={"kanaria.dev/owner": "mlpipelinerun.wine-1", "kanaria.dev/step": "train"},
    owner={"apiVersion": API_VERSION, "kind": "MLPipelineRun", "name": "wine-1", "uid": "u", "controller": True},
    image="train:1",
    command=("python", "train.py"),
    env=(("MLFLOW_RUN_ID", "r"),),
    resources={"limits": {"nvidia.com/gpu": "8"}, "requests": {"cpu": "500m"}},
    deadline=60,
    pod_account="trainer",
    queue="gpus",
)


@pytest.mark.parametrize("other", OTHERS, indirect=True)
def test_what_is_rendered_is_taken_and_stored_as_it_is(cluster: AnyCluster, namespace: str, other: Other):
    engine = RayJobEngine.model_validate(RAY) if other is RAY_JOB else TrainJobEngine.model_validate(TRAIN)
    manifest = engine.render(FULL)
    manifest = {**manifest, "metadata": {**manifest["metadata"], "namespace": namespace}}

    words = ["apply", "--server-side", "--dry-run=server", "--validate=strict", "-ojson", "-f", "-"]
    stored = json.loads(cluster.kubectl(*words, given=yaml.safe_dump(manifest)).out)

    assert differences(stored, manifest) == ()
    assert stored["spec"].keys() - manifest["spec"].keys() <= {"managedBy", "ttlSecondsAfterFinished"}
