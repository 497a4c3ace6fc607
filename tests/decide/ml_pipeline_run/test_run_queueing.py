"""A step with a queue waits for Kueue, in sight of all, and no deadline counts meanwhile."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from kanaria.decide.ml_pipeline_run.queueing import queued
from kanaria.vocabulary import Apply, Delete
from kanaria.vocabulary.marks import QUEUE
from pipelines import NOON, Story, a_run, a_step

GPU = {"queueName": "gpus"}


def admit(story: Story, step: str) -> None:
    """Kueue lets the step's Job begin."""
    job = story.jobs[story.step(step).job]
    job["spec"]["suspend"] = False
    job["status"] = {"startTime": story.now.isoformat()}


def reconciling(story: Story) -> tuple[str, str]:
    found = next(each for each in story.run.status.conditions if each.type == "Reconciling")
    return found.reason, found.message


def test_a_job_with_a_queue_is_made_suspended_and_others_are_not():
    story = Story(a_run(a_step("a"), a_step("b", **GPU))).settle()

    plain, waiting = (story.jobs[story.step(name).job] for name in "ab")
    assert (waiting["spec"]["suspend"], waiting["metadata"]["labels"][QUEUE]) == (True, "gpus")
    assert "suspend" not in plain["spec"]
    assert QUEUE not in plain["metadata"]["labels"]
    assert QUEUE not in waiting["spec"]["template"]["metadata"]["labels"]


def test_the_run_says_that_it_is_queued_until_kueue_admits_its_job():
    story = Story(a_run(a_step("train", **GPU))).settle()
    reason, message = reconciling(story)
    assert (reason, story.run.status.phase) == ("Queued", "Running")
    assert "kubectl describe localqueue gpus" in message

    admit(story, "train")
    story.settle()

    assert reconciling(story) == ("Running", "step 'train' runs (0 of 1 done)")
    assert story.ends("train").settle().run.status.phase == "Succeeded"


def test_one_step_that_runs_beside_one_that_waits_is_a_run_that_runs():
    story = Story(a_run(a_step("a"), a_step("b", **GPU))).settle()

    assert reconciling(story)[0] == "Running"
    assert "step 'b' is queued" in reconciling(story)[1]


def test_suspend_is_kueues_alone_once_the_job_is_made():
    story = Story(a_run(a_step("train", **GPU)))
    applied: list[Apply] = []
    for _ in range(5):
        applied += [act for act in story.visit().acts if isinstance(act, Apply)]
    admit(story, "train")
    for _ in range(3):
        applied += [act for act in story.visit().acts if isinstance(act, Apply)]

    assert [act.force for act in applied] == [False]
    assert story.jobs[story.step("train").job]["spec"]["suspend"] is False


def test_the_runs_deadline_is_put_off_by_the_time_in_the_queue():
    steps = (a_step("train", **GPU), a_step("after", after=("train",)))
    story = Story(a_run(*steps, activeDeadlineSeconds=60)).settle().later(hours=5).settle()
    assert reconciling(story)[0] == "Queued"
    assert story.decide().look_again is None

    admit(story, "train")
    story.settle().later(seconds=50).ends("train").settle()
    after = story.jobs[story.step("after").job]
    assert after["spec"]["activeDeadlineSeconds"] == 10

    story.later(seconds=10).ends("after", code=1, reason="DeadlineExceeded").settle()
    assert (story.run.status.phase, story.ready()[1]) == ("Failed", "DeadlineExceeded")


def test_a_job_that_is_suspended_by_hand_is_told_of():
    story = Story(a_run(a_step("train"))).settle()
    story.jobs[story.step("train").job]["spec"]["suspend"] = True

    story.settle()

    assert reconciling(story)[0] == "Queued"
    assert "suspended, by hand" in reconciling(story)[1]


def test_a_run_that_is_cancelled_in_the_queue_leaves_no_job():
    story = Story(a_run(a_step("train", **GPU))).settle()
    story.cancelled = "wine-1-abcde"

    plan = story.visit()

    assert [act.target.kind for act in plan.acts if isinstance(act, Delete)] == ["Job"]
    assert (story.run.status.phase, story.jobs) == ("Cancelled", {})


def a_wait(begins: int, ends: int | None, *, again: bool = False, queue: bool = True) -> dict[str, Any]:
    def at(seconds: int) -> str:
        return (NOON + timedelta(seconds=seconds)).isoformat()

    labels = {QUEUE: "gpus"} if queue else {}
    status = {} if ends is None else {"startTime": at(ends)}
    suspend = ends is None or again
    metadata = {"creationTimestamp": at(begins), "labels": labels}
    return {"metadata": metadata, "spec": {"suspend": suspend}, "status": status}


@pytest.mark.parametrize(
    ("jobs", "seconds"),
    [
        pytest.param([], 0, id="no Job"),
        pytest.param([a_wait(0, 30, queue=False)], 0, id="a Job of no queue"),
        pytest.param([a_wait(0, 30)], 30, id="one that was admitted"),
        pytest.param([a_wait(10, None)], 90, id="one that waits yet"),
        pytest.param([a_wait(0, 30, again=True)], 100, id="one that is suspended again"),
        pytest.param([a_wait(0, 30), a_wait(10, 20)], 30, id="one within another"),
        pytest.param([a_wait(10, 40), a_wait(0, 20)], 40, id="two that overlap"),
        pytest.param([a_wait(0, 10), a_wait(50, 60)], 20, id="two apart"),
        pytest.param([a_wait(100, 100)], 0, id="admitted in the same second"),
        pytest.param([a_wait(101, None)], 0, id="made by a clock before ours"),
    ],
)
def test_time_in_queues_counts_once(jobs: list[dict[str, Any]], seconds: int):
    now: datetime = NOON + timedelta(seconds=100)

    assert queued(jobs, now) == timedelta(seconds=seconds)
