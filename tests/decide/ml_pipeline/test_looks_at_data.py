"""Jobs of the team look at data for the triggers `data` and `drift`; what they found starts a run, once."""

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from pydantic import ValidationError

from kanaria.api import MLPipelineRun
from kanaria.api.ml_pipeline import TriggerStatus
from kanaria.decide.ml_pipeline import Seen, decide
from kanaria.decide.ml_pipeline.look import WATCHES
from kanaria.decide.ml_pipeline.scene import Looks
from kanaria.decide.ml_pipeline_run.observe import by_job
from kanaria.vocabulary import Answer, Answered, Apply, Delete, ModelVersion, ModelVersionAsked, Plan, Question
from pipeline_story import PipelineStory
from pipelines import TO_WINE, a_pipeline, a_pod

WINE = [{"name": "wine", "uri": "s3://lake/wine.csv"}]
FRESH = {"name": "fresh", "data": {"name": "wine", "interval": "5m"}}
DRIFT = {"name": "far", "drift": {"data": "wine", "threshold": 0.2, "interval": "1h"}}
MODEL = {"name": "wine-quality", "step": "train"}


@dataclass
class LookStory(PipelineStory):
    """A pipeline whose Jobs look at data; `stable` is what the first target serves."""

    jobs: dict[str, dict[str, Any]] | None = field(default_factory=dict)
    pods: dict[str, dict[str, Any]] = field(default_factory=dict)
    stable: tuple[str, str] | None = ("wine-quality", "7")
    asked: list[Question] = field(default_factory=list)

    def _answer(self, question: Question) -> Answer | None:
        self.asked.append(question)
        assert isinstance(question, ModelVersionAsked)
        return Answered(self.now, ModelVersion(question.model, question.version, "s3://m", run_id="run-of-7"))

    def decide(self) -> Plan:
        runs = tuple(MLPipelineRun.read(body) for body in self.runs.values())
        pods = by_job(self.jobs or {}, self.pods.values())
        looks = Looks(self.jobs, pods, self.stable, "kanaria-data:1", "http://mlflow")
        return decide(self.pipeline, Seen(self._answer, runs, failure=self.failure, looks=looks), self.now)

    def _carry(self, act: Any) -> None:
        jobs = {} if self.jobs is None else self.jobs
        if isinstance(act, Apply) and act.manifest["kind"] == "Job":
            assert act.account is not None
            body = json.loads(json.dumps(act.manifest))
            body["metadata"]["uid"] = f"uid-{body['metadata']['name']}"
            jobs[body["metadata"]["name"]] = body
        elif isinstance(act, Delete) and act.target.kind == "Job":
            del jobs[act.target.name]
        else:
            super()._carry(act)

    @property
    def job(self) -> dict[str, Any]:
        (found,) = (self.jobs or {}).values()
        return found

    @property
    def words(self) -> list[str]:
        words: list[str] = self.job["spec"]["template"]["spec"]["containers"][0]["command"]
        return words

    def finds(self, report: dict[str, Any] | str, code: int = 0) -> "LookStory":
        """The Job ends with this as its last words."""
        type_ = "Failed" if code else "Complete"
        self.job["status"] = {
            "conditions": [{"type": type_, "status": "True", "lastTransitionTime": self.now.isoformat()}]
        }
        said = report if isinstance(report, str) else json.dumps(report)
        state = {"terminated": {"exitCode": code, "message": said, "reason": "Error" if code else "Completed"}}
        self.pods["pod"] = a_pod(self.job, state)
        self.settle()
        return self

    def again(self, report: dict[str, Any], **later: float) -> "LookStory":
        """The next look finds this."""
        self.later(**later).settle()
        return self.finds(report)

    @property
    def entry(self) -> TriggerStatus:
        return self.pipeline.status.triggers[0]


def a_story(trigger: dict[str, Any], **more: Any) -> LookStory:
    story = LookStory(a_pipeline(data=WINE, triggers=[trigger], model=MODEL, promote=TO_WINE, **more))
    story.settle()
    return story


def told(digest: str, **more: Any) -> dict[str, Any]:
    return {"digest": digest, "listing": f"l-{digest}", **more}


def ran(story: LookStory, digest: str) -> LookStory:
    """The newest run read this, and is over."""
    story.ends(data=[{"name": "wine", "phase": "Unchanged", "digest": digest}]).settle()
    return story


def test_a_look_is_a_job_of_the_team_and_none_follows_within_its_interval():
    story = a_story(FRESH)
    labels = story.job["metadata"]["labels"]
    assert (labels["kanaria.dev/trigger"], labels["kanaria.dev/owner"]) == ("fresh", "mlpipeline.wine")
    assert story.words[:3] == ["kanaria", "data", "digest"]

    ran(story.finds(told("sha256:a")), "sha256:a")
    first = story.job["metadata"]["name"]
    story.later(minutes=4).settle()
    assert story.job["metadata"]["name"] == first
    story.later(minutes=1).settle()

    assert story.job["metadata"]["name"] != first
    assert json.loads(story.words[5]) == {"digest": "sha256:a", "listing": "l-sha256:a"}


def test_at_rest_a_look_that_finds_nothing_new_costs_no_status_write():
    story = a_story(FRESH)
    ran(story.finds(told("sha256:a")), "sha256:a")
    before = story.pipeline.status

    story.again(told("sha256:a"), minutes=5)

    assert story.pipeline.status == before
    assert story.causes == ["fresh"]


def test_a_new_digest_starts_one_run_that_says_why():
    story = a_story(FRESH).finds(told("sha256:a"))
    ran(story, "sha256:a")

    story.again(told("sha256:b"), minutes=5)

    cause = story.newest["spec"]["cause"]
    assert (story.causes, cause["value"]) == (["fresh", "fresh"], "sha256:b")
    assert cause["answers"] == [{"name": "fresh", "actedOn": "sha256:b"}]
    story.ends("Failed").settle()
    story.again(told("sha256:b"), minutes=5)
    assert len(story.causes) == 2


def test_what_another_run_has_read_already_starts_none():
    story = a_story(FRESH).finds(told("sha256:a"))
    ran(story, "sha256:b")  # the data changed between the look and the run's own

    story.again(told("sha256:b"), minutes=5)

    assert len(story.causes) == 1


def test_a_change_waits_until_the_data_is_quiet():
    trigger = {"name": "fresh", "data": {"name": "wine", "interval": "5m", "quietPeriod": "10m"}}
    story = a_story(trigger).finds(told("sha256:a"))
    assert story.causes == []

    story.again(told("sha256:b"), minutes=5).again(told("sha256:c"), minutes=5)
    story.later(minutes=9).settle()
    assert story.causes == []
    story.later(minutes=1).settle()

    assert story.newest["spec"]["cause"]["value"] == "sha256:c"


def test_a_look_that_fails_is_told_and_starts_nothing():
    story = a_story(FRESH).finds("s3 does not answer", code=3)

    assert story.causes == []
    assert story.entry.message.startswith("Unmeasured: ")
    assert "s3 does not answer" in story.entry.message
    story.again(told("sha256:a"), minutes=5)
    assert (story.entry.message, story.causes) == ("", ["fresh"])


def test_nothing_is_looked_at_before_the_caches_hold_the_jobs():
    story = LookStory(a_pipeline(data=WINE, triggers=[FRESH]), jobs=None)

    plan = story.settle().decide()

    assert (plan.watches, plan.acts, plan.look_again is not None) == (WATCHES, (), True)


def test_a_suspended_pipeline_looks_at_nothing():
    assert a_story(FRESH, suspend=True).jobs == {}


def test_a_drift_is_compared_with_the_run_behind_the_stable_version():
    story = a_story(DRIFT)
    assert story.words[:3] == ["kanaria", "data", "drift"]
    assert story.words[4:8] == ["--reference", "run-of-7", "--method", "psi"]

    story.finds(told("sha256:a", rows=500, score=0.31, column="alcohol"))

    cause = story.newest["spec"]["cause"]
    assert cause["reason"] == "psi of column 'alcohol' of data 'wine' is 0.31 against stable version 7, above 0.2"
    assert cause["answers"] == [{"name": "far", "actedOn": "sha256:a@7"}]


@pytest.mark.parametrize(
    ("report", "message"),
    [(told("sha256:a", score=0.2), ""), (told("sha256:a", note="too few rows"), "Unmeasured: too few rows")],
    ids=["within the threshold", "not comparable"],
)
def test_no_drift_starts_no_run(report: dict[str, Any], message: str):
    story = a_story(DRIFT).finds(report)

    assert (story.causes, story.entry.message) == ([], message)


def test_a_drift_starts_one_run_for_each_content_and_each_stable_version():
    far = told("sha256:a", score=0.5, column="alcohol")
    story = a_story(DRIFT).finds(far)
    story.ends().settle()

    story.again(far, hours=1)
    assert len(story.causes) == 1
    story.stable = ("wine-quality", "8")
    story.again(far, hours=1)

    assert len(story.causes) == 2


def test_without_a_stable_version_a_drift_is_unmeasured():
    story = LookStory(a_pipeline(data=WINE, triggers=[DRIFT], model=MODEL, promote=TO_WINE), stable=None)
    story.settle()

    assert (story.jobs, "no version" in story.entry.message) == ({}, True)


@pytest.mark.parametrize(
    ("trigger", "more", "sentence"),
    [
        ({"name": "a", "data": {"name": "x"}}, {"data": WINE}, "no entry of spec.data .there: wine."),
        ({"name": "a", "drift": {"data": "wine"}}, {"data": WINE}, "compares with the stable model"),
    ],
    ids=["unknown data", "no target"],
)
def test_a_trigger_that_can_never_fire_is_refused(trigger: dict[str, Any], more: dict[str, Any], sentence: str):
    with pytest.raises(ValidationError, match=sentence):
        a_pipeline(triggers=[trigger], **more)


def test_a_look_that_cannot_be_made_stops_no_run():
    story = LookStory(a_pipeline(data=WINE, triggers=[FRESH], run="1"))

    kinds = [act.manifest["kind"] for act in story.decide().acts if isinstance(act, Apply)]

    assert kinds == ["MLPipelineRun", "Job"]  # an act that fails ends the plan


def test_data_that_is_put_back_is_due_although_it_was_acted_on_once():
    story = a_story(FRESH)
    ran(story.finds(told("sha256:a")), "sha256:a")
    story.edited(run="by hand").later(seconds=30).settle()
    ran(story, "sha256:b")  # a bad upload, which a run on demand read before any look saw it
    story.again(told("sha256:b"), minutes=5)
    assert story.causes == ["fresh", "on-demand"]

    story.again(told("sha256:a"), minutes=5)

    assert story.causes == ["fresh", "on-demand", "fresh"]
    ran(story, "sha256:a").again(told("sha256:a"), minutes=5)
    assert story.causes == ["fresh", "on-demand", "fresh"]
