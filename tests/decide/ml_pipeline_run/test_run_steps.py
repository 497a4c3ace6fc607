"""Which steps of a run are started, tried again, skipped."""

from datetime import timedelta

import pytest

from kanaria.api.pipeline_step import RetryPolicy
from kanaria.decide.ml_pipeline_run.attempts import backoff
from kanaria.vocabulary import Apply, Delete, EndTrackingRun, WriteStatus, marks
from pipelines import NOON, Registry, Story, a_run, a_step


def phases(story: Story) -> dict[str, str]:
    return {entry.name: str(entry.phase) for entry in story.run.status.steps}


def jobs_of(story: Story) -> list[str]:
    return sorted(job["metadata"]["labels"][marks.STEP] for job in story.jobs.values())


def test_a_new_run_asks_for_its_mlflow_run_and_starts_nothing_before():
    story = Story(a_run())

    plan = story.visit()

    assert [type(act) for act in plan.acts] == [WriteStatus]
    assert [(q.experiment, q.key) for q in plan.questions] == [("wine/wine", "r-1")]
    assert (story.run.status.phase, phases(story)) == ("Pending", {"train": "Pending"})


def test_the_first_steps_start_together_once_the_mlflow_run_is_known():
    story = Story(a_run(a_step("a"), a_step("b"), a_step("c", after=("a", "b")))).settle()

    assert phases(story) == {"a": "Running", "b": "Running", "c": "Pending"}
    assert jobs_of(story) == ["a", "b"]


def test_the_status_is_written_before_the_job_is_applied_as_the_teams_account():
    story = Story(a_run())
    story.visit()

    plan = story.visit()

    write, apply = plan.acts
    assert isinstance(write, WriteStatus)
    assert isinstance(apply, Apply)
    assert apply.account.user == "system:serviceaccount:wine:kanaria-runner"


def test_a_step_starts_when_all_it_depends_on_succeeded():
    story = Story(a_run(a_step("a"), a_step("b"), a_step("c", after=("a", "b")))).settle()

    story.ends("a").settle()
    assert phases(story)["c"] == "Pending"
    story.ends("b").settle()

    assert phases(story) == {"a": "Succeeded", "b": "Succeeded", "c": "Running"}


def test_outputs_are_handed_to_the_steps_that_ask_for_them():
    reading = a_step("b", after=("a",)) | {"command": ["sh", "-c", "echo ${steps.a.outputs.rows} ${HOME}"]}
    story = Story(a_run(a_step("a", outputs=[{"name": "rows"}]), reading)).settle()

    story.ends("a", said='{"rows": 178, "unasked": 1}').settle()

    assert story.step("a").outputs == {"rows": "178"}
    container = story.jobs[story.step("b").job]["spec"]["template"]["spec"]["containers"][0]
    assert container["command"][-1] == "echo 178 ${HOME}"


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        pytest.param("", "no JSON object", id="nothing written"),
        pytest.param("[1]", "no JSON object", id="a list"),
        pytest.param('{"row": 1}', "'rows' to the file named by $KANARIA_OUTPUTS; it wrote: row", id="another name"),
        pytest.param('{"rows": "' + "x" * 300 + '"}', "longer than 256", id="too long"),
    ],
)
def test_a_step_that_does_not_hand_on_what_it_declared_has_failed(said: str, sentence: str):
    story = Story(a_run(a_step("a", outputs=[{"name": "rows"}]))).settle()

    story.ends("a", said=said).settle()

    assert phases(story) == {"a": "Failed"}
    assert sentence in story.step("a").message


def test_when_a_step_fails_what_runs_goes_on_and_nothing_new_starts():
    story = Story(a_run(a_step("a"), a_step("b"), a_step("c", after=("a",)), a_step("d", after=("b",)))).settle()

    story.ends("a", code=2, said="Traceback: no such file").settle()
    assert phases(story) == {"a": "Failed", "b": "Running", "c": "Skipped", "d": "Skipped"}
    assert story.run.status.phase == "Running"
    story.ends("b").settle()

    assert story.run.status.phase == "Failed"
    assert story.ready()[:2] == ("False", "StepFailed")
    assert "step 'a' failed at attempt 1: exit code 2: Traceback: no such file" in story.ready()[2]


def a_stubborn_step(limit: int = 2) -> dict:
    backoff = {"duration": "10s", "factor": 3, "maxDuration": "20s"}
    return a_step("train", retryPolicy={"limit": limit, "backoff": backoff})


def test_a_failed_step_is_tried_again_after_its_backoff():
    story = Story(a_run(a_stubborn_step())).settle()
    first = story.step("train").job

    story.ends("train", code=1).settle()
    assert story.step("train").retry_at == NOON + timedelta(seconds=10)
    assert story.decide().look_again == NOON + timedelta(seconds=10)
    story.later(seconds=10).settle()

    assert (story.step("train").attempts, phases(story)) == (2, {"train": "Running"})
    assert story.step("train").job != first


def test_the_backoff_grows_to_its_longest_and_the_last_attempt_decides():
    story = Story(a_run(a_stubborn_step())).settle()
    waits = []
    for _ in range(2):
        story.ends("train", code=1).settle()
        waits.append((story.step("train").retry_at - story.now).total_seconds())
        story.later(seconds=waits[-1]).settle()

    story.ends("train", code=1).settle()

    assert waits == [10, 20]
    assert story.run.status.phase == "Failed"
    assert "at attempt 3" in story.ready()[2]


def test_when_another_step_failed_a_waiting_retry_is_given_up():
    story = Story(a_run(a_stubborn_step(), a_step("other"))).settle()
    story.ends("train", code=1).settle()

    story.ends("other", code=1).settle()

    assert phases(story) == {"train": "Failed", "other": "Failed"}
    assert story.run.status.phase == "Failed"


def test_the_runs_deadline_ends_it():
    story = Story(a_run(a_step("a"), a_step("b", after=("a",)), activeDeadlineSeconds=100)).settle()
    assert story.jobs[story.step("a").job]["spec"]["activeDeadlineSeconds"] == 100

    story.later(seconds=100).ends("a", code=1, reason="DeadlineExceeded").settle()

    assert phases(story) == {"a": "Failed", "b": "Skipped"}
    assert story.ready()[1] == "DeadlineExceeded"
    assert "spec.activeDeadlineSeconds (100 s)" in story.ready()[2]


def test_a_later_step_gets_what_is_left_of_the_runs_deadline_or_its_own_if_that_is_shorter():
    short = a_step("c", after=("a",), activeDeadlineSeconds=5)
    story = Story(a_run(a_step("a"), a_step("b", after=("a",)), short, activeDeadlineSeconds=100)).settle()

    story.later(seconds=60).ends("a").settle()

    deadlines = {name: story.jobs[story.step(name).job]["spec"]["activeDeadlineSeconds"] for name in ("b", "c")}
    assert deadlines == {"b": 40, "c": 5}


def test_an_image_that_cannot_be_pulled_ends_the_attempt_in_time_and_its_job_goes():
    story = Story(a_run()).settle()
    story.waits("train", "ImagePullBackOff", "Back-off pulling image nosuch:1").settle()
    assert phases(story) == {"train": "Running"}

    plan = story.later(minutes=2).visit()

    assert [type(act) for act in plan.acts] == [EndTrackingRun, WriteStatus, Delete]
    assert "ImagePullBackOff: Back-off pulling image nosuch:1" in story.ready()[2]
    assert story.jobs == {}


def test_a_job_that_vanished_is_made_again_under_the_same_name():
    story = Story(a_run()).settle()
    name = story.step("train").job
    story.jobs.clear()

    story.settle()

    assert list(story.jobs) == [name]
    assert story.step("train").attempts == 1


def test_a_workspace_is_claimed_before_the_first_job():
    story = Story(a_run(workspace={"size": "1Gi"}))
    story.visit()

    applied = [act.manifest for act in story.visit().acts if isinstance(act, Apply)]

    assert [manifest["kind"] for manifest in applied] == ["PersistentVolumeClaim", "Job"]
    claim, job = applied
    volume = job["spec"]["template"]["spec"]["volumes"][0]
    assert volume["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]
    assert claim["spec"]["resources"]["requests"]["storage"] == "1Gi"


def test_an_unreachable_mlflow_is_waited_for():
    story = Story(a_run(), Registry(down="MLflow at http://mlflow:5000 does not answer")).settle()

    conditions = {c.type: (c.status, c.reason, c.message) for c in story.run.status.conditions}

    assert conditions["Reconciling"][:2] == ("True", "ProgressingWithRetry")
    assert "MLflow at http://mlflow:5000 does not answer" in conditions["Reconciling"][2]
    assert story.jobs == {}


def test_outputs_that_cannot_be_read_are_told_without_credentials():
    story = Story(a_run(a_step("a", outputs=[{"name": "n"}]))).settle()

    story.ends("a", said="url=https://robot:s3cret@lake/wine token=t0ken").settle()

    assert "are no JSON object" in story.step("a").message
    assert not {word for word in ("s3cret", "t0ken") if word in story.step("a").message}


def test_an_output_that_names_a_variable_does_not_become_its_value():
    steps = (
        a_step("a", outputs=[{"name": "n"}]),
        a_step("b", after=("a",), env=[{"name": "N", "value": "${steps.a.outputs.n}"}]),
    )
    steps[1]["command"] = ["echo", "$(N)", "${steps.a.outputs.n}"]
    story = Story(a_run(*steps)).settle().ends("a", said='{"n": "$(TOKEN)"}').settle()

    container = story.jobs[story.step("b").job]["spec"]["template"]["spec"]["containers"][0]
    assert container["command"] == ["echo", "$(N)", "$$(TOKEN)"]
    assert {"name": "N", "value": "$$(TOKEN)"} in container["env"]


@pytest.mark.parametrize("failures", [1, 2, 14, 20])
def test_the_wait_before_the_last_of_many_attempts_can_be_told(failures: int):
    policy = RetryPolicy.model_validate({"limit": 20, "backoff": {"factor": 10, "maxDuration": "5m"}})

    assert backoff(policy, failures) == timedelta(seconds=min(10**failures, 300))


def test_a_deadline_beyond_all_times_is_none():
    story = Story(a_run(a_step("a"), activeDeadlineSeconds=10**14)).settle()

    assert story.step("a").phase == "Running"


def test_a_job_that_cannot_be_made_keeps_no_run_from_ending_at_its_deadline():
    story = Story(a_run(a_step("a"), a_step("b", after=("a",)), activeDeadlineSeconds=60))

    def refused(act: object) -> bool:
        return not isinstance(act, Apply)

    for _ in range(3):
        story.visit(refused)
    assert story.step("a").phase == "Running"
    story.later(seconds=60)
    for _ in range(2):
        story.visit(refused)

    assert (story.run.status.phase, story.ready()[1]) == ("Failed", "DeadlineExceeded")
    assert [entry.phase for entry in story.run.status.steps] == ["Failed", "Skipped"]
    assert "its Job could not be made" in story.ready()[2]
