"""Bad input that an MLPipeline meets: told with place, fact and remedy; no run starts, what is known stays known."""

from typing import Any

import pytest

from fake_world import a_world
from kanaria.reconcile import ml_pipeline
from kanaria.vocabulary import Answered, ObjectName, Plan, Unanswered
from kanaria.vocabulary.objects import Manifest
from pipelines import GATED, NOON, a_pipeline, a_step
from told import Told, acts_but_status, check, retried, stalled

WINE = ObjectName("wine", "wine")
SOURCE = {"git": {"url": "https://git.example.com/wine.git", "path": "training"}}
ON_COMMITS = {"source": SOURCE, "triggers": [{"name": "code", "source": {}}]}
BEFORE = {
    "phase": "Succeeded",
    "runs": 3,
    "revision": "abc",
    "lastHandledRunRequest": "one",
    "lastRun": {"name": "wine-3-abcde", "phase": "Succeeded", "version": "7"},
    "conditions": [
        {
            "type": "Ready",
            "status": "True",
            "reason": "RunSucceeded",
            "message": "",
            "lastTransitionTime": NOON.isoformat(),
        }
    ],
}


def a_body(*steps: Manifest, **spec: Any) -> Manifest:
    """A pipeline as the API server holds it; a commit that asks for a run has just been applied."""
    good = a_pipeline(run="two", status=BEFORE).model_dump(mode="json", by_alias=True, exclude_none=True)
    return {**good, "spec": {**good["spec"], **({"steps": list(steps)} if steps else {}), **spec}}


def passed(body: Manifest, answer: Any = None) -> Plan:
    (question,) = ml_pipeline.plan_for(WINE, a_world([body])).questions if answer is not None else (None,)
    plan = ml_pipeline.plan_for(WINE, a_world([body], {question: answer} if question else {}))
    assert plan is not None
    return plan


@pytest.mark.parametrize(
    ("body", "told"),
    [
        pytest.param(
            a_body(a_step("train") | {"command": "python train.py"}),
            stalled("InvalidSpec", "spec.steps[0].command", "a list is needed", "write [first, second]"),
            id="a wrong type",
        ),
        pytest.param(
            a_body(a_step("train") | {"podTemplate": {"spec": {"serviceAccountName": "admin"}}}),
            stalled("InvalidSpec", "steps[0]", "podTemplate.spec.serviceAccountName", "spec.podServiceAccountName"),
            id="a Pod with an account of its own",
        ),
        pytest.param(
            a_body(a_step("a", after=("b",)), a_step("b", after=("a",))),
            stalled("CyclicSteps", "spec.steps", "a → b → a", "remove one of these from dependsOn"),
            id="cyclic dependsOn",
        ),
        pytest.param(
            a_body(a_step("a", after=("b",))),
            stalled("InvalidSpec", "spec.steps 'a'", "depends on 'b', which is no step", "there are: a"),
            id="dependsOn of a step that is not there",
        ),
        pytest.param(
            a_body(a_step("train") | {"command": ["python", "${parameters.alpha}"]}),
            stalled("InvalidSpec", "spec.steps 'train', command[1]", "stands for nothing", "write $${…}"),
            id="a reference that stands for nothing",
        ),
        pytest.param(
            a_body(gates=GATED),
            stalled("UnknownPolicy", "spec.gates[0]", "'offline' does not exist in namespace wine", "commit it"),
            id="an unknown policy",
        ),
        pytest.param(
            a_body(triggers=[{"name": "nightly", "schedule": {"cron": "every night at three"}}]),
            stalled(
                "InvalidSpec",
                "spec.triggers[0].schedule.cron",
                "'every night at three' has 4 fields",
                "write five fields",
            ),
            id="a schedule that is none",
        ),
    ],
)
def test_a_pipeline_that_cannot_run_says_so_and_forgets_nothing(body: Manifest, told: Told):
    plan = passed(body)

    check(plan.status, told)
    assert acts_but_status(plan) == []
    assert plan.status is not None
    kept = ("runs", "revision", "lastHandledRunRequest")
    assert {key: plan.status[key] for key in kept} == {key: BEFORE[key] for key in kept}
    assert plan.status["lastRun"]["name"] == "wine-3-abcde"


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        pytest.param(
            Unanswered(NOON, "git.example.com: it cannot be reached"),
            retried("spec.source.git", "git.example.com: it cannot be reached", "it is tried again"),
            id="an unreachable repository",
        ),
        pytest.param(
            Answered(NOON, ""),
            stalled("PathNotFound", "spec.source.git.path", "no commit of branch 'main' touches", "mend the path"),
            id="a path that no commit touches",
        ),
    ],
)
def test_a_pipeline_whose_code_cannot_be_had_says_so_and_starts_nothing(answer: Any, told: Told):
    plan = passed(a_body(**ON_COMMITS), answer)

    check(plan.status, told)
    assert acts_but_status(plan) == []
    assert plan.status is not None
    assert (plan.status["runs"], plan.status["revision"]) == (3, "abc")
    assert plan.questions, "it is asked again"
