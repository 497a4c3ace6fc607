"""What the stand-in would do next, in KServe's order."""

from __future__ import annotations

from typing import Any

import pytest

from inference_services import a_canary, a_deployment, a_pod, a_predictor, a_service, an_accepted_route
from kanaria.local.api_client import Thing
from kanaria.local.kserve.planning import Plan, Put, Remove, Seen, desired
from kanaria.local.kserve.rendering import Runtime

NOW = "2026-01-01T00:00:00Z"
LATER = "2026-01-01T00:01:00Z"


def plan(
    service: Thing,
    *deployments: Thing,
    route: Thing | None = None,
    services: Any = (),
    pods: Any = (),
    now: str = NOW,
    **runtime: Any,
):
    by_name = {each["metadata"]["name"]: each for each in deployments}
    fronts = {name: {"metadata": {"name": name}, "spec": {}} for name in services}
    return desired(Seen(service, by_name, fronts, route, pods), Runtime(**runtime), now)


def steps(found: Plan):
    return [("put" if isinstance(step, Put) else "remove", step.resource.kind, step_name(step)) for step in found.steps]


def step_name(step: Put | Remove):
    return step.thing["metadata"]["name"] if isinstance(step, Put) else step.name


def weights(found: Plan):
    routes = [step.thing for step in found.steps if isinstance(step, Put) and step.resource.kind == "HTTPRoute"]
    return (
        [(ref["name"], ref.get("weight")) for ref in routes[-1]["spec"]["rules"][0]["backendRefs"]] if routes else None
    )


def condition(found: Plan, kind: str):
    return next((each for each in found.status["conditions"] if each["type"] == kind), None)


def carried_out(service: Thing, found: Plan, *, available: int = 1):
    """What the caches would show once the plan is carried out and all Pods run."""
    put = [step.thing for step in found.steps if isinstance(step, Put)]
    things = {kind: {t["metadata"]["name"]: t for t in put if t["kind"] == kind} for kind in ("Deployment", "Service")}
    running = {n: t | {"status": a_deployment(n, available)["status"]} for n, t in things["Deployment"].items()}
    routes = [t | {"status": an_accepted_route()["status"]} for t in put if t["kind"] == "HTTPRoute"]
    return Seen(service | {"status": found.status}, running, things["Service"], *routes, pods=[a_pod()])


def test_a_first_service_gets_a_deployment_and_no_route_yet():
    found = plan(a_service())

    assert steps(found) == [("put", "Service", "wine-predictor"), ("put", "Deployment", "wine-predictor")]
    assert condition(found, "IngressReady")["reason"] == "Predictor ingress not created"
    assert condition(found, "Ready")["status"] == "False"


def test_the_route_comes_when_the_stable_predictor_is_ready():
    assert weights(plan(a_service(), a_deployment("wine-predictor"))) == [("wine-predictor", None)]


def test_the_route_is_called_like_the_service_and_bears_its_host():
    found = plan(a_service(), a_deployment("wine-predictor"))

    route = found.steps[-1].thing
    assert route["metadata"]["name"] == "wine"
    assert route["spec"]["hostnames"] == ["wine-cellar.example.com"]


@pytest.mark.parametrize(
    ("canaries", "running", "shares"),
    [
        pytest.param([a_canary()], [], [100], id="not there yet"),
        pytest.param([a_canary()], [a_deployment("wine-v8-predictor", 0)], [100], id="not ready yet"),
        pytest.param([a_canary()], [a_deployment("wine-v8-predictor")], [90, 10], id="ready"),
        pytest.param([a_canary(percent=0)], [a_deployment("wine-v8-predictor")], [100, 0], id="ready at 0 %"),
        pytest.param([a_canary(percent=100)], [a_deployment("wine-v8-predictor")], [0, 100], id="everything"),
        pytest.param(
            [a_canary(), a_canary("9", 30)], [a_deployment("wine-v9-predictor")], [70, 30], id="only the ready one"
        ),
    ],
)
def test_a_canary_gets_its_share_when_it_is_ready_and_stable_the_rest(
    canaries: list[Thing], running: list[Thing], shares: list[int]
):
    found = plan(a_service(None, *canaries), a_deployment("wine-predictor"), *running)

    assert [weight for _, weight in weights(found)] == shares


def test_canaries_are_made_before_the_stable_predictor():
    assert [name for _, kind, name in steps(plan(a_service(None, a_canary()))) if kind == "Deployment"] == [
        "wine-v8-predictor",
        "wine-predictor",
    ]


def test_a_removed_canary_is_deleted_before_the_route_stops_sending_to_it():
    running = [a_deployment("wine-predictor"), a_deployment("wine-v8-predictor")]

    found = plan(a_service(), *running, services=["wine-v8-predictor"], route=an_accepted_route())

    order = steps(found)
    assert order.index(("remove", "Deployment", "wine-v8-predictor")) < order.index(("put", "HTTPRoute", "wine"))
    assert order.index(("remove", "Service", "wine-v8-predictor")) < order.index(("put", "HTTPRoute", "wine"))


def test_what_is_already_leaving_is_not_deleted_again():
    leaving = a_deployment("wine-v8-predictor")
    leaving["metadata"]["deletionTimestamp"] = NOW

    assert not [s for s in plan(a_service(), a_deployment("wine-predictor"), leaving).steps if isinstance(s, Remove)]


def test_a_promotion_by_name_sends_all_to_the_candidate_before_it_is_scaled():
    promoted = a_service(a_predictor("8", "v8", minReplicas=4))

    found = plan(promoted, a_deployment("wine-predictor", 4), a_deployment("wine-v8-predictor", 1))

    assert steps(found)[0] == ("remove", "Deployment", "wine-predictor")
    assert weights(found) == [("wine-v8-predictor", None)]
    scaled = next(s.thing for s in found.steps if isinstance(s, Put) and s.resource.kind == "Deployment")
    assert scaled["spec"]["replicas"] == 4


def test_a_stable_predictor_is_scaled_down_only_for_a_ready_canary():
    service = a_service(a_predictor(minReplicas=4), a_canary(percent=50))
    replicas = {
        available: next(
            step.thing["spec"]["replicas"]
            for step in plan(service, a_deployment("wine-v8-predictor", available)).steps
            if step.resource.kind == "Deployment" and step_name(step) == "wine-predictor"
        )
        for available in (0, 2)
    }

    assert replicas == {0: 4, 2: 2}


def test_the_route_stays_as_it_is_while_the_stable_predictor_is_not_ready():
    found = plan(a_service(None, a_canary()), a_deployment("wine-predictor", 0), a_deployment("wine-v8-predictor"))

    assert weights(found) is None


def test_at_rest_there_is_nothing_to_do():
    service = a_service(a_predictor(minReplicas=3), a_canary())
    seen = Seen(service, {"wine-predictor": a_deployment("wine-predictor"), "wine-v8-predictor": a_deployment("v8")})
    for _ in range(4):
        seen = _merged(seen, carried_out(service, desired(seen, Runtime(), NOW)))

    again = desired(seen, Runtime(), LATER)

    assert again.steps == ()
    assert again.events == ()
    assert again.status == seen.service["status"]


def _merged(before: Any, after: Any):
    deployments = {**before.deployments, **after.deployments}
    return Seen(
        after.service, deployments, {**before.services, **after.services}, after.route or before.route, after.pods
    )


def test_a_deployment_changed_by_another_hand_is_put_right():
    service = a_service()
    seen = carried_out(service, plan(service))
    seen.deployments["wine-predictor"]["spec"]["replicas"] = 9

    assert ("put", "Deployment", "wine-predictor") in steps(desired(seen, Runtime(), NOW))


def test_defaults_filled_in_by_the_api_server_are_no_difference():
    service = a_service()
    seen = carried_out(service, plan(service))
    seen.deployments["wine-predictor"]["spec"]["template"]["spec"]["dnsPolicy"] = "ClusterFirst"

    assert ("put", "Deployment", "wine-predictor") not in steps(desired(seen, Runtime(), NOW))


def test_a_refused_spec_changes_nothing_but_the_conditions_and_tells_once():
    service = a_service(None, {"predictor": a_predictor("8"), "trafficPercent": 10})

    found = plan(service, a_deployment("wine-predictor"))
    again = plan(service | {"status": found.status}, a_deployment("wine-predictor"), now=LATER)

    assert found.steps == ()
    assert condition(found, "SpecRefused")["message"] == "canary[0] predictor.name is required"
    assert [event.reason for event in found.events] == ["AdmissionDenied"]
    assert (again.steps, again.events, again.status) == ((), (), found.status)


def test_a_refusal_leaves_what_serves_ready():
    served = carried_out(a_service(), plan(a_service(), a_deployment("wine-predictor")))
    status = desired(served, Runtime(), NOW).status
    spoilt = a_service(None, a_canary(), annotations={}, status=status)

    found = plan(spoilt, now=LATER)

    assert condition(found, "Ready") == next(each for each in status["conditions"] if each["type"] == "Ready")


def test_a_mended_spec_loses_its_refusal():
    refused = plan(a_service(None, a_canary(), annotations={}))

    assert condition(plan(a_service(status=refused.status)), "SpecRefused") is None


@pytest.mark.parametrize(
    ("service", "transition"),
    [
        pytest.param(
            a_service({"model": {"modelFormat": {"name": "onnx"}, "storageUri": "s"}}), "InvalidSpec", id="stable"
        ),
        pytest.param(
            a_service(
                None, {"predictor": {"name": "v8", "model": {"modelFormat": {"name": "onnx"}}}, "trafficPercent": 1}
            ),
            None,
            id="canary",
        ),
    ],
)
def test_a_format_no_runtime_serves_stops_the_pass(service: Thing, transition: str | None):
    found = plan(service, a_deployment("wine-predictor"))

    assert found.steps == ()
    assert [event.reason for event in found.events] == ["NoSupportingRuntime"]
    assert found.status.get("modelStatus", {}).get("transitionStatus") == transition


def test_turning_ready_and_back_is_told_in_events():
    seen = carried_out(a_service(), plan(a_service(), a_deployment("wine-predictor")))
    ready = desired(seen, Runtime(), NOW)
    lost = plan(a_service(status=ready.status), a_deployment("wine-predictor", 0), route=seen.route)

    assert [event.reason for event in ready.events] == ["InferenceServiceReady"]
    assert [event.reason for event in lost.events] == ["InferenceServiceNotReady"]
    assert "PredictorReady" in lost.events[0].message
