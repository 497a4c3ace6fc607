"""Bad input that a ModelDeployment or a MetricPolicy meets: told, and what serves keeps serving.

Through the true pass, on what KServe and the gateway made of a stable model and of a canary.
"""

from dataclasses import replace
from typing import Any

import pytest

from deployments import canary, serving, trying
from fake_world import a_world
from kanaria.reconcile.metric_policy import plan_for as policy_plan
from kanaria.reconcile.model_deployment import ModelDeploymentPass
from kanaria.reconcile.world import Settings
from kanaria.vocabulary import Apply, ObjectName, Plan
from kanaria.vocabulary.objects import Manifest
from model_world import ModelWorld
from told import Told, check, retried, stalled

WINE = ObjectName("cellar", "wine")
METRIC = {"name": "errors", "counter": {"interval": "5s"}, "sequential": {"promoteBelow": 2.0}}
GATEWAY = Settings(gateway_metrics_url="http://127.0.0.1:9/metrics")


def a_policy(*metrics: Manifest, name: str = "online") -> Manifest:
    metadata = {"name": name, "namespace": "cellar", "generation": 1}
    spec = {"metrics": list(metrics or [METRIC])}
    return {"apiVersion": "kanaria.dev/v1alpha1", "kind": "MetricPolicy", "metadata": metadata, "spec": spec}


NO_JUDGE = a_policy({"name": "errors", "mlflow": {"key": "errors"}}, name="broken")


def passed(world: ModelWorld, passes: ModelDeploymentPass | None = None, **spec: Any) -> Plan:
    """What the true pass plans after a commit that changes the spec."""
    body = {**world.md, "apiVersion": "kanaria.dev/v1alpha1", "spec": {**world.md["spec"], **spec}}
    body["metadata"] = {**body["metadata"], "generation": body["metadata"]["generation"] + bool(spec)}
    placed = [
        {**each, "apiVersion": "apps/v1", "kind": "Deployment"}
        | {"metadata": {**each["metadata"], "namespace": "cellar"}}
        for each in world.deployments.values()
    ]
    things = [thing for thing in (world.service, world.route) if thing is not None]
    caches = a_world([body, *placed, *things, a_policy(), NO_JUDGE], now=world.now, settings=GATEWAY)
    caches = replace(caches, answer=world.answer)
    plan = (passes or ModelDeploymentPass()).plan_for(WINE, caches)
    assert plan is not None
    return plan


def services(plan: Plan) -> list[Manifest]:
    return [act.manifest for act in plan.acts if isinstance(act, Apply)]


def stable_percent(service: Manifest) -> int:
    """The percent of the requests that KServe is asked to leave to the stable model."""
    return 100 - sum(entry["trafficPercent"] for entry in service["spec"].get("canary", ()))


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        pytest.param(
            {"strategy": canary({"setWeight": "five"})},
            stalled("InvalidSpec", "spec.strategy.canary.steps[0].setWeight", "a whole number is needed", "not 'five'"),
            id="a wrong type",
        ),
        pytest.param(
            {"candidate": {"version": "99"}},
            stalled("ModelNotFound", "spec.candidate.version", "no version 99 of wine-quality", "name one that exists"),
            id="a missing model version",
        ),
        pytest.param(
            {"stable": {"version": "99"}},
            stalled("ModelNotFound", "spec.stable.version", "no version 99 of wine-quality", "name one that exists"),
            id="a missing stable version",
        ),
        pytest.param(
            {"candidate": {"version": "7"}},
            stalled("SameAsStable", "spec.candidate", "as spec.stable", "remove it"),
            id="a candidate equal to stable",
        ),
        pytest.param(
            {"candidate": {"version": "6"}, "rejected": [{"version": "6", "evidence": "errors ×3.1"}]},
            stalled("RejectedBefore", "spec.candidate.version 6", "errors ×3.1", "drops that entry"),
            id="a candidate that was rejected before",
        ),
        pytest.param(
            {"candidate": {"version": "8"}, "analysis": {"policies": [{"name": "nobody"}]}},
            stalled("UnknownPolicy", "spec.analysis.policies", "nobody, which does not exist", "commit it"),
            id="an unknown policy",
        ),
        pytest.param(
            {"candidate": {"version": "8"}, "analysis": {"policies": [{"name": "broken"}]}},
            stalled("UnknownPolicy", "MetricPolicy broken", "exactly one gate is needed", "known are"),
            id="a policy that cannot be read",
        ),
    ],
)
def test_what_the_user_must_mend_stalls_and_what_serves_keeps_serving(spec: dict[str, Any], told: Told):
    world = serving("7")
    world.missing.add("99")
    before = world.md["status"]

    plan = passed(world, **spec)

    check(plan.status, told)
    assert plan.status is not None
    assert services(plan) == []
    assert {key: plan.status[key] for key in ("stable", "url")} == {key: before[key] for key in ("stable", "url")}
    assert "trial" not in plan.status


def test_an_unknown_field_of_a_live_object_is_no_reason_to_stop():
    """A typo is told where it is made, by lint and by the GitSync; a downgrade must not stall a judge."""
    plan = passed(serving("7"), fieldOfTomorrow=1)

    assert plan.status is not None
    assert [(each["type"], each["reason"]) for each in plan.status["conditions"]] == [("Ready", "Serving")]


def test_a_trial_goes_on_while_the_spec_is_wrong():
    world = trying("8")

    plan = passed(world, strategy=canary({"setWeight": "five"}))

    check(plan.status, stalled("InvalidSpec", "spec.strategy", "a whole number is needed", "not 'five'"))
    assert plan.status is not None
    assert (plan.status["trial"]["weight"], plan.status["trial"]["id"]) == (10, world.md["status"]["trial"]["id"])
    assert plan.questions, "the judge is not blinded"
    assert services(plan) == []


def test_without_mlflow_a_new_candidate_waits_and_what_serves_keeps_serving():
    world = serving("7")
    world.mlflow = False

    plan = passed(world, candidate={"version": "8"})

    check(plan.status, retried("spec.candidate", "http://mlflow cannot be reached", "tried again"))
    assert plan.status is not None
    assert plan.status["conditions"][0]["reason"] == "Serving"
    assert services(plan) == []


def test_without_metrics_the_candidate_gets_no_traffic_and_is_not_rejected():
    world = trying("8")
    passes = ModelDeploymentPass()
    passed(world, passes)
    world.metrics = False
    world.tick(120)

    plan = passed(world, passes)

    check(plan.status, retried("errors was not read", "the gateway cannot be reached", "goes on then"))
    assert plan.status is not None
    trial, ready = plan.status["trial"], plan.status["conditions"][0]
    assert (trial["phase"], trial["weight"], ready["reason"]) == ("Paused", 0, "MetricsUnmeasured")
    assert [stable_percent(service) for service in services(plan)] == [100]
    assert (plan.status["stable"], trial["id"]) == (world.md["status"]["stable"], world.md["status"]["trial"]["id"])


@pytest.mark.parametrize(
    ("metric", "told"),
    [
        pytest.param(
            {"name": "errors", "counter": {"interval": 5}, "sequential": {}},
            stalled("InvalidSpec", "spec.metrics[0].counter.interval", "a text is needed", "put it in quotes"),
            id="a wrong type",
        ),
        pytest.param(
            {"name": "errors", "mlflow": {"key": "errors"}, "sequential": {}},
            stalled("InvalidSpec", "spec.metrics[0]", "sequential does not judge mlflow", "it judges: counter"),
            id="a gate that does not suit its source",
        ),
        pytest.param(
            {"name": "errors", "mlflow": {"key": "errors"}},
            stalled("InvalidSpec", "spec.metrics[0]", "exactly one gate is needed", "known are"),
            id="no gate",
        ),
    ],
)
def test_a_policy_that_cannot_be_read_is_told(metric: dict[str, Any], told: Told):
    plan = policy_plan(ObjectName("cellar", "online"), a_world([a_policy(metric)]))

    assert plan is not None
    check(plan.status, told)
