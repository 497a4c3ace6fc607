"""Runs that are cancelled, replaced, lined up, or go on where another failed."""

import pytest

from kanaria.api import MLPipelineRun
from kanaria.vocabulary import Delete, EndTrackingRun, TrackingRun
from pipelines import NOON, Story, a_run, a_step

STEPS = (a_step("a", outputs=[{"name": "n"}]), a_step("b", after=("a",)))


def test_a_run_that_is_cancelled_ends_at_once_and_its_jobs_go():
    story = Story(a_run(*STEPS, onExit=[a_step("tell")])).settle()
    story.cancelled = "wine-1-abcde"

    plan = story.visit()

    assert [act.target.kind for act in plan.acts if isinstance(act, Delete)] == ["Job"]
    assert [act.ending for act in plan.acts if isinstance(act, EndTrackingRun)] == ["KILLED"]
    assert (story.run.status.phase, story.ready()[1]) == ("Cancelled", "Cancelled")
    assert [entry.phase for entry in story.run.status.steps] == ["Failed", "Skipped", "Skipped"]
    assert story.settle().decide().acts == ()


@pytest.mark.parametrize("phase", ["Succeeded", "Failed"])
def test_a_run_that_is_over_cannot_be_cancelled(phase: str):
    story = Story(a_run(a_step("a"))).settle().ends("a", code=int(phase == "Failed")).settle()

    story.cancelled = "wine-1-abcde"

    assert story.settle().run.status.phase == phase


def test_the_annotation_cancels_no_other_run():
    story = Story(a_run(*STEPS), cancelled="wine-7-abcde").settle()

    assert story.run.status.phase == "Running"


@pytest.mark.parametrize(("policy", "phase"), [("Replace", "Cancelled"), ("Allow", "Running"), ("Queue", "Running")])
def test_a_newer_run_replaces_an_older_one_where_the_policy_says_so(policy: str, phase: str):
    story = Story(a_run(*STEPS)).settle()

    story.newer = (a_run(*STEPS, number=2, concurrencyPolicy=policy),)

    assert story.settle().run.status.phase == phase


@pytest.mark.parametrize(("policy", "waits"), [("Replace", True), ("Queue", True), ("Allow", False), ("Forbid", False)])
def test_a_run_waits_for_its_turn(policy: str, waits: bool):  # noqa: FBT001 - a row
    story = Story(a_run(*STEPS, number=2, concurrencyPolicy=policy), older=(a_run(*STEPS),)).settle()
    assert (story.run.status.phase == "Pending") == waits
    if not waits:
        return
    assert story.ready()[2] == "it begins when run wine-1-abcde is over"
    assert story.run.status.started_at is None

    story.older = (Story(a_run(a_step("a"))).settle().ends("a", code=1).settle().run,)

    story.later(minutes=5).settle()
    assert (story.run.status.phase, story.run.status.started_at) == ("Running", story.now)


def failed() -> MLPipelineRun:
    story = Story(a_run(*STEPS, workspace={"size": "1Gi"}, revision="abc")).settle()
    return story.ends("a", said='{"n": "7"}').settle().ends("b", code=1).settle().run


def resumed(**changes: str) -> MLPipelineRun:
    before = failed()
    body = before.model_dump(mode="json", by_alias=True, exclude_none=True)
    kept = [{"name": "a", "outputs": {"n": "7"}, "finishedAt": NOON.isoformat()}]
    tracking = {"runId": "run-r-1", "experiment": "wine/wine"}
    resumes = {
        "run": before.metadata.name,
        "root": before.metadata.name,
        "tracking": tracking,
        "steps": kept,
        **changes,
    }
    metadata = body["metadata"] | {"name": "wine-2-abcde", "uid": "r-2"}
    spec = body["spec"] | {"number": 2, "resumes": resumes}
    return MLPipelineRun.read({"metadata": metadata, "spec": spec})


def test_a_resumed_run_runs_only_what_did_not_succeed():
    story = Story(resumed())

    story.settle()

    a, b = story.run.status.steps
    assert (a.phase, a.outputs, a.cached_from, b.phase) == ("Cached", {"n": "7"}, "wine-1-abcde", "Running")
    assert [job["metadata"]["labels"]["kanaria.dev/step"] for job in story.jobs.values()] == ["b"]
    assert story.ends("b").settle().run.status.phase == "Succeeded"


def test_a_resumed_run_goes_on_with_the_mlflow_run_and_the_volume_of_the_first():
    story = Story(resumed(root="wine-0-abcde"))
    plans = [story.visit() for _ in range(2)]

    assert story.run.status.tracking.run_id == "run-r-1"
    assert not [q for plan in plans for q in plan.questions if isinstance(q, TrackingRun)]
    (job,) = story.jobs.values()
    (volume,) = job["spec"]["template"]["spec"]["volumes"]
    assert volume["persistentVolumeClaim"]["claimName"] == "wine-0-abcde-workspace"
    kinds = [act.manifest["kind"] for plan in plans for act in plan.acts if hasattr(act, "manifest")]
    assert kinds == ["Job"]


def test_a_job_that_looks_at_the_data_goes_with_a_cancelled_run():
    story = Story(a_run(*STEPS, data=[{"name": "wine", "uri": "s3://lake/wine.csv"}])).settle()
    assert len(story.jobs) == 1

    story.cancelled = "wine-1-abcde"

    assert story.settle().jobs == {}
