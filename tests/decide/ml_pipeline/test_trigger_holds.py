"""Which trigger may start a run: cooldown, budget, upstream pipelines, and triggers that are new."""

from datetime import timedelta
from typing import Any

import pytest

from kanaria.decide.ml_pipeline.failing import found_failing
from kanaria.triggers.kind import Failing
from pipeline_story import PipelineStory
from pipelines import NOON, a_pipeline

MINUTELY = {"name": "often", "schedule": {"cron": "* * * * *"}}


def ends(story: PipelineStory, minutes: int) -> list[str]:
    """The minutes after noon in which a run began, each run ending at once."""
    began = []
    for minute in range(minutes):
        before = len(story.runs)
        story.settle()
        if len(story.runs) > before:
            began.append(minute)
            story.ends().settle()
        story.later(minutes=1)
    return began


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        pytest.param({}, [0, 1, 2, 3, 4, 5, 6, 7], id="no limits"),
        pytest.param({"cooldown": "3m"}, [0, 3, 6], id="a cooldown"),
        pytest.param({"budget": {"runs": 2, "window": "5m"}}, [0, 1, 5, 6], id="a budget"),
        pytest.param({"cooldown": "2m", "budget": {"runs": 2, "window": "6m"}}, [0, 2, 6], id="both"),
    ],
)
def test_cooldown_and_budget_hold_what_is_due(limits: Any, expected: list[int]):
    assert ends(PipelineStory(a_pipeline(triggers=[MINUTELY | limits])), 8) == expected


def test_a_held_trigger_says_why_and_until_when_and_is_looked_at_then():
    story = PipelineStory(a_pipeline(triggers=[MINUTELY | {"cooldown": "1h"}])).settle().ends().settle()

    plan = story.later(minutes=1).visit()

    (entry,) = story.pipeline.status.triggers
    assert entry.held == "its cooldown of 1h lasts until 2026-01-15 13:00:00 UTC"
    assert plan.look_again == NOON + timedelta(hours=1)
    assert story.visit().acts == ()


def test_a_run_on_demand_is_not_held():
    story = PipelineStory(a_pipeline(triggers=[MINUTELY | {"cooldown": "1h"}])).settle().ends().settle()

    story.edited(run="now").later(minutes=1).settle()

    assert story.causes == ["often", "on-demand"]


def test_each_trigger_has_its_own_cooldown():
    hourly = {"name": "hourly", "schedule": {"cron": "*/2 * * * *"}}
    story = PipelineStory(a_pipeline(triggers=[MINUTELY | {"cooldown": "1h"}, hourly]))

    ends(story, 5)

    assert story.causes == ["often", "hourly", "hourly"]


def test_a_run_remembers_every_trigger_that_it_answers():
    hourly = {"name": "hourly", "schedule": {"cron": "0 * * * *"}}
    story = PipelineStory(a_pipeline(triggers=[MINUTELY, hourly]))

    story.visit()

    told = [{"name": name, "actedOn": "2026-01-15T12:00:00Z"} for name in ("often", "hourly")]
    assert story.newest["spec"]["cause"]["answers"] == told
    assert story.newest["spec"]["cause"]["value"] == "2026-01-15T12:00:00Z"


def test_a_schedule_added_later_does_not_make_up_for_times_before_it():
    story = PipelineStory(a_pipeline()).settle().later(minutes=1)

    story.edited(triggers=[{"name": "daily", "schedule": {"cron": "0 12 * * *"}}]).settle()

    assert story.runs == {}
    assert story.pipeline.status.next_run_at == NOON + timedelta(days=1)


def features(number: int, phase: str = "Succeeded") -> dict[str, Any]:
    at = (NOON + timedelta(minutes=number)).isoformat()
    status = {"phase": phase, "finishedAt": at, "model": {"name": "f", "version": str(number)}}
    return {
        "metadata": {"name": f"features-{number}"},
        "spec": {"pipelineRef": {"name": "features"}},
        "status": status,
    }


def test_a_pipeline_runs_after_each_success_of_another():
    after = {"name": "upstream", "pipeline": {"name": "features"}}
    story = PipelineStory(a_pipeline(triggers=[after])).settle()
    assert story.runs == {}

    story.others = [features(1), features(2, "Failed")]
    story.settle().ends().settle()
    story.others = [features(1), features(3)]
    story.settle().ends().settle()

    causes = [(r["spec"]["cause"]["trigger"], r["spec"]["cause"]["link"]) for r in story.runs.values()]
    assert causes == [("upstream", "MLPipelineRun features-1"), ("upstream", "MLPipelineRun features-3")]


def after(name: str) -> list[dict[str, Any]]:
    return [{"name": "upstream", "pipeline": {"name": name}}]


@pytest.mark.parametrize(
    ("before", "circle"),
    [
        pytest.param({"wine": ()}, "wine → wine", id="its own runs"),
        pytest.param({"features": ("wine",)}, "wine → features → wine", id="of two"),
        pytest.param({"features": ("raw",), "raw": ("raw", "wine")}, "wine → raw → features → wine", id="of three"),
    ],
)
def test_pipelines_that_would_start_each_other_without_end_run_not_at_all(
    before: dict[str, tuple[str, ...]], circle: str
):
    story = PipelineStory(a_pipeline(triggers=after(next(iter(before))), run="one"), before=before).settle()

    assert (story.ready()[:2], story.runs) == (("False", "CyclicTriggers"), {})
    assert f"without end: {circle}; remove" in story.ready()[2]


def test_a_pipeline_after_a_circle_that_it_is_not_part_of_runs():
    before = {"features": ("raw",), "raw": ("features",)}

    assert len(PipelineStory(a_pipeline(triggers=after("features"), run="one"), before=before).settle().runs) == 1


def watched(metric: str, since: int, verdict: str = "Failed") -> dict[str, Any]:
    at = (NOON - timedelta(minutes=since)).isoformat()
    return {"policy": "online", "metric": metric, "version": "7", "verdict": verdict, "evidence": "×2", "since": at}


def test_of_the_metrics_that_fail_the_one_that_failed_first_counts():
    watch = [watched("latency", 10), watched("errors", 60), watched("quality", 90, "Passed")]
    deployments = [{"metadata": {"name": "wine"}, "status": {"watch": watch}}, {"metadata": {"name": "beer"}}]

    found = found_failing(deployments)

    assert found == {("wine", "online"): Failing("errors", NOON - timedelta(minutes=60), "7", "×2")}


def test_a_model_that_decays_is_trained_again_and_again_after_each_cooldown():
    decay = {"policyRef": {"name": "online"}, "modelDeployment": {"name": "wine"}, "for": "30m"}
    story = PipelineStory(a_pipeline(triggers=[{"name": "decay", "metric": decay, "cooldown": "1h"}])).settle()
    story.failing = found_failing([{"metadata": {"name": "wine"}, "status": {"watch": [watched("errors", 0)]}}])
    assert story.settle().decide().look_again == NOON + timedelta(minutes=30)

    for _ in range(13):
        story.later(minutes=10).settle()
        if story.runs:
            story.ends().settle()

    assert story.causes == ["decay", "decay"]
    assert story.newest["spec"]["cause"]["link"] == "ModelDeployment wine"
