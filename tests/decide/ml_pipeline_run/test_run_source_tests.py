"""Tests of a pipeline's code that are counted, and that are judged by what they logged."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from kanaria.vocabulary import EndTrackingRun
from pipelines import A_MODEL, Registry, Story, a_pipeline, a_run, a_step, changed

GIT = {"url": "https://git.example.com/wine.git", "path": "training"}
TRAIN = a_step("train", after=("prepare",), env=[{"name": "ROWS", "value": "${parameters.rows}"}]) | {
    "command": ["python", "train.py", "--epochs", "${parameters.epochs}"]
}
PARAMETERS = [{"name": "rows", "value": "100000"}, {"name": "epochs", "value": "9"}]
UNIT = {"name": "unit", "command": ["pytest", "-q"], "junit": "report.xml"}
SAMPLE = {"name": "c", "converge": {}, "parameters": [{"name": "rows", "value": "64"}]}
OWN = "run-r-1/c"
FALLING, FLAT = (1.0, 0.6, 0.3, 0.1), (1.0, 1.0, 0.9, 0.99)


def a_story(*tests: dict[str, Any], **registry: Any) -> Story:
    source = {"git": GIT, "tests": list(tests)}
    run = a_run(a_step("prepare"), TRAIN, source=source, parameters=PARAMETERS, model=A_MODEL, revision="c0ffee")
    return Story(run, registry=Registry(**registry)).settle()


def the_pod(story: Story, step: str) -> dict[str, Any]:
    found: dict[str, Any] = story.jobs[story.step(step).job]["spec"]["template"]["spec"]
    return found


def environment(container: dict[str, Any]) -> dict[str, str]:
    return {each["name"]: each.get("value", "") for each in container["env"]}


def report(failed: int = 0, *names: str, **more: Any) -> str:
    return json.dumps({"tests": {"passed": 3, "failed": failed, "skipped": 1, "failures": names}, **more})


def test_a_report_is_read_by_kanarias_own_image_after_the_test():
    pod = the_pod(a_story(UNIT), "source-test-unit")

    checkout, test, reader = (*pod["initContainers"], *pod["containers"])
    assert (checkout["name"], test["name"], reader["name"]) == ("checkout", "test", "step")
    assert test["command"][-2:] == ["pytest", "-q"]
    assert reader["command"] == ["kanaria", "junit", "--report", "report.xml", "--came-of", "/kanaria"]
    assert (reader["image"], reader["workingDir"]) == ("kanaria", "/src/training")
    assert environment(test)["KANARIA_TEST"] == "unit"


def test_the_tests_that_passed_failed_and_were_skipped_are_counted():
    story = a_story(UNIT).ends("source-test-unit", said=report()).settle()

    counted = story.step("source-test-unit").tests
    assert counted is not None
    assert (counted.passed, counted.failed, counted.skipped) == (3, 0, 1)
    assert story.step("prepare").phase == "Running"


@pytest.mark.parametrize(
    ("said", "message"),
    [
        pytest.param(report(2, "test_a", "test_b"), "2 of 6 tests failed: test_a, test_b", id="names"),
        pytest.param(report(9, "test_a"), "9 of 13 tests failed: test_a, and 8 more", id="more than are named"),
        pytest.param(report(said="segfault"), "all of its 3 tests passed, and it failed: segfault", id="an exit code"),
        pytest.param(
            json.dumps({"fault": "report.xml is not there; let the command write it", "said": "no module pytest"}),
            "report.xml is not there; let the command write it; it wrote: no module pytest",
            id="no report",
        ),
        pytest.param("Killed", "its report was not read; it wrote: Killed", id="no words"),
    ],
)
def test_what_failed_is_named(said: str, message: str):
    story = a_story(UNIT).ends("source-test-unit", code=1, said=said).settle()

    assert story.step("source-test-unit").message == message
    assert story.step("prepare").phase == "Skipped"


@pytest.mark.parametrize(
    ("container", "state", "message"),
    [
        pytest.param(
            "checkout", {"exitCode": 1, "message": "no route"}, "the checkout of the code: exit code 1: no route"
        ),
        pytest.param("test", {"exitCode": 128, "reason": "StartError", "message": "no sh"}, "cannot be started: no sh"),
        pytest.param(
            "step", {"exitCode": 137, "reason": "OOMKilled"}, "exit code 137 (OOMKilled), and it wrote nothing"
        ),
    ],
    ids=["no code", "no shell", "no words"],
)
def test_a_test_that_came_to_no_report_tells_what_any_step_tells(container: str, state: dict[str, Any], message: str):
    story = a_story(UNIT).ends("source-test-unit", code=1)
    (pod,) = story.pods.values()
    pod["status"]["containerStatuses"] = [{"name": container, "state": {"terminated": state}}]

    assert message in story.settle().step("source-test-unit").message


def test_a_test_that_takes_too_long_says_so_and_not_that_there_is_no_report():
    story = a_story({**UNIT, "activeDeadlineSeconds": 60})

    story.ends("source-test-unit", code=1, reason="DeadlineExceeded").settle()

    assert story.step("source-test-unit").message == "it ran longer than its deadline of 60 s"


def test_the_image_of_a_test_is_the_one_that_ran_its_command():
    story = a_story(UNIT).ends("source-test-unit", said=report())
    (pod,) = story.pods.values()
    pod["status"]["containerStatuses"][0]["imageID"] = "kanaria@sha256:1"
    pod["status"]["initContainerStatuses"] = [
        {"name": name, "imageID": image, "state": {"terminated": {"exitCode": 0}}}
        for name, image in (("checkout", "kanaria@sha256:1"), ("test", "python@sha256:2"))
    ]

    assert story.settle().step("source-test-unit").image_id == "python@sha256:2"


def test_a_training_test_runs_the_models_step_on_a_sample_with_an_mlflow_run_of_its_own():
    story = a_story(SAMPLE)

    (container,) = the_pod(story, "source-test-c")["containers"]
    assert container["command"] == ["python", "train.py", "--epochs", "9"]
    found = environment(container)
    assert (found["ROWS"], found["KANARIA_TEST"], found["MLFLOW_RUN_ID"]) == ("64", "c", OWN)
    assert story.run.status.tracking is not None
    assert story.run.status.tracking.run_id == "run-r-1"


@pytest.mark.parametrize(
    ("test", "registry", "fault"),
    [
        pytest.param(SAMPLE, {"histories": {OWN: {"loss": FALLING}}}, "", id="the loss falls"),
        pytest.param(
            SAMPLE, {"histories": {OWN: {"loss": FLAT}}}, "training does not converge: loss: it was 1", id="flat"
        ),
        pytest.param(SAMPLE, {}, "loss: it was logged 0 times, and 3 are needed", id="nothing is logged"),
        pytest.param(
            {**SAMPLE, "converge": {"metric": "val_loss", "max": 0.05}},
            {"histories": {OWN: {"val_loss": FALLING}}},
            "val_loss: it came to 0.1 in 4 points, where 0.05 is asked at most",
            id="not far enough",
        ),
        pytest.param({**SAMPLE, "converge": None, "finite": {}}, {}, "", id="all are numbers"),
        pytest.param(
            {**SAMPLE, "finite": {}},
            {"histories": {OWN: {"loss": FALLING}}, "odd": {OWN: ("grad is NaN at step 3",)}},
            "training gives no numbers: grad is NaN at step 3; see MLflow run run-r-1/c",
            id="one is NaN",
        ),
    ],
)
def test_training_is_judged_by_what_it_logged(test: dict[str, Any], registry: dict[str, Any], fault: str):
    story = a_story(test, **registry).ends("source-test-c").settle()

    entry = story.step("source-test-c")
    assert (entry.phase == "Failed") == bool(fault)
    assert fault in entry.message
    assert (story.step("prepare").phase == "Running") == (not fault)


def test_a_test_waits_in_no_queue_whatever_its_step_does():
    queued = {**TRAIN, "queueName": "gpus"}
    run = a_run(a_step("prepare"), queued, source={"git": GIT, "tests": [SAMPLE]}, parameters=PARAMETERS, model=A_MODEL)
    story = Story(run).settle()

    assert "suspend" not in story.jobs[story.step("source-test-c").job]["spec"]


def test_while_mlflow_does_not_tell_what_was_logged_the_test_is_not_over_and_says_so():
    story = a_story(SAMPLE, histories={OWN: {"loss": FALLING}})
    known = story.registry
    story = changed(story, registry=Registry(down="MLflow does not answer")).ends("source-test-c")
    story.settle()
    assert story.step("source-test-c").phase == "Running"
    assert "what it logged is read: MLflow does not answer; it is asked again" in story.ready()[2]

    story = changed(story, registry=known).settle()

    assert story.step("source-test-c").phase == "Succeeded"


def test_the_mlflow_run_of_a_test_ends_with_the_run():
    story, ended = a_story(SAMPLE).ends("source-test-c"), []
    for _ in range(6):
        ended += [act.run_id for act in story.visit().acts if isinstance(act, EndTrackingRun)]

    assert ended == ["run-r-1", OWN]


@pytest.mark.parametrize(
    ("test", "sentence"),
    [
        pytest.param({"name": "a"}, "'a' runs nothing; give it a command", id="nothing to run"),
        pytest.param(
            {"name": "a", "command": ["x"], "step": "train"}, "both a command and a step's", id="two commands"
        ),
        pytest.param(
            {"name": "a", "step": "traim"}, "'traim' is no step; there are: prepare, train", id="no such step"
        ),
        pytest.param(
            {"name": "a", "step": "train", "junit": "r.xml"}, "junit is the report of a command", id="no report"
        ),
        pytest.param(
            {"name": "a", "step": "train", "parameters": [{"name": "beta", "value": "1"}]},
            "there is no parameter 'beta'",
            id="an unknown parameter",
        ),
        pytest.param({"name": "a", "finite": {}}, "there is no spec.model; name a step", id="no model"),
    ],
)
def test_a_test_that_cannot_be_is_refused(test: dict[str, Any], sentence: str):
    with pytest.raises(ValidationError, match=sentence):
        a_pipeline(a_step("prepare"), TRAIN, source={"git": GIT, "tests": [test]}, parameters=PARAMETERS)


def test_a_value_of_a_parameter_is_taken_as_it_stands():
    sample = {**SAMPLE, "parameters": [{"name": "epochs", "value": "${steps.x.outputs.y}"}]}

    (container,) = the_pod(a_story(sample), "source-test-c")["containers"]

    assert container["command"][-1].replace("$$", "$") == "${steps.x.outputs.y}"
