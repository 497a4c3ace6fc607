"""Steps that run on a condition, once for each item, a few at a time, or at the very end."""

from typing import Any

import pytest

from pipelines import A_MODEL, GATED, Story, a_policy, a_run, a_step, at_least, played

ROWS = "${steps.count.outputs.rows}"
COUNT = a_step("count", outputs=[{"name": "rows"}])


def phases(story: Story) -> dict[str, str]:
    return {entry.name: str(entry.phase) for entry in story.run.status.steps}


def train(operator: str, *values: str) -> dict[str, Any]:
    when = [{"input": ROWS, "operator": operator, "values": list(values)}]
    return a_step("train", after=("count",), when=when, outputs=[{"name": "loss"}])


@pytest.mark.parametrize(
    ("operator", "values", "runs"),
    [
        ("In", ["100", "200"], True),
        ("In", ["1"], False),
        ("NotIn", ["1"], True),
        ("NotIn", ["100"], False),
        ("Gt", ["99.5"], True),
        ("Gt", ["100"], False),
        ("Lt", ["1e3"], True),
        ("Lt", ["7"], False),
    ],
)
def test_a_step_runs_when_its_conditions_hold(operator: str, values: list[str], runs: bool):  # noqa: FBT001 - a row
    story = Story(a_run(COUNT, train(operator, *values))).settle()

    story.ends("count", said='{"rows": 100}').settle()

    assert phases(story)["train"] == ("Running" if runs else "Skipped")
    if not runs:
        assert story.run.status.phase == "Succeeded"
        assert story.step("train").message.startswith(f"skipped: {ROWS} is '100', and when asks for {operator}")


def test_what_waits_for_a_skipped_step_runs_unless_it_reads_its_outputs():
    reads = a_step("reads", after=("train",)) | {"command": ["x", "${steps.train.outputs.loss}"]}
    story = Story(a_run(COUNT, train("Gt", "1000"), a_step("tells", after=("train",)), reads)).settle()

    story.ends("count", said='{"rows": 100}').settle().ends("tells").settle()

    assert phases(story) == {"count": "Succeeded", "train": "Skipped", "tells": "Succeeded", "reads": "Skipped"}
    assert "${steps.train.outputs.loss} has no value" in story.step("reads").message
    assert story.run.status.phase == "Succeeded"


def test_a_run_whose_training_was_skipped_succeeds_without_model_and_gates():
    run = a_run(COUNT, train("Gt", "1000"), model=A_MODEL, gates=GATED)
    story = Story(run, policies=(a_policy(at_least(0.9)),)).settle()

    story.ends("count", said='{"rows": 100}').settle()

    assert (story.run.status.phase, story.run.status.model, story.run.status.gates) == ("Succeeded", None, ())


def test_items_run_together_and_hand_on_a_list():
    each = a_step("try", withItems=["0.1", "0.5"], outputs=[{"name": "loss"}])
    best = a_step("best", after=("try",)) | {"command": ["best", "${steps.try.outputs.loss}"]}
    story = Story(a_run(each, best)).settle()
    assert phases(story) == {"try-0": "Running", "try-1": "Running", "best": "Pending"}

    story.ends("try-0", said='{"loss": 0.3}').ends("try-1", said='{"loss": 0.2}').settle()

    command = story.jobs[story.step("best").job]["spec"]["template"]["spec"]["containers"][0]["command"]
    assert command == ["best", '["0.3", "0.2"]']


def test_no_more_steps_run_at_once_than_parallelism_says():
    story = Story(a_run(*(a_step(name) for name in "abcd"), parallelism=2)).settle()
    assert list(phases(story).values()).count("Running") == 2

    story.ends("a").settle()

    assert phases(story) == {"a": "Succeeded", "b": "Running", "c": "Running", "d": "Pending"}


TELL = a_step("tell") | {"command": ["tell", "${run.status}", "${run.name}"]}


@pytest.mark.parametrize(
    ("code", "status", "phase"), [pytest.param(0, "Succeeded", "Succeeded", id="well"), (3, "Failed", "Failed")]
)
def test_exit_steps_run_however_the_others_ended(code: int, status: str, phase: str):
    story = Story(a_run(a_step("a"), a_step("b", after=("a",)), onExit=[TELL])).settle()
    assert phases(story)["tell"] == "Pending"
    story.ends("a", code=code).settle()
    if not code:
        story.ends("b").settle()

    container = story.jobs[story.step("tell").job]["spec"]["template"]["spec"]["containers"][0]
    assert container["command"] == ["tell", status, "wine-1-abcde"]
    assert story.run.status.phase == "Running"
    story.ends("tell").settle()

    assert (story.run.status.phase, phases(story)["b"]) == (phase, "Skipped" if code else "Succeeded")


def test_an_exit_step_runs_after_the_deadline_of_the_run_in_its_own_time():
    story = Story(a_run(a_step("a"), activeDeadlineSeconds=60, onExit=[TELL])).settle()

    story.later(seconds=60).ends("a", code=1, reason="DeadlineExceeded").settle()

    assert "activeDeadlineSeconds" not in story.jobs[story.step("tell").job]["spec"]
    story.ends("tell").settle()
    assert story.ready()[1] == "DeadlineExceeded"


def test_an_exit_step_that_fails_fails_the_run():
    story = Story(a_run(a_step("a"), onExit=[TELL])).settle().ends("a").settle()

    story.ends("tell", code=1, said="no route").settle()

    assert story.ready()[1] == "StepFailed"
    assert "step 'tell' failed" in story.ready()[2]


def test_a_step_is_tried_again_for_the_exit_codes_that_are_named():
    policy = {"limit": 2, "exitCodes": [75], "backoff": {"duration": "1s"}}
    story = Story(a_run(a_step("a", retryPolicy=policy))).settle()

    story.ends("a", code=75).settle()
    assert phases(story) == {"a": "Pending"}
    story.later(seconds=1).settle().ends("a", code=1).settle()

    assert (phases(story), story.step("a").attempts) == ({"a": "Failed"}, 2)


def test_a_secret_in_the_last_lines_is_not_told():
    story = Story(a_run()).settle()

    story.ends("train", code=1, said="cannot reach s3 with SECRET_KEY=abc").settle()

    assert "SECRET_KEY=***" in story.step("train").message


def test_the_volume_is_applied_once():
    story = Story(a_run(a_step("a"), a_step("b", after=("a",)), workspace={"size": "1Gi"}))
    kinds = []
    for _ in range(4):
        kinds += [act.manifest["kind"] for act in story.visit().acts if hasattr(act, "manifest")]
    story.ends("a")
    for _ in range(2):
        kinds += [act.manifest["kind"] for act in story.visit().acts if hasattr(act, "manifest")]

    assert kinds == ["PersistentVolumeClaim", "Job", "Job"]


def test_the_image_that_ran_is_noted():
    story = Story(a_run()).settle().ends("train")
    for pod in story.pods.values():
        pod["status"]["containerStatuses"][0]["imageID"] = "docker.io/python@sha256:abc"
        pod["status"]["initContainerStatuses"] = [{"name": "test", "imageID": "a-users-own@sha256:def"}]

    assert played(story).step("train").image_id == "docker.io/python@sha256:abc"
