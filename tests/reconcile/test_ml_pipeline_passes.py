"""What the passes of pipelines and runs gather from the caches, and what they say of what they cannot read."""

import json
from datetime import timedelta
from typing import Any

import pytest

from fake_world import NOON, a_world
from kanaria.api import MLPipeline, MLPipelineRun, Resource
from kanaria.api.resource import API_VERSION
from kanaria.decide.ml_pipeline_run import watches
from kanaria.decide.ml_pipeline_run.wishes import edits_due
from kanaria.reconcile import ml_pipeline, ml_pipeline_run
from kanaria.reconcile.world import Settings, World
from kanaria.vocabulary import Apply, CommitResult, ObjectName, ObjectRef, Plan, TrackingRun, Watch, WriteStatus, marks
from pipelines import A_MODEL, GATED, TO_WINE, Registry, a_pipeline, a_policy, a_run, a_step, a_target, at_least

WINE = ObjectName("wine", "wine")
RUN = ObjectName("wine", "wine-1-abcde")
WATCHES = watches(a_run().spec.pipeline)
SYNC = ObjectRef(API_VERSION, "GitSync", "wine", "team")


def stored(resource: Resource) -> dict[str, Any]:
    """The object as the API server holds it; what is absent is not there."""
    body: dict[str, Any] = json.loads(resource.model_dump_json(by_alias=True, exclude_none=True))
    return body


def after(body: dict[str, Any], plan: Plan) -> dict[str, Any]:
    return body | ({"status": json.loads(json.dumps(plan.status))} if plan.status else {})


def children(plan: Plan) -> list[dict[str, Any]]:
    return [json.loads(json.dumps(act.manifest)) for act in plan.acts if isinstance(act, Apply)]


def tracked(run: dict[str, Any]) -> dict[Any, Any]:
    """The world's answer to the run's first question."""
    (question,) = ml_pipeline_run.plan_for(RUN, a_world([run])).questions
    assert isinstance(question, TrackingRun)
    return {question: "mlflow-run"}


@pytest.mark.parametrize("plan_for", [ml_pipeline.plan_for, ml_pipeline_run.plan_for])
def test_an_object_that_is_gone_has_no_plan(plan_for: Any):
    assert plan_for(WINE, a_world()) is None


@pytest.mark.parametrize(
    ("kind", "plan_for", "name"),
    [
        pytest.param(MLPipeline, ml_pipeline.plan_for, WINE, id="a pipeline"),
        pytest.param(MLPipelineRun, ml_pipeline_run.plan_for, RUN, id="a run"),
    ],
)
def test_an_unreadable_spec_is_told_once_and_the_rest_of_the_status_is_kept(kind: Any, plan_for: Any, name: ObjectName):
    body = stored(a_pipeline() if kind is MLPipeline else a_run())
    steps = body["spec"]["steps"] if kind is MLPipeline else body["spec"]["pipeline"]["steps"]
    steps[0]["command"] = "python train.py"
    body["status"] = {"phase": "Running"}

    plan = plan_for(name, a_world([body]))

    told = plan.status["conditions"][0]
    assert (told["status"], told["reason"], plan.status["phase"]) == ("False", "InvalidSpec", "Running")
    assert "steps[0].command" in told["message"]
    assert plan_for(name, a_world([after(body, plan)])).acts == ()


def test_a_pipeline_sees_its_own_runs_only():
    pipeline = stored(a_pipeline(run="one"))
    (run,) = children(ml_pipeline.plan_for(WINE, a_world([pipeline])))
    orphan = run | {"metadata": run["metadata"] | {"ownerReferences": [{"uid": "of-a-pipeline-that-was-deleted"}]}}

    mine = ml_pipeline.plan_for(WINE, a_world([pipeline, run]))
    other = ml_pipeline.plan_for(WINE, a_world([pipeline, orphan]))

    assert mine.status["lastRun"]["name"] == run["metadata"]["name"]
    assert children(mine) == []
    assert len(children(other)) == 1


def test_a_pipeline_sees_the_policies_of_its_namespace():
    pipeline = stored(a_pipeline(gates=GATED, run="one"))
    policy = stored(a_policy(at_least(0.9)))
    elsewhere = policy | {"metadata": policy["metadata"] | {"namespace": "beer"}}

    assert len(children(ml_pipeline.plan_for(WINE, a_world([pipeline, policy])))) == 1
    assert (
        ml_pipeline.plan_for(WINE, a_world([pipeline, elsewhere])).status["conditions"][0]["reason"] == "UnknownPolicy"
    )


def test_a_run_waits_until_jobs_and_pods_are_at_hand():
    world = a_world([stored(a_run())], unsynced=[WATCHES[1]])

    plan = ml_pipeline_run.plan_for(RUN, world)

    assert plan == Plan(watches=WATCHES, look_again=NOON + timedelta(seconds=1))


def started(settings: Settings = Settings()) -> tuple[dict[str, Any], dict[str, Any], Plan]:  # noqa: B008 - frozen
    """A run whose first step was started: the run, its Job, and the plan that did it."""
    run = stored(a_run(a_step("train", outputs=[{"name": "rows"}])))
    answers = tracked(run)
    plan = ml_pipeline_run.plan_for(RUN, a_world([run], answers, settings=settings))
    (job,) = children(plan)
    return after(run, plan), job, plan


def completed(job: dict[str, Any]) -> dict[str, Any]:
    """The Job as the server holds it once it went well."""
    condition = {"type": "Complete", "status": "True", "lastTransitionTime": NOON.isoformat()}
    return job | {"metadata": job["metadata"] | {"uid": "job-uid"}, "status": {"conditions": [condition]}}


def pod_of(job: dict[str, Any], said: str, **owner: str) -> dict[str, Any]:
    """A Pod that bears all labels of the Job's Pods, and ended well."""
    labels = job["spec"]["template"]["metadata"]["labels"]
    owners = [{"kind": "Job", "name": job["metadata"]["name"], "uid": job["metadata"]["uid"], **owner}]
    metadata = {"name": "p", "namespace": "wine", "labels": labels, "ownerReferences": owners}
    state = {"terminated": {"exitCode": 0, "message": said}}
    status = {"containerStatuses": [{"name": "step", "state": state}]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "status": status}


def test_a_job_that_only_bears_the_label_and_the_name_is_not_the_runs():
    run, job, _ = started()
    stranger = {"apiVersion": API_VERSION, "kind": "MLPipelineRun", "name": "wine-1-abcde", "uid": "another"}
    forged = completed(job) | {"metadata": completed(job)["metadata"] | {"ownerReferences": [stranger]}}

    plan = ml_pipeline_run.plan_for(RUN, a_world([run, forged, pod_of(forged, '{"rows": 178}')]))

    assert plan.status is None
    assert [child["kind"] for child in children(plan)] == ["Job"]


def test_the_words_of_a_pod_that_only_bears_the_label_are_not_heard():
    run, job, _ = started()
    job = completed(job)

    plan = ml_pipeline_run.plan_for(RUN, a_world([run, job, pod_of(job, '{"rows": 1}', uid="another")]))

    assert "steps" not in (plan.status or {}) or plan.status["steps"][0]["phase"] == "Running"


def test_a_run_reads_outputs_off_the_pod_of_its_job():
    run, job, _ = started()
    job = completed(job)

    there = [run, job, pod_of(job, '{"rows": 178}')]
    asked = ml_pipeline_run.plan_for(RUN, a_world(there)).questions

    plan = ml_pipeline_run.plan_for(RUN, a_world(there, {question: {} for question in asked}))

    assert plan.status["steps"][0] | {"startedAt": "", "job": ""} == {
        "name": "train",
        "phase": "Succeeded",
        "attempts": 1,
        "job": "",
        "startedAt": "",
        "finishedAt": "2026-01-15T12:00:00Z",
        "outputs": {"rows": "178"},
        "message": "",
    }


def test_a_step_finds_its_mlflow_run_in_its_environment():
    _, job, _ = started(Settings(mlflow_tracking_uri="http://mlflow:5000"))

    env = {each["name"]: each["value"] for each in job["spec"]["template"]["spec"]["containers"][0]["env"]}

    assert env == {
        "MLFLOW_TRACKING_URI": "http://mlflow:5000",
        "MLFLOW_EXPERIMENT_NAME": "wine/wine",
        "MLFLOW_RUN_ID": "mlflow-run",
        "KANARIA_OUTPUTS": "/dev/termination-log",
    }


def finished() -> dict[str, Any]:
    """A run that passed and whose proposal is due."""
    registry = Registry()
    run = stored(a_run(model=A_MODEL, promote=TO_WINE))
    run["status"] = {
        "phase": "Succeeded",
        "steps": [{"name": "train", "phase": "Succeeded"}],
        "tracking": {"runId": "run-r-1", "experiment": "wine/wine"},
        "model": {"name": "wine-quality", "version": registry.registered["run-r-1"].version},
        "proposals": [{"namespace": "wine", "modelDeployment": "wine", "state": "Due"}],
    }
    return run


def state_in(world: World) -> str:
    plan = ml_pipeline_run.plan_for(RUN, world)
    writes = [act for act in plan.acts if isinstance(act, WriteStatus)]
    return str(writes[0].status["proposals"][0]["state"])


def test_a_run_sees_that_its_git_sync_has_committed_the_edit():
    run, target = finished(), a_target()
    edits = edits_due(MLPipelineRun.read(run), {target.name: target})
    result = CommitResult(NOON, "abc", landed=edits)

    assert state_in(a_world([run, stored(target)])) == "Due"
    assert state_in(a_world([run, stored(target)], commit_results={SYNC: result})) == "Landed"


def test_a_finished_run_needs_no_jobs_at_hand():
    world = a_world([finished(), stored(a_target(candidate={"version": "8"}))], unsynced=WATCHES)

    assert state_in(world) == "Applied"


def test_a_run_sees_later_runs_of_its_pipeline():
    later = finished()
    mine = dict(marks.owned_by(ObjectRef(API_VERSION, "MLPipeline", "wine", "wine")))
    later["metadata"] = later["metadata"] | {"name": "wine-2-abcde", "labels": mine}
    later["spec"] = later["spec"] | {"number": 2}

    assert state_in(a_world([finished(), later, stored(a_target())])) == "Dropped"


def test_children_bear_the_label_by_which_their_owner_is_poked():
    _, job, plan = started()

    assert job["metadata"]["labels"][marks.OWNER] == "mlpipelinerun.wine-1-abcde"
    assert plan.watches == WATCHES
    assert all(watch.label == marks.OWNER for watch in WATCHES)


ON_NODES = {"engine": {"trainJob": {"runtimeRef": {"name": "torch-distributed"}}}}
TRAIN_JOBS = Watch("trainer.kubeflow.org/v1alpha1", "TrainJob", marks.OWNER)


@pytest.mark.parametrize(
    ("world", "reason"),
    [
        pytest.param({"unserved": ["TrainJob"]}, "EngineNotInstalled", id="not installed"),
        pytest.param(
            {"refused": {TRAIN_JOBS: "trainjobs is forbidden"}, "unsynced": [TRAIN_JOBS]}, "Forbidden", id="not allowed"
        ),
    ],
)
def test_an_engine_that_cannot_be_used_is_told_of_and_watched_for(world: dict[str, Any], reason: str):
    plan = ml_pipeline_run.plan_for(RUN, a_world([stored(a_run(a_step("train", **ON_NODES)))], **world))

    assert plan is not None
    assert plan.status is not None
    assert plan.status["conditions"][0]["reason"] == reason
    assert TRAIN_JOBS in plan.watches


def test_what_another_engine_made_is_found_among_the_runs_own():
    run = a_run(a_step("train", **ON_NODES))
    owner = {"uid": run.metadata.uid}
    labels = dict(marks.owned_by(run.ref))
    body = stored(run)
    first = ml_pipeline_run.plan_for(RUN, a_world([body]))
    assert first is not None
    body, answers = after(body, first), tracked(body)
    (made,) = children(ml_pipeline_run.plan_for(RUN, a_world([body], answers)) or Plan())
    assert (made["kind"], made["metadata"]["labels"][marks.OWNER]) == ("TrainJob", labels[marks.OWNER])
    made["metadata"]["ownerReferences"] = [owner]

    again = ml_pipeline_run.plan_for(RUN, a_world([body, made], answers))

    assert children(again or Plan()) == []
