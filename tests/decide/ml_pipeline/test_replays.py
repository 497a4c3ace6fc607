"""A run that is repeated: from its own spec and commit, beside what the pipeline does by itself."""

from typing import Any

import pytest

from pipeline_story import PipelineStory
from pipelines import A_MODEL, GATED, TO_WINE, a_pipeline, a_step

SOURCE = {"git": {"url": "https://git.example.com/wine.git", "path": "training"}}
CODE = [{"name": "code", "source": {}}]
STEP = a_step("train", cache={"maxAge": "1d", "image": "Tag"})
DATA = [{"name": "train", "uri": "s3://lake/wine.parquet"}]


def a_story(**spec: Any) -> PipelineStory:
    """One run that succeeded, of commit abc."""
    whole = {"source": SOURCE, "triggers": CODE, "gates": GATED, "data": DATA, "parameters": [], **spec}
    pipeline = a_pipeline(STEP, a_step("report"), model={**A_MODEL, "step": "report"}, promote=TO_WINE, **whole)
    story = PipelineStory(pipeline, head="abc", policies=frozenset({"offline"})).settle()
    step = {"name": "train", "phase": "Succeeded", "imageId": "python@sha256:1"}
    data = [{"name": "train", "digest": "sha256:d"}]
    return story.ends(metrics={"accuracy": 0.9}, data=data, steps=[step]).settle()


def asking(story: PipelineStory, request: str) -> PipelineStory:
    story.edited()
    story.pipeline.metadata.annotations.update({"kanaria.dev/replay": request})  # type: ignore[attr-defined]
    return story


def name_of_the_first(story: PipelineStory) -> str:
    return str(min(story.runs.values(), key=lambda run: run["spec"]["number"])["metadata"]["name"])


def test_a_replay_runs_the_frozen_spec_at_its_commit_and_judges_and_proposes_nothing():
    story = a_story()
    first = story.newest
    story.edited(parameters=[{"name": "alpha", "value": "2"}])

    asking(story, f"{name_of_the_first(story)}#once").settle()

    made, before = story.newest["spec"], first["spec"]["pipeline"]
    assert (made["cause"]["trigger"], made["revision"]) == ("replay", "abc")
    assert made["replays"] == {
        "run": first["metadata"]["name"],
        "request": f"{first['metadata']['name']}#once",
        "metrics": {"accuracy": 0.9},
        "data": {"train": "sha256:d"},
        "images": {"train": "python@sha256:1"},
    }
    assert (made["pipeline"]["gates"], made["pipeline"]["promote"], made["pipeline"]["triggers"]) == ([], [], [])
    assert "cache" not in made["pipeline"]["steps"][0]
    assert made["pipeline"]["parameters"] == before["parameters"]


def test_a_replay_replaces_no_other_run():
    story = a_story(concurrencyPolicy="Replace")

    asking(story, name_of_the_first(story)).settle()

    assert story.newest["spec"]["pipeline"]["concurrencyPolicy"] == "Allow"


def test_a_replay_waits_for_no_commit_of_the_code():
    story = a_story()
    story.head = None

    assert asking(story, name_of_the_first(story)).settle().causes == ["code", "replay"]


def test_the_newest_run_that_is_no_replay_is_kept_beside_newer_replays():
    story = a_story(successfulRunsHistoryLimit=1)
    first = name_of_the_first(story)

    for number in "12":
        asking(story, f"{first}#{number}").settle().ends().settle()

    assert first in story.runs


def test_a_replay_is_made_once_for_each_wish_and_again_for_another():
    story = a_story()
    name = name_of_the_first(story)
    asking(story, f"{name}#1").settle().ends().settle()
    assert story.causes == ["code", "replay"]

    asking(story, f"{name}#2").settle()

    assert story.causes == ["code", "replay", "replay"]


def test_a_replay_that_is_resumed_brings_no_later_wish_back():
    story = a_story()
    name = name_of_the_first(story)
    asking(story, f"{name}#1").settle().ends("Failed").settle()
    failed = story.newest["metadata"]["name"]
    asking(story, f"{name}#2").settle().ends().settle()

    story.pipeline.metadata.annotations.update({"kanaria.dev/resume": failed})  # type: ignore[attr-defined]
    story.settle().ends().settle()

    assert story.causes == ["code", "replay", "replay", "resume"]


@pytest.mark.parametrize("phase", ["Succeeded", "Failed"])
def test_what_comes_of_a_replay_is_no_news_of_the_pipeline(phase: str):
    story = a_story()
    before = (story.ready(), story.pipeline.status.last_run, story.pipeline.status.revision)

    asking(story, name_of_the_first(story)).settle().ends(phase).settle()

    assert (story.ready(), story.pipeline.status.last_run, story.pipeline.status.revision) == before


def test_code_that_is_new_is_run_after_the_replay():
    story = a_story()
    story.head = "def"

    asking(story, name_of_the_first(story)).settle()

    assert story.causes == ["code", "replay"]
    assert story.ends().settle().newest["spec"]["revision"] == "def"


def test_the_success_of_a_replay_starts_no_pipeline_after_it():
    story = a_story()
    asking(story, name_of_the_first(story)).settle()
    replay = story.ends(finishedAt="2026-01-15T12:00:00Z").newest
    after = PipelineStory(a_pipeline(triggers=[{"name": "up", "pipeline": {"name": "wine"}}]), others=[replay])

    assert after.settle().later(days=1).settle().runs == {}


@pytest.mark.parametrize("name", ["nobody", "wine-1"])
def test_a_run_that_cannot_be_repeated_is_told_once(name: str):
    story = asking(a_story(), name)

    plan = story.visit()

    (notice,) = (each for each in plan.notices if each.reason == "NotReplayed")
    assert (
        f"run {name!r} is not there, or did not succeed (those that did: {name_of_the_first(story)})" in notice.message
    )
    assert story.settle().visit().notices == ()
    assert len(story.runs) == 1


def test_a_run_that_failed_is_not_repeated():
    story = PipelineStory(a_pipeline(run="one")).settle().ends("Failed").settle()

    plan = asking(story, name_of_the_first(story)).visit()

    assert [each.reason for each in plan.notices] == ["NotReplayed"]
