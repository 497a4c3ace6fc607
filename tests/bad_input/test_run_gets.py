"""Bad input that an MLPipelineRun meets: told with place, fact and remedy; nothing is proposed, nothing is lost."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from fake_world import NOON, a_world
from kanaria.reconcile import ml_pipeline_run
from kanaria.vocabulary import Apply, ModelVersion, ObjectName, Plan, Question, Unanswered
from kanaria.vocabulary.objects import Manifest
from pipelines import A_MODEL, GATED, TO_WINE, Registry, a_pod, a_policy, a_run, a_step, a_target, at_least
from told import Told, check, retried, stalled

RUN = ObjectName("wine", "wine-1-abcde")
PROPOSES = {"model": A_MODEL, "gates": GATED, "promote": TO_WINE}


@dataclass
class Cluster:
    """What the run's true pass sees; its plans are carried out."""

    run: Manifest
    registry: Registry = field(default_factory=Registry)
    exit_code: int = 0
    ended: Manifest = field(default_factory=dict)
    things: list[Manifest] = field(default_factory=list)
    wanted: frozenset[Question] = frozenset()

    def visit(self) -> Plan:
        answers = {question: self.registry.answer(question, NOON) for question in self.wanted}
        known = [stored(a_policy(at_least(0.9))), stored(a_target()), self.run, *self.things]
        plan = ml_pipeline_run.plan_for(RUN, a_world(known, answers))
        assert plan is not None
        self.wanted = frozenset(plan.questions)
        for act in plan.acts:
            if isinstance(act, Apply):
                self._works(json.loads(json.dumps(act.manifest)))
        self.run = {**self.run, "status": json.loads(json.dumps(plan.status))} if plan.status else self.run
        return plan

    def _works(self, job: Any) -> None:
        """The Job and its Pod end at once."""
        job["metadata"]["uid"] = f"u-{job['metadata']['name']}"
        told = {"type": "Failed" if self.exit_code else "Complete", "status": "True"}
        job["status"] = {"conditions": [told | {"lastTransitionTime": NOON.isoformat()}]}
        pod = a_pod(job, {"terminated": {"exitCode": self.exit_code, **self.ended}})
        metadata = {**pod["metadata"], "namespace": "wine", "labels": job["metadata"]["labels"]}
        self.things += [job, {**pod, "apiVersion": "v1", "kind": "Pod", "metadata": metadata}]

    def settle(self) -> "Cluster":
        for _ in range(20):
            before = (self.run, self.wanted)
            self.visit()
            if (self.run, self.wanted) == before:
                return self
        raise AssertionError("never at rest")

    @property
    def status(self) -> Manifest:
        found: Manifest = self.run["status"]
        return found


def stored(resource: Any) -> Manifest:
    body: Manifest = json.loads(resource.model_dump_json(by_alias=True, exclude_none=True))
    return body


def a_cluster(*steps: Manifest, **spec: Any) -> Cluster:
    return Cluster(stored(a_run(*steps, **spec)))


def not_logged() -> Cluster:
    made = a_cluster(**PROPOSES)
    made.registry = Registry(metrics={"run-r-1": {"f1": 0.9, "loss": 0.1}})
    return made


def no_such_command() -> Cluster:
    made = a_cluster(a_step("train") | {"command": ["pyhton", "train.py"]}, **PROPOSES)
    made.exit_code, made.ended = 128, {"reason": "StartError", "message": 'exec: "pyhton": not found in $PATH'}
    return made


def not_found_by_a_shell() -> Cluster:
    made = a_cluster(a_step("train") | {"command": ["sh", "-c", "pyhton train.py"]}, **PROPOSES)
    made.exit_code, made.ended = 127, {"reason": "Error", "message": "sh: 1: pyhton: not found"}
    return made


def cyclic() -> Cluster:
    return a_cluster(a_step("a", after=("b",)), a_step("b", after=("a",)))


def not_registered() -> Cluster:
    made = a_cluster(**PROPOSES)
    made.registry = Registry(registered={})
    return made


def not_loadable() -> Cluster:
    made = a_cluster(**PROPOSES)
    model = ModelVersion("wine-quality", "8", "mlflow-artifacts:/1/m-8", "m-8", "run-r-1")
    made.registry = Registry(registered={"run-r-1": model})
    return made


@pytest.mark.parametrize(
    ("make", "told"),
    [
        pytest.param(
            not_logged,
            stalled("GateUnmeasured", "offline/accuracy", "accuracy was not logged", "there is: f1, loss"),
            id="a gate on a metric the run did not log",
        ),
        pytest.param(
            no_such_command,
            stalled("StepFailed", "step 'train'", '"pyhton": not found', "mend its command"),
            id="a step whose command does not exist",
        ),
        pytest.param(
            not_found_by_a_shell,
            stalled("StepFailed", "step 'train'", "pyhton: not found", "see kubectl logs job/wine-1-abcde-train"),
            id="a step whose shell does not find the command",
        ),
        pytest.param(
            cyclic,
            stalled("CyclicSteps", "spec.steps", "a → b → a", "remove one of these from dependsOn"),
            id="cyclic dependsOn",
        ),
        pytest.param(
            not_registered,
            stalled("ModelNotRegistered", "spec.model", "registered no version", "log the model with"),
            id="a model version that was not registered",
        ),
        pytest.param(
            not_loadable,
            stalled("GateRefused", "wine-quality version 8", "which KServe cannot load", "give the MLflow server"),
            id="artifacts that KServe cannot load",
        ),
    ],
)
def test_a_run_that_cannot_go_on_fails_and_proposes_nothing(make: Callable[[], Cluster], told: Told):
    cluster = make().settle()

    check(cluster.status, told)
    assert cluster.status["phase"] == "Failed"
    assert cluster.status.get("proposals", []) == []
    assert cluster.visit().acts == ()


def test_a_target_that_serves_another_model_gets_no_proposal():
    cluster = a_cluster(model={"name": "cider", "step": "train"}, promote=TO_WINE)
    cluster.registry = Registry(registered={"run-r-1": ModelVersion("cider", "8", "s3://models/8", "m-8", "run-r-1")})

    cluster.settle()

    check(cluster.status, stalled("TargetRefused", "spec.promote", "serves the model 'wine-quality'", "name one model"))
    assert [(each["state"], cluster.status["phase"]) for each in cluster.status["proposals"]] == [
        ("Dropped", "Succeeded")
    ]


def test_a_gate_whose_policy_is_gone_is_waited_for_and_what_the_steps_made_is_kept():
    cluster = a_cluster(model=A_MODEL, gates=[{"policyRef": {"name": "nobody"}}], promote=TO_WINE).settle()

    check(cluster.status, stalled("UnknownPolicy", "spec.gates", "'nobody' does not exist", "commit it"))
    assert cluster.status["phase"] == "Running"
    assert cluster.status["model"]["version"] == "8"


@pytest.mark.parametrize("when", [pytest.param(0, id="before the first step"), pytest.param(1, id="after the last")])
def test_without_mlflow_a_run_waits_and_loses_nothing(when: int):
    cluster = a_cluster(**PROPOSES)
    for _ in range(2 * when):
        cluster.visit()
    done = [step["phase"] for step in cluster.run.get("status", {}).get("steps", [])]
    cluster.registry.down = "MLflow at http://mlflow:5000 did not answer within 10 s"

    cluster.settle()

    check(cluster.status, retried("MLflow", "did not answer within 10 s", "it is asked again"))
    assert [step["phase"] for step in cluster.status["steps"]] >= done
    cluster.registry.down = ""
    assert cluster.settle().status["phase"] == "Succeeded"


def test_an_answer_that_never_came_is_no_verdict():
    cluster = a_cluster(**PROPOSES)
    cluster.registry.down = "away"

    cluster.settle()

    assert "verdict" not in cluster.status
    assert isinstance(cluster.registry.answer(next(iter(cluster.wanted)), NOON), Unanswered)
