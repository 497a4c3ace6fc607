"""When a step is taken from an earlier run instead of being run."""

from typing import Any

import pytest

from kanaria.api import MLPipelineRun
from kanaria.vocabulary import Answered, ArtifactThere
from pipelines import NOON, Story, a_run, a_step

PINNED = "registry/train@sha256:" + "a" * 64
CACHED = a_step("prepare", image=PINNED, cache={"maxAge": "1d"}, outputs=[{"name": "data"}])


def done(*steps: dict[str, Any], said: str = '{"data": "x"}', **spec: Any) -> MLPipelineRun:
    story = Story(a_run(*steps, **spec)).settle()
    while story.run.status.phase != "Succeeded":
        for entry in story.run.status.steps:
            if entry.phase == "Running":
                story.ends(entry.name, said=said)
        story.settle()
    return story.run


def again(*steps: dict[str, Any], older: MLPipelineRun, **spec: Any) -> Story:
    return Story(a_run(*steps, number=2, **spec), older=(older,))


def test_the_same_step_is_not_run_again():
    story = again(CACHED, a_step("train", after=("prepare",)), older=done(CACHED)).settle()

    entry = story.step("prepare")
    assert (entry.phase, entry.outputs, entry.cached_from) == ("Cached", {"data": "x"}, "wine-1-abcde")
    assert story.step("train").phase == "Running"
    assert [job["metadata"]["labels"]["kanaria.dev/step"] for job in story.jobs.values()] == ["train"]


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param(CACHED | {"command": ["python", "other.py"]}, id="another command"),
        pytest.param(CACHED | {"image": PINNED[:-1] + "b"}, id="another image"),
        pytest.param(CACHED | {"env": [{"name": "A", "value": "1"}]}, id="another environment"),
        pytest.param(CACHED | {"outputs": [{"name": "data"}, {"name": "rows"}]}, id="another output"),
        pytest.param(CACHED | {"cache": {"maxAge": "0s"}}, id="too old"),
        pytest.param({k: v for k, v in CACHED.items() if k != "cache"}, id="not to be cached"),
    ],
)
def test_a_step_that_differs_is_run(changed: dict[str, Any]):
    assert again(changed, older=done(CACHED)).later(seconds=1).settle().step("prepare").phase == "Running"


def test_another_parameter_or_commit_is_another_step():
    step = CACHED | {"command": ["x", "${parameters.a}"]}
    older = done(step, parameters=[{"name": "a", "value": "1"}])

    assert (
        again(step, older=older, parameters=[{"name": "a", "value": "2"}]).settle().step("prepare").phase == "Running"
    )
    assert again(step, older=older, parameters=[{"name": "a", "value": "1"}]).settle().step("prepare").phase == "Cached"


def test_a_tag_is_trusted_only_where_the_user_says_so():
    tagged = CACHED | {"image": "train:1"}
    trusted = tagged | {"cache": {"image": "Tag"}}

    assert again(tagged, older=done(tagged)).settle().step("prepare").phase == "Running"
    assert again(trusted, older=done(trusted)).settle().step("prepare").phase == "Cached"


def test_a_step_after_one_that_ran_anew_is_run_too():
    later = a_step("train", after=("prepare",), image=PINNED, cache={})
    older = done(CACHED | {"cache": None}, later)

    story = again(CACHED | {"cache": None}, later, older=older).settle().ends("prepare", said='{"data": "x"}').settle()

    assert story.step("train").phase == "Running"


def test_a_step_after_one_that_was_cached_is_cached_too():
    later = a_step("train", after=("prepare",), image=PINNED, cache={})

    story = again(CACHED, later, older=done(CACHED, later)).settle()

    assert [entry.phase for entry in story.run.status.steps] == ["Cached", "Cached"]
    assert story.run.status.phase == "Succeeded"


@pytest.mark.parametrize(("there", "phase"), [(True, "Cached"), (False, "Running")])
def test_a_hit_counts_only_while_its_artifact_is_there(there: bool, phase: str):  # noqa: FBT001 - a row
    story = again(CACHED, older=done(CACHED, said='{"data": "runs:/abc/data.parquet"}'))
    asked = []

    class Artifacts(type(story.registry)):  # type: ignore[misc]
        def answer(self, question: Any, now: Any) -> Any:
            if isinstance(question, ArtifactThere):
                asked.append(question.uri)
                return Answered(now, there)
            return super().answer(question, now)

    story.registry = Artifacts()

    assert story.settle().step("prepare").phase == phase
    assert set(asked) == {"runs:/abc/data.parquet"}


def test_an_mlflow_that_is_down_has_no_artifacts():
    story = again(CACHED, older=done(CACHED, said='{"data": "runs:/abc/data.parquet"}')).settle()
    assert story.step("prepare").phase == "Pending"
    assert "cached artifacts" in story.ready()[2]

    story.registry.down = "MLflow is down"

    assert story.settle().step("prepare").phase == "Running"


def test_the_age_counts_from_the_run_that_made_it():
    first = done(CACHED)
    second = again(CACHED, older=first).later(hours=23).settle().run
    third = Story(a_run(CACHED, number=3), older=(second,), now=NOON).later(hours=25).settle()

    assert third.step("prepare").phase == "Running"


def test_another_folder_of_the_same_commit_is_other_code():
    def source(path: str) -> dict[str, Any]:
        return {"git": {"url": "https://git.example.com/wine.git", "path": path}}

    older = done(CACHED, revision="abc", source=source("training"))

    assert (
        again(CACHED, older=older, revision="abc", source=source("other")).settle().step("prepare").phase == "Running"
    )
    same = again(CACHED, older=older, revision="abc", source=source("training"))
    assert same.settle().step("prepare").phase == "Cached"


def test_nothing_is_taken_from_a_run_whose_data_changed_while_it_read():
    older = done(CACHED)
    data = [{"name": "wine", "phase": "Changed", "digest": "sha256:a"}]
    body = older.model_dump(mode="json", by_alias=True, exclude_none=True)
    body["status"]["data"] = data

    assert again(CACHED, older=MLPipelineRun.read(body)).settle().step("prepare").phase == "Running"
