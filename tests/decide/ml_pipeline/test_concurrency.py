"""What a pipeline does when a run is due while another is under way, and when one is to be resumed."""

from datetime import timedelta

import pytest

from kanaria.decide.ml_pipeline.start import QUEUE_MAX
from pipeline_story import PipelineStory
from pipelines import NOON, a_pipeline, a_step

SOURCE = {"git": {"url": "https://git.example.com/wine.git", "path": "training", "interval": "30s"}}


@pytest.mark.parametrize(("policy", "runs"), [("Forbid", 1), ("Allow", 3), ("Replace", 3), ("Queue", 3)])
def test_the_policy_decides_whether_a_run_is_made_beside_another(policy: str, runs: int):
    story = PipelineStory(a_pipeline(run="0", concurrencyPolicy=policy)).settle()

    for number in ("1", "2"):
        story.edited(run=number).settle()

    assert len(story.runs) == runs
    assert [run["spec"]["pipeline"]["concurrencyPolicy"] for run in story.runs.values()] == [policy] * runs


def test_a_queue_is_bounded():
    story = PipelineStory(a_pipeline(run="0", concurrencyPolicy="Queue")).settle()
    for number in range(1, QUEUE_MAX + 4):
        story.edited(run=str(number)).settle()
    assert len(story.runs) == QUEUE_MAX + 1
    assert "is due and waits" in story.ready()[2]

    next(iter(story.runs.values()))["status"] = {"phase": "Succeeded"}

    assert len(story.settle().runs) == QUEUE_MAX + 2


def a_failed_story() -> PipelineStory:
    story = PipelineStory(a_pipeline(source=SOURCE, triggers=[{"name": "code", "source": {}}]), head="abc").settle()
    done = {"name": "train", "phase": "Succeeded", "outputs": {"n": "1"}, "finishedAt": NOON.isoformat()}
    tracking = {"runId": "m-1", "experiment": "wine/wine"}
    return story.ends("Failed", steps=[done, {"name": "more", "phase": "Failed"}], tracking=tracking).settle()


def asking(story: PipelineStory, name: str) -> PipelineStory:
    story.edited()
    story.pipeline.metadata.annotations.update({"kanaria.dev/resume": name})  # type: ignore[attr-defined]
    return story


def test_a_run_that_failed_goes_on_in_a_new_one_with_its_own_spec_and_commit():
    story = a_failed_story()
    first = story.newest
    story.head = "def"  # newer code is due as well: it waits its turn
    story.edited(steps=[a_step("other")])

    asking(story, first["metadata"]["name"]).settle()

    second = story.newest["spec"]
    assert (second["cause"]["trigger"], second["revision"]) == ("resume", "abc")
    assert second["pipeline"] == first["spec"]["pipeline"]
    assert second["resumes"]["steps"] == [
        {"name": "train", "outputs": {"n": "1"}, "finishedAt": "2026-01-15T12:00:00Z"}
    ]
    assert second["resumes"]["tracking"]["runId"] == "m-1"
    assert story.ends().settle().newest["spec"]["revision"] == "def"
    assert story.ends().settle().causes == ["code", "resume", "code"]


@pytest.mark.parametrize(
    ("name", "fact"), [("nobody", "'nobody' is not there"), ("", "")], ids=["an unknown run", "no run"]
)
def test_a_run_that_cannot_be_resumed_is_told_once(name: str, fact: str):
    story = asking(a_failed_story(), name)

    told = [notice for _ in range(3) for notice in story.visit().notices if notice.reason == "NotResumed"]

    assert len(story.runs) == 1
    assert [fact in notice.message for notice in told] == ([True] if name else [])


def test_a_run_that_succeeded_is_not_resumed():
    story = PipelineStory(a_pipeline(run="1")).settle().ends().settle()

    told = asking(story, story.newest["metadata"]["name"]).visit().notices

    assert ["did not fail" in notice.message for notice in told] == [True]


def test_the_run_whose_volume_is_used_is_kept():
    story = PipelineStory(a_pipeline(run="1", failedRunsHistoryLimit=0)).settle().ends("Failed").settle()
    first = story.newest["metadata"]["name"]

    asking(story, first).settle()
    assert first in story.runs
    story.ends().settle()

    assert first not in story.runs


def test_a_cancelled_run_does_not_stall_its_pipeline():
    story = PipelineStory(a_pipeline(run="1")).settle().later(seconds=1)

    story.ends("Cancelled").settle()

    assert story.ready()[:2] == ("True", "Cancelled")
    assert story.now - NOON == timedelta(seconds=1)


def test_steps_of_on_exit_belong_to_the_end_of_each_run():
    story = PipelineStory(a_pipeline(a_step("a"), run="1", onExit=[a_step("tell")])).settle()
    ended = [{"name": "a", "phase": "Succeeded"}, {"name": "tell", "phase": "Succeeded"}]
    story.ends("Failed", steps=ended).settle()

    asking(story, story.newest["metadata"]["name"]).settle()

    assert [step["name"] for step in story.newest["spec"]["resumes"]["steps"]] == ["a"]


def test_a_run_whose_data_changed_while_it_read_is_not_resumed():
    story = PipelineStory(a_pipeline(run="1")).settle()
    story.ends("Failed", data=[{"name": "wine", "phase": "Changed", "digest": "sha256:a"}]).settle()

    told = asking(story, story.newest["metadata"]["name"]).visit().notices

    assert ["its data changed while it read" in notice.message for notice in told] == [True]
    assert len(story.settle().runs) == 1


def test_a_run_whose_volume_went_with_the_first_is_not_resumed():
    story = PipelineStory(a_pipeline(run="1", workspace={"size": "1Gi"}, failedRunsHistoryLimit=1)).settle()
    first = story.ends("Failed").settle().newest["metadata"]["name"]
    asking(story, first).settle().ends("Failed").settle()
    second = story.newest["metadata"]["name"]
    assert first not in story.runs

    told = asking(story, second).visit().notices

    assert [f"the workspace of run {first!r}" in notice.message for notice in told] == [True]
    assert len(story.settle().runs) == 1
