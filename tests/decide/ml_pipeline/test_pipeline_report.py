"""What a pipeline says of itself, refuses, and keeps."""

import pytest

from kanaria.api.ml_pipeline import MLPipelineStatus
from kanaria.vocabulary import Delete
from pipeline_story import PipelineStory
from pipelines import GATED, a_pipeline, a_step


def summary(status: MLPipelineStatus) -> tuple:
    last = status.last_run
    return (status.phase, *((last.phase, last.trigger, last.version, last.verdict) if last else ()))


def test_before_the_first_run_it_waits_for_its_triggers():
    story = PipelineStory(a_pipeline()).settle()

    assert summary(story.pipeline.status) == ("Pending",)
    assert story.ready() == ("True", "Succeeded", "no trigger was due yet")


def test_a_run_under_way_is_told():
    story = PipelineStory(a_pipeline(run="one")).settle()

    assert summary(story.pipeline.status) == ("Running", "Running", "on-demand", "", "")
    assert story.ready()[:2] == ("Unknown", "Running")


def test_the_newest_run_decides_what_is_told():
    story = PipelineStory(a_pipeline(run="one")).settle()

    story.ends(model={"name": "wine-quality", "version": "8"}, verdict="Passed").settle()

    assert summary(story.pipeline.status) == ("Succeeded", "Succeeded", "on-demand", "8", "Passed")
    assert story.ready()[:2] == ("True", "RunSucceeded")


def test_a_failed_run_stalls_the_pipeline_until_the_next_one():
    story = PipelineStory(a_pipeline(run="one")).settle()
    story.ends("Failed").settle()
    assert story.ready() == ("False", "StepFailed", f"run {story.newest['metadata']['name']}: said the run")

    story.edited(run="two").settle()

    assert story.ready()[:2] == ("Unknown", "Running")


@pytest.mark.parametrize(
    ("steps", "spec", "reason", "sentence"),
    [
        pytest.param(
            [a_step("a", after=("c",)), a_step("b", after=("a",)), a_step("c", after=("b",))],
            {},
            "CyclicSteps",
            "a → c → b → a",
            id="a circle",
        ),
        pytest.param([a_step("a", after=("a",))], {}, "CyclicSteps", "a → a", id="a step that waits for itself"),
        pytest.param(
            [a_step("a") | {"command": ["x", "${parameters.beta}"]}],
            {"parameters": [{"name": "alpha", "value": "1"}]},
            "InvalidSpec",
            "spec.steps 'a', command[1]: ${parameters.beta} stands for nothing; there is: ${parameters.alpha}",
            id="an unknown parameter",
        ),
        pytest.param(
            [a_step("a", outputs=[{"name": "n"}]), a_step("b") | {"command": ["${steps.a.outputs.n}"]}],
            {},
            "InvalidSpec",
            "${steps.a.outputs.n} stands for nothing; there is: ${run.name}.",
            id="an output of a step it does not wait for",
        ),
        pytest.param(
            [a_step("a")],
            {"gates": GATED},
            "UnknownPolicy",
            "spec.gates[0]: MetricPolicy 'offline' does not exist in namespace wine (there: other)",
            id="an unknown policy",
        ),
    ],
)
def test_what_can_never_run_is_refused_with_place_and_fact(steps: list, spec: dict, reason: str, sentence: str):
    story = PipelineStory(a_pipeline(*steps, run="one", **spec), policies=frozenset({"other"})).settle()

    status, said, message = story.ready()

    assert (status, said, story.runs) == ("False", reason, {})
    assert sentence in message


def test_a_policy_that_comes_later_is_seen():
    story = PipelineStory(a_pipeline(gates=GATED, run="one")).settle()
    assert story.decide().look_again is None  # it is poked

    story.policies = frozenset({"offline"})

    assert len(story.settle().runs) == 1


def after_runs(phases: list[str], **spec: int) -> PipelineStory:
    story = PipelineStory(a_pipeline(**spec))
    for number, phase in enumerate(phases):
        story.edited(run=str(number)).settle()
        story.ends(phase).settle()
    return story


@pytest.mark.parametrize(
    ("phases", "limits", "kept"),
    [
        pytest.param(["Succeeded"] * 4, (2, 1), [3, 4], id="the newest succeeded"),
        pytest.param(["Failed", "Succeeded", "Failed", "Failed"], (2, 1), [2, 4], id="each phase has its limit"),
        pytest.param(["Succeeded", "Succeeded"], (0, 0), [2], id="the newest run is always kept"),
        pytest.param(["Succeeded", "Failed"], (0, 1), [2], id="older ones of another phase go"),
    ],
)
def test_only_as_many_runs_are_kept_as_asked(phases: list[str], limits: tuple[int, int], kept: list[int]):
    story = after_runs(phases, successfulRunsHistoryLimit=limits[0], failedRunsHistoryLimit=limits[1])

    assert sorted(run["spec"]["number"] for run in story.runs.values()) == kept


def test_a_run_whose_proposal_is_open_is_kept():
    story = after_runs(["Succeeded", "Succeeded"], successfulRunsHistoryLimit=1)
    proposal = {"namespace": "wine", "modelDeployment": "wine", "state": "Due"}
    story.newest["status"]["proposals"] = [proposal]

    story.edited(run="again").settle()
    story.ends().settle()

    assert sorted(run["spec"]["number"] for run in story.runs.values()) == [2, 3]


def test_only_runs_that_still_bear_the_pipelines_label_are_deleted():
    story = after_runs(["Succeeded"], successfulRunsHistoryLimit=1)
    story.edited(run="again").settle()
    story.ends()

    (delete,) = [act for act in story.visit().acts if isinstance(act, Delete)]

    assert delete.only_if_label == ("kanaria.dev/owner", "mlpipeline.wine")
    assert delete.account is None


def test_at_rest_nothing_is_written():
    assert after_runs(["Succeeded", "Failed"]).decide().acts == ()
