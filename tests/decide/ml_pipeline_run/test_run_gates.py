"""Whether a run's model passes its gates, and what is told of it."""

import math

import pytest

from kanaria.decide.ml_pipeline_run import Ground
from kanaria.vocabulary import Failure, FailureKind, ModelVersion, TagModelVersion, WriteStatus
from pipelines import A_MODEL, GATED, TO_WINE, Registry, Story, a_policy, a_run, a_step, a_target, at_least, played

NO_WORSE = {"name": "no-worse", "mlflow": {"key": "accuracy"}, "change": {"minAbsoluteChange": -0.01}}
ONLINE = {"name": "errors", "counter": {}, "sequential": {}}


def gated(*metrics: dict, **more: object) -> Story:
    registry = more.pop("registry", None) or Registry()
    run = a_run(model=A_MODEL, gates=GATED, promote=TO_WINE, revision="abc")
    story = Story(run, registry, (a_policy(*metrics),), **more)
    story.targets = story.targets or (a_target(),)
    return story


def verdicts(story: Story) -> dict[str, str]:
    return {gate.metric: str(gate.verdict) for gate in story.run.status.gates}


def test_a_run_without_a_model_succeeds_when_its_steps_do():
    story = played(Story(a_run(a_step("a"), a_step("b", after=("a",)))))

    assert (story.run.status.phase, story.ready()[:2]) == ("Succeeded", ("True", "RunSucceeded"))
    assert story.run.status.metrics == {"accuracy": 0.95}


def test_the_registered_version_is_found_by_the_mlflow_run():
    story = played(gated(at_least(0.9)))

    model = story.run.status.model
    assert (model.name, model.version, model.model_id, model.uri) == ("wine-quality", "8", "m-8", "s3://models/8")


def test_a_step_that_registered_no_model_fails_the_run_and_is_told_how():
    story = played(gated(at_least(0.9), registry=Registry(registered={})))

    assert (story.run.status.phase, story.ready()[1]) == ("Failed", "ModelNotRegistered")
    assert "registered_model_name='wine-quality'" in story.ready()[2]


@pytest.mark.parametrize(
    ("value", "phase", "verdict", "reason"),
    [
        pytest.param(0.95, "Succeeded", "Passed", "AwaitingCommit", id="above"),
        pytest.param(0.9, "Succeeded", "Passed", "AwaitingCommit", id="exactly at the bound"),
        pytest.param(0.89, "Failed", "Failed", "GateRefused", id="below"),
        pytest.param(math.nan, "Failed", "Failed", "GateRefused", id="no number"),
    ],
)
def test_a_threshold_decides(value: float, phase: str, verdict: str, reason: str):
    story = played(gated(at_least(0.9), registry=Registry({"run-r-1": {"accuracy": value}})))

    status = story.run.status
    assert (status.phase, status.verdict, story.ready()[1]) == (phase, verdict, reason)
    assert bool(status.proposals) == (phase == "Succeeded")


def test_a_metric_that_was_not_logged_is_unmeasured_and_what_was_logged_is_named():
    story = played(gated(at_least(0.9, "auc"), registry=Registry({"run-r-1": {"loss": 0.1, "f1": 0.2}})))

    assert (story.run.status.phase, story.ready()[1]) == ("Failed", "GateUnmeasured")
    assert "offline/auc: auc was not logged; log it, or remove the gate; there is: f1, loss" in story.ready()[2]
    assert story.run.status.proposals == ()


def stable(version: str = "7", run_id: str = "run-old", **metrics: float) -> tuple[Registry, tuple]:
    versions = {version: ModelVersion("wine-quality", version, "s3://models/7", run_id=run_id)}
    logged = {"run-r-1": {"accuracy": 0.9}, run_id: metrics}
    return Registry(logged, versions=versions), (a_target(stable={"version": "7"}),)


@pytest.mark.parametrize(
    ("before", "verdict"),
    [
        pytest.param({"accuracy": 0.89}, "Passed", id="better"),
        pytest.param({"accuracy": 0.905}, "Passed", id="a little worse, as allowed"),
        pytest.param({"accuracy": 0.95}, "Failed", id="worse"),
        pytest.param({"loss": 1.0}, "Passed", id="stable never logged it"),
    ],
)
def test_a_change_is_measured_against_the_run_that_made_the_stable_version(before: dict, verdict: str):
    registry, targets = stable(**before)

    story = played(gated(NO_WORSE, registry=registry, targets=targets))

    assert verdicts(story) == {"no-worse": verdict}


def test_while_nothing_is_stable_a_change_passes():
    assert verdicts(played(gated(NO_WORSE))) == {"no-worse": "Passed"}


def test_a_stable_version_that_left_the_registry_is_unmeasured_not_passed():
    registry, targets = stable(version="6")

    story = played(gated(NO_WORSE, registry=registry, targets=targets))

    assert (verdicts(story), story.ready()[1]) == ({"no-worse": "Unmeasured"}, "GateUnmeasured")
    assert "version 7 of 'wine-quality' is not in the registry" in story.ready()[2]


def test_all_metrics_must_pass_and_each_refusal_is_told():
    story = played(gated(at_least(0.99), at_least(0.0, "auc"), NO_WORSE))

    assert verdicts(story) == {"accuracy": "Failed", "auc": "Unmeasured", "no-worse": "Passed"}
    assert story.ready()[1] == "GateRefused"
    assert "accuracy is 0.95, below the least of 0.99" in story.ready()[2]


def test_online_metrics_are_left_to_the_canary():
    assert verdicts(played(gated(at_least(0.9), ONLINE))) == {"accuracy": "Passed"}


def test_a_value_that_a_step_handed_on_can_be_a_gate():
    rows = {"name": "rows", "stepOutput": {"step": "train", "output": "rows"}, "threshold": {"min": 100}}
    story = Story(a_run(a_step("train", outputs=[{"name": "rows"}]), gates=GATED), policies=(a_policy(rows),))

    story.settle().ends("train", said='{"rows": 99}').settle()

    assert verdicts(story) == {"rows": "Failed"}
    assert "output rows of step train is 99" in story.ready()[2]


def test_a_missing_policy_stalls_the_run_until_it_comes():
    story = gated(at_least(0.9))
    policies, story.policies = story.policies, ()
    played(story)
    assert (story.run.status.phase, story.ready()[:2]) == ("Running", ("False", "UnknownPolicy"))

    story.policies = policies
    story.settle()

    assert story.run.status.phase == "Succeeded"


@pytest.mark.parametrize(
    ("uri", "local", "phase"),
    [
        pytest.param("s3://b/m", False, "Succeeded", id="s3"),
        pytest.param("abfss://c@a/m", False, "Succeeded", id="abfss"),
        pytest.param("file:///m", True, "Succeeded", id="a file in a local cluster"),
        pytest.param("file:///m", False, "Failed", id="a file elsewhere"),
        pytest.param("mlflow-artifacts:/1/m", True, "Failed", id="proxied by MLflow"),
        pytest.param("dbfs:/m", False, "Failed", id="unknown"),
    ],
)
def test_artifacts_that_kserve_cannot_load_are_refused_at_the_gate(uri: str, local: bool, phase: str):  # noqa: FBT001 - a row
    registry = Registry(registered={"run-r-1": ModelVersion("wine-quality", "8", uri)})

    story = played(gated(at_least(0.9), registry=registry, ground=Ground("http://mlflow", file_remotes=local)))

    assert story.run.status.phase == phase
    assert (uri in story.ready()[2]) == (phase == "Failed")


def test_the_model_version_is_tagged_before_the_end_is_written_down():
    story = gated(at_least(0.9)).settle().ends("train")
    plans = [story.visit() for _ in range(4)]

    plan = next(plan for plan in plans if any(isinstance(act, TagModelVersion) for act in plan.acts))

    tags = {act.key: act.value for act in plan.acts if isinstance(act, TagModelVersion)}
    assert isinstance(plan.acts[-1], WriteStatus)
    assert tags == {
        "kanaria.run": "wine/wine-1-abcde",
        "kanaria.pipeline": "wine/wine",
        "kanaria.cause": "code: commit abc changed the code",
        "kanaria.commit": "abc",
        "kanaria.gates": "Passed",
        "kanaria.gate.offline.accuracy": "Passed",
    }


def test_while_mlflow_takes_no_tags_the_run_is_not_over():
    story = gated(at_least(0.9)).settle().ends("train")
    tag = TagModelVersion("wine-quality", "8", "kanaria.run", "x")
    story.failure = Failure(tag, FailureKind.UNREACHABLE, "MLflow does not answer", story.now)
    for _ in range(4):
        plan = story.visit(carried=lambda act: not isinstance(act, TagModelVersion))

    reconciling = next(c for c in story.run.status.conditions if c.type == "Reconciling")
    assert (story.run.status.phase, reconciling.reason) == ("Running", "ProgressingWithRetry")
    assert any(isinstance(act, TagModelVersion) for act in plan.acts)
    story.failure = None
    assert story.settle().run.status.phase == "Succeeded"


def test_only_fifty_metrics_are_noted_but_every_one_can_be_a_gate():
    logged = {f"m{number:03}": float(number) for number in range(80)} | {"zz": math.inf, "accuracy": math.inf}

    story = played(gated(at_least(70, "m079"), at_least(1, "zz"), registry=Registry({"run-r-1": logged})))

    assert len(story.run.status.metrics) == 50
    assert verdicts(story) == {"m079": "Passed", "zz": "Passed"}
    assert all(math.isfinite(value) for value in story.run.status.metrics.values())
