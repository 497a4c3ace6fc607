"""When a pipeline makes a run, and which."""

from datetime import timedelta

import pytest

from kanaria.api.ml_pipeline import TRIGGERS_MAX
from kanaria.vocabulary import Apply, Failure, FailureKind, Notice
from pipeline_story import PipelineStory
from pipelines import NOON, a_pipeline, a_step

CODE = [{"name": "code", "source": {}}]
HOURLY = [{"name": "hourly", "schedule": {"cron": "0 * * * *"}}]
SOURCE = {"git": {"url": "https://git.example.com/wine.git", "path": "training", "interval": "30s"}}


def test_first_sight_of_the_code_is_the_first_training():
    story = PipelineStory(a_pipeline(source=SOURCE, triggers=CODE))
    asked = story.visit().questions
    assert story.runs == {}
    story.head = "abc123"

    story.settle()

    assert [(q.url, q.branch, q.path) for q in asked] == [("https://git.example.com/wine.git", "main", "training")]
    assert story.newest["spec"]["revision"] == "abc123"
    assert story.newest["spec"]["cause"] == {
        "trigger": "code",
        "reason": "commit abc123 changed the code",
        "value": "abc123",
        "link": "https://git.example.com/wine.git",
        "answers": [{"name": "code", "actedOn": "abc123"}],
    }
    assert story.pipeline.status.revision == "abc123"


def test_a_commit_that_touches_the_path_starts_a_run_and_one_that_does_not_starts_none():
    story = PipelineStory(a_pipeline(source=SOURCE, triggers=CODE), head="abc").settle().ends().settle()

    assert len(story.settle().runs) == 1  # the head of the path is what it was
    story.head = "def"

    assert [run["spec"]["revision"] for run in story.settle().runs.values()] == ["abc", "def"]


def test_a_change_of_the_spec_alone_starts_no_run():
    story = PipelineStory(a_pipeline(source=SOURCE, triggers=CODE), head="abc").settle().ends().settle()

    story.edited(steps=[a_step("train"), a_step("more")]).settle()

    assert len(story.runs) == 1


def test_without_a_source_trigger_the_head_is_run_when_another_trigger_is_due():
    story = PipelineStory(a_pipeline(source=SOURCE), head="abc").settle()
    assert story.decide().questions == ()
    assert story.runs == {}

    story.edited(run="please").settle()

    assert (story.causes, story.newest["spec"]["revision"]) == (["on-demand"], "abc")


def test_the_annotation_starts_one_run_for_each_value():
    story = PipelineStory(a_pipeline(run="one")).settle()
    story.ends().settle()
    assert story.pipeline.status.last_handled_run_request == "one"
    assert story.causes == ["on-demand"]

    story.edited(run="two").settle()

    assert story.causes == ["on-demand", "on-demand"]


def test_a_schedule_that_came_round_starts_one_run_and_tells_the_next_time():
    story = PipelineStory(a_pipeline(triggers=HOURLY), now=NOON - timedelta(minutes=30)).settle()
    assert (story.runs, story.decide().look_again) == ({}, NOON)
    assert story.pipeline.status.next_run_at == NOON

    story.later(minutes=30).settle()

    assert story.causes == ["hourly"]
    assert story.pipeline.status.last_scheduled_at == NOON
    assert story.pipeline.status.next_run_at == NOON + timedelta(hours=1)


def test_times_that_passed_while_a_run_was_under_way_are_made_up_for_once():
    story = PipelineStory(a_pipeline(triggers=HOURLY)).settle()
    assert len(story.later(hours=5).settle().runs) == 1
    assert "trigger 'hourly' is due and waits for its end" in story.ready()[2]

    story.ends().settle()
    story.ends().settle()

    assert len(story.runs) == 2
    assert story.pipeline.status.last_scheduled_at == NOON + timedelta(hours=5)


def test_when_several_are_due_one_run_answers_all_and_names_the_first():
    story = PipelineStory(a_pipeline(source=SOURCE, triggers=[*CODE, *HOURLY], run="now"), head="abc").settle()
    story.ends().settle()

    status = story.pipeline.status
    assert story.causes == ["on-demand"]
    assert (status.last_handled_run_request, status.revision, status.last_scheduled_at) == ("now", "abc", NOON)


def test_a_suspended_pipeline_starts_no_training():
    story = PipelineStory(a_pipeline(source=SOURCE, triggers=[*CODE, *HOURLY], run="now", suspend=True), head="abc")

    plan = story.settle().decide()

    assert (story.runs, plan.questions, plan.look_again) == ({}, (), None)
    assert (story.pipeline.status.phase, story.ready()[:2]) == ("Suspended", ("True", "Suspended"))


def test_a_suspended_pipeline_lets_its_run_go_on():
    story = PipelineStory(a_pipeline(run="one")).settle()

    story.edited(suspend=True).settle()

    assert (story.pipeline.status.phase, len(story.runs)) == ("Running", 1)


def test_a_run_bears_the_frozen_spec_its_owner_and_a_name_that_is_always_the_same():
    story = PipelineStory(a_pipeline(run="one"))

    first, again = story.decide(), story.decide()

    assert first == again
    (apply,) = first.acts
    assert isinstance(apply, Apply)
    assert apply.account is None
    run = apply.manifest
    assert run["metadata"]["labels"] == {"kanaria.dev/owner": "mlpipeline.wine"}
    assert run["metadata"]["ownerReferences"][0]["uid"] == "p-1"
    assert run["spec"]["pipeline"]["steps"][0]["command"] == ["python", "train.py"]
    name = run["metadata"]["name"]
    reason = "the annotation kanaria.dev/run says 'one'"
    assert first.notices == (Notice("Normal", "RunStarted", f"run {name}: {reason}"),)


def test_a_run_that_was_made_before_the_operator_died_is_not_made_again():
    story = PipelineStory(a_pipeline(run="one"))
    before = story.pipeline
    story.visit()
    story.pipeline = before  # the operator died before it wrote anything down

    story.settle().ends().settle()

    assert len(story.runs) == 1
    assert story.pipeline.status.runs == 1


@pytest.mark.parametrize("triggers", [CODE, HOURLY], ids=["source", "schedule"])
def test_an_unreachable_repository_is_waited_for(triggers: list):
    story = PipelineStory(a_pipeline(source=SOURCE, triggers=triggers), git_down="no route to git.example.com")

    story.settle()

    retrying = next(c for c in story.pipeline.status.conditions if c.type == "Reconciling")
    assert (retrying.reason, story.runs) == ("ProgressingWithRetry", {})
    assert "spec.source.git: no route to git.example.com" in retrying.message


def test_a_restart_of_the_operator_writes_nothing():
    story = PipelineStory(a_pipeline(source=SOURCE, triggers=CODE), head="abc").settle().ends().settle()
    story.head = None  # not answered yet

    assert story.decide().acts == ()


def test_a_run_that_could_not_be_made_is_told_of_and_made_again():
    story = PipelineStory(a_pipeline(run="one"))
    (apply,) = story.decide().acts
    story.failure = Failure(apply, FailureKind.UNREACHABLE, "the API server does not answer", NOON)

    plan = story.visit()

    assert plan.acts[-1] == apply
    assert "the API server does not answer" in str(plan.status)


def test_a_path_that_no_commit_touches_is_told():
    story = PipelineStory(a_pipeline(source=SOURCE, triggers=CODE), head="").settle()

    assert (story.ready()[:2], story.runs) == (("False", "PathNotFound"), {})
    assert "no commit of branch 'main' touches 'training'" in story.ready()[2]
    story.head = "abc"
    assert len(story.settle().runs) == 1


def test_a_trigger_that_takes_the_place_of_another_of_many_fires_once():
    many = [{"name": f"t{n}", "pipeline": {"name": f"p{n}"}} for n in range(TRIGGERS_MAX)]
    story = PipelineStory(a_pipeline(triggers=many)).settle()
    story.edited(triggers=[*many[1:], {"name": "code", "source": {}}], source=SOURCE)
    story.head = "abc"
    story.settle().ends().settle()
    story.edited(triggers=[*many[1:], {"name": "again", "schedule": {"cron": "* * * * *"}}], run="1")
    story.later(minutes=2).settle()

    names = [entry.name for entry in story.pipeline.status.triggers]
    assert names == [*(each["name"] for each in many[1:]), "again"]
    assert story.causes == ["code", "on-demand"]
