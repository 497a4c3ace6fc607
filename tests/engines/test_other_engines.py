"""A step becomes a TrainJob or a RayJob, and how these go is read off what their controllers tell."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from kanaria.engines import engine_of
from kanaria.engines.attempt import LATE_POD, Failed, Going, Succeeded
from kanaria.engines.job import JobEngine
from kanaria.engines.ray_job import RayJobEngine
from kanaria.engines.train_job import TrainJobEngine
from kanaria.engines.work import Work

NOW = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
THEN = NOW - timedelta(seconds=1)
WORK = Work(
    name="wine-1-train-abc123",
    namespace="wine",
    labels={"kanaria.dev/owner": "mlpipelinerun.wine-1", "kanaria.dev/step": "train"},
    owner={"kind": "MLPipelineRun", "name": "wine-1", "uid": "u"},
    image="",
    command=("python", "train.py", "--note", "it's $HOME"),
    env=(("MLFLOW_RUN_ID", "r"),),
    resources={},
)
FULL = replace(WORK, image="train:1", deadline=60, pod_account="trainer", queue="gpus")
MARKED = {**WORK.labels, "kanaria.dev/attempt": WORK.name}
HEAD = {"rayStartParams": {}, "template": {"spec": {"containers": [{"name": "ray-head"}]}}}
CLUSTER: dict[str, Any] = {
    "rayVersion": "2.46.0",
    "headGroupSpec": HEAD,
    "workerGroupSpecs": [
        {
            "groupName": "gpus",
            "replicas": 2,
            "template": {
                "metadata": {"labels": {"team": "wine"}},
                "spec": {"nodeSelector": {"gpu": "a100"}, "containers": [{"name": "ray", "image": "own:1"}]},
            },
        }
    ],
}
TRAIN = TrainJobEngine.model_validate({"runtimeRef": {"name": "torch-distributed"}})
RAY = RayJobEngine.model_validate({"rayClusterSpec": CLUSTER, "runtimeEnv": {"pip": ["x"], "env_vars": {"A": "1"}}})


def test_a_bare_step_leaves_to_the_runtime_what_it_does_not_say():
    spec = TRAIN.render(WORK)["spec"]

    assert spec["runtimeRef"]["kind"] == "ClusterTrainingRuntime"
    assert spec["trainer"] == {"command": list(WORK.command), "env": [{"name": "MLFLOW_RUN_ID", "value": "r"}]}
    assert spec.keys() == {"runtimeRef", "trainer", "runtimePatches"}


def test_a_train_job_has_all_that_the_step_says():
    engine = TRAIN.model_copy(update={"num_nodes": 4, "num_proc_per_node": 8})

    made = engine.render(replace(FULL, resources={"limits": {"nvidia.com/gpu": 8}}))

    trainer, (patch,) = made["spec"]["trainer"], made["spec"]["runtimePatches"]
    assert (trainer["image"], trainer["numNodes"], trainer["numProcPerNode"]) == ("train:1", 4, 8)
    assert trainer["resourcesPerNode"] == {"limits": {"nvidia.com/gpu": 8}}
    assert (made["spec"]["suspend"], made["spec"]["activeDeadlineSeconds"]) == (True, 60)
    assert made["metadata"]["labels"] == {**WORK.labels, "kueue.x-k8s.io/queue-name": "gpus"}
    (node,) = patch["trainingRuntimeSpec"]["template"]["spec"]["replicatedJobs"]
    pod = node["template"]["spec"]["template"]
    assert (node["name"], pod) == ("node", {"metadata": {"labels": MARKED}, "spec": {"serviceAccountName": "trainer"}})


def test_a_ray_job_passes_its_command_through_one_shell_only():
    spec = RAY.render(FULL)["spec"]

    assert (spec["submissionMode"], spec["entrypoint"]) == ("HTTPMode", "python train.py --note 'it'\"'\"'s $HOME'")
    assert json.loads(spec["runtimeEnvYAML"]) == yaml.safe_load(spec["runtimeEnvYAML"])
    assert json.loads(spec["runtimeEnvYAML"]) == {"pip": ["x"], "env_vars": {"A": "1", "MLFLOW_RUN_ID": "r"}}


def test_a_ray_cluster_goes_with_its_job_which_nobody_else_removes_or_tries_again():
    spec = RAY.render(FULL)["spec"]

    assert (spec["shutdownAfterJobFinishes"], spec["backoffLimit"], spec["suspend"]) == (True, 0, True)
    assert "ttlSecondsAfterFinished" not in spec
    assert spec["activeDeadlineSeconds"] == 60


def test_pods_of_a_ray_cluster_are_marked_confined_and_run_the_steps_image_where_they_name_none():
    cluster = RAY.render(FULL)["spec"]["rayClusterSpec"]
    head, (workers,) = cluster["headGroupSpec"]["template"], cluster["workerGroupSpecs"]

    assert head["metadata"]["labels"] == MARKED
    assert workers["template"]["metadata"]["labels"] == {"team": "wine", **MARKED}
    images = [each["spec"]["containers"][0]["image"] for each in (head, workers["template"])]
    assert images == ["train:1", "own:1"]
    assert head["spec"]["containers"][0]["securityContext"]["allowPrivilegeEscalation"] is False
    assert head["spec"]["serviceAccountName"] == workers["template"]["spec"]["serviceAccountName"] == "trainer"
    assert (cluster["rayVersion"], workers["groupName"], workers["replicas"]) == ("2.46.0", "gpus", 2)


@pytest.mark.parametrize(
    ("cluster", "sentence"),
    [
        pytest.param({}, "rayClusterSpec.headGroupSpec.template.spec.containers: name the container", id="no head"),
        pytest.param({"headGroupSpec": "x"}, "headGroupSpec.template.spec.containers", id="no mapping"),
        pytest.param({**CLUSTER, "workerGroupSpecs": [{}]}, "workerGroupSpecs[0].template.spec", id="no worker"),
        pytest.param(
            {"headGroupSpec": {"template": {"spec": {"containers": [{}], "serviceAccountName": "x"}}}},
            "names an account: name it in spec.podServiceAccountName",
            id="an account",
        ),
    ],
)
def test_a_ray_cluster_that_cannot_be_is_refused(cluster: dict[str, Any], sentence: str):
    with pytest.raises(ValidationError) as error:
        RayJobEngine.model_validate({"rayClusterSpec": cluster})

    assert sentence in str(error.value)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        pytest.param({"completions": 4}, "add completionMode: Indexed", id="the same work, four times"),
        pytest.param(
            {"completions": 2, "parallelism": 3, "completionMode": "Indexed"}, "3 Pods at once", id="more than all"
        ),
    ],
)
def test_a_job_whose_pods_make_no_sense_is_refused(given: dict[str, Any], sentence: str):
    with pytest.raises(ValidationError) as error:
        JobEngine.model_validate(given)

    assert sentence in str(error.value)


def test_an_indexed_job_has_as_many_pods_as_the_step_says():
    given = {"completions": 4, "parallelism": 2, "completionMode": "Indexed"}
    spec = JobEngine.model_validate(given).render(FULL)["spec"]

    assert {key: spec[key] for key in given} == given
    assert "completions" not in JobEngine().render(FULL)["spec"]


@pytest.mark.parametrize("name", ["wine-1", "2-wine"])
@pytest.mark.parametrize("engine", [TRAIN, RAY], ids=["trainJob", "rayJob"])
def test_names_begin_with_a_letter(engine: TrainJobEngine | RayJobEngine, name: str):
    assert engine.named(name)[0].isalpha()


def a_train_job(*conditions: tuple[str, str, str], suspend: bool = False) -> dict[str, Any]:
    """As Trainer 2.3 tells it."""
    told = [
        {"type": type_, "status": status, "reason": reason, "message": "m", "lastTransitionTime": THEN.isoformat()}
        for type_, status, reason in conditions
    ]
    spec = {"suspend": suspend, "activeDeadlineSeconds": 60}
    metadata = {"name": "t", "creationTimestamp": (THEN - timedelta(hours=1)).isoformat()}
    return {"kind": "TrainJob", "metadata": metadata, "spec": spec, "status": {"conditions": told}}


def a_ray_job(deployment: str = "", job: str = "", reason: str = "", message: str = "", **spec: Any) -> dict[str, Any]:
    """As KubeRay 1.7 tells it."""
    status = {"jobDeploymentStatus": deployment, "jobStatus": job, "reason": reason, "message": message}
    times = {"startTime": (THEN - timedelta(hours=1)).isoformat()}
    if deployment in {"Complete", "Failed"}:
        times["endTime"] = THEN.isoformat()
    return {"kind": "RayJob", "metadata": {"name": "r"}, "spec": {"activeDeadlineSeconds": 60, **spec}} | {
        "status": {key: value for key, value in (status | times).items() if value}
    }


def a_pod(code: int, message: str = "", **labels: str) -> dict[str, Any]:
    ended = {"terminated": {"exitCode": code, "message": message}}
    return {
        "metadata": {"name": "p", "labels": labels},
        "status": {"containerStatuses": [{"name": "n", "state": ended}]},
    }


TOO_LONG = Failed(THEN, "it ran longer than its deadline of 60 s", too_long=True)
INDEX = "batch.kubernetes.io/job-completion-index"
STUCK = {"containerStatuses": [{"name": "n", "state": {"waiting": {"reason": "InvalidImageName", "message": "no"}}}]}
CANNOT = {"metadata": {"name": "p", "creationTimestamp": THEN.isoformat()}, "status": STUCK}


@pytest.mark.parametrize(
    ("made", "pod", "expected"),
    [
        pytest.param(a_train_job(), None, Going(), id="train: goes"),
        pytest.param(a_train_job(("Complete", "True", "JobsCompleted")), None, Succeeded(THEN), id="train: well"),
        pytest.param(a_train_job(("Complete", "False", "x")), None, Going(), id="train: a condition that is not so"),
        pytest.param(
            a_train_job(("Failed", "True", "FailedJobs")),
            a_pod(3, "boom", **{INDEX: "1"}),
            Failed(THEN, "Pod 1: exit code 3: boom"),
            id="train: a Pod failed",
        ),
        pytest.param(
            a_train_job(("Failed", "True", "FailedJobs")),
            None,
            Going("its Pods' last words are awaited", THEN + LATE_POD),
            id="train: failed, and no Pod is seen",
        ),
        pytest.param(a_train_job(("Failed", "True", "DeadlineExceeded")), None, TOO_LONG, id="train: too long"),
        pytest.param(a_train_job(), CANNOT, Failed(NOW, "it cannot start: InvalidImageName: no"), id="train: no image"),
        pytest.param(a_ray_job(), None, Going(), id="ray: new"),
        pytest.param(a_ray_job("Initializing"), None, Going("its Ray cluster comes up"), id="ray: comes up"),
        pytest.param(a_ray_job("Running", "RUNNING"), None, Going(), id="ray: goes"),
        pytest.param(a_ray_job("Running", "SUCCEEDED"), None, Going(), id="ray: about to end"),
        pytest.param(a_ray_job("Complete", "SUCCEEDED"), None, Succeeded(THEN), id="ray: well"),
        pytest.param(
            a_ray_job("Complete", "STOPPED"), None, Failed(THEN, "its Ray job ended as STOPPED"), id="ray: stopped"
        ),
        pytest.param(
            a_ray_job("Failed", "FAILED", "AppFailed", "exit code 1, last logs: boom"),
            None,
            Failed(THEN, "exit code 1, last logs: boom"),
            id="ray: not well",
        ),
        pytest.param(a_ray_job("Failed", "RUNNING", "DeadlineExceeded", "passed"), None, TOO_LONG, id="ray: too long"),
        pytest.param(
            a_ray_job("ValidationFailed", "", "ValidationFailed", "no head"),
            None,
            Failed(NOW, "KubeRay refuses it: no head; correct engine.rayJob"),
            id="ray: refused",
        ),
    ],
)
def test_how_it_goes_is_read_off_what_its_controller_tells(made: dict, pod: dict | None, expected: object):
    engine = engine_of(made)

    assert engine.attempt(made, pod, NOW) == expected
    assert engine.is_over(made) or not isinstance(expected, Succeeded)


def test_a_train_job_that_failed_without_a_pod_tells_what_trainer_says():
    late = THEN + LATE_POD

    assert TRAIN.attempt(a_train_job(("Failed", "True", "FailedJobs")), None, late) == Failed(THEN, "m")


def test_what_a_ray_job_says_is_cut_from_its_end_and_shows_no_password():
    long = "x" * 600 + " https://ann:secret@host/ boom"

    said = RAY.attempt(a_ray_job("Failed", "FAILED", "AppFailed", long), None, NOW)

    assert isinstance(said, Failed)
    assert said.message.endswith("boom")
    assert len(said.message) <= 500
    assert "secret" not in said.message


@pytest.mark.parametrize(
    ("made", "began"),
    [
        pytest.param(a_train_job(suspend=True), None, id="train: suspended"),
        pytest.param(a_train_job(), THEN - timedelta(hours=1), id="train: never suspended"),
        pytest.param(a_train_job(("Suspended", "True", "Suspended")), None, id="train: goes on in a moment"),
        pytest.param(a_train_job(("Suspended", "False", "Resumed")), THEN, id="train: goes on"),
        pytest.param(a_ray_job("Suspended", suspend=True), None, id="ray: suspended"),
        pytest.param(a_ray_job("Suspended"), None, id="ray: goes on in a moment"),
        pytest.param(a_ray_job("Initializing"), THEN - timedelta(hours=1), id="ray: begins"),
    ],
)
def test_when_it_began_is_told_apart_from_when_it_was_made(made: dict[str, Any], began: datetime | None):
    assert engine_of(made).began(made) == began


@pytest.mark.parametrize(
    "made", [a_train_job(suspend=True), a_ray_job("Suspended", suspend=True)], ids=["train", "ray"]
)
def test_one_that_is_suspended_is_queued(made: dict[str, Any]):
    made["metadata"]["labels"] = {"kueue.x-k8s.io/queue-name": "gpus"}

    going = engine_of(made).attempt(made, None, NOW)

    assert isinstance(going, Going)
    assert going.queued
    assert going.note == f"Kueue has not admitted its {made['kind']}; see kubectl describe localqueue gpus"
