"""What the stand-in says of an InferenceService, KServe's untruths included."""

from __future__ import annotations

from typing import Any

import pytest

from inference_services import a_canary, a_deployment, a_pod, a_predictor, a_service, an_accepted_route
from kanaria.local.api_client import Thing
from kanaria.local.kserve.conditions import Finding, conditions
from kanaria.local.kserve.planning import Seen, desired
from kanaria.local.kserve.rendering import Runtime
from kanaria.local.kserve.status import model_status, predictor_finding

NOW = "2026-01-01T00:00:00Z"
LATER = "2026-01-01T00:01:00Z"


def told(
    service: Thing, *deployments: Thing, route: Thing | None = None, pods: Any = (), now: str = NOW, ingress: str = ""
):
    seen = Seen(service, {each["metadata"]["name"]: each for each in deployments}, {}, route, pods)
    return desired(seen, Runtime(ingress=ingress), now).status


def condition(status: Any, kind: str):
    return next((each for each in status["conditions"] if each["type"] == kind), None)


def progressing(status: Any, reason: str, message: str = "m"):
    return {"type": "Progressing", "status": status, "reason": reason, "message": message}


def available(status: Any):
    return {"type": "Available", "status": status, "reason": "Minimum", "message": "m"}


@pytest.mark.parametrize(
    ("seen", "status"),
    [
        pytest.param([], "False", id="nothing said yet"),
        pytest.param([available("True")], "True", id="available"),
        pytest.param([available("False")], "False", id="not available"),
        pytest.param(
            [available("True"), progressing("True", "ReplicaSetUpdated")], "True", id="rolling, yet available"
        ),
        pytest.param([progressing("True", "ReplicaSetUpdated")], "Unknown", id="rolling, availability unknown"),
        pytest.param(
            [available("False"), progressing("True", "NewReplicaSetAvailable")], "False", id="done, then lost"
        ),
        pytest.param([available("True"), progressing("False", "ProgressDeadlineExceeded")], "False", id="stuck"),
        pytest.param(
            [available("True"), {"type": "ReplicaFailure", "status": "True", "reason": "Quota"}], "False", id="no room"
        ),
    ],
)
def test_predictor_ready_follows_the_deployments_conditions(seen: Any, status: Any):
    deployment = {"status": {"conditions": seen}}

    assert predictor_finding(deployment).status == status


def test_ready_needs_the_predictor_and_an_accepted_route():
    service, running = a_service(), a_deployment("wine-predictor")

    assert condition(told(service, running), "Ready")["status"] == "False"
    assert condition(told(service, running, route={"spec": {}, "metadata": {}}), "Ready")["status"] == "False"
    assert condition(told(service, running, route=an_accepted_route()), "Ready")["status"] == "True"


def test_a_route_one_gateway_refuses_is_no_ingress():
    refused = [{"type": "ResolvedRefs", "status": "False", "reason": "BackendNotFound", "message": "gone"}]

    status = told(a_service(), a_deployment("wine-predictor"), route=an_accepted_route(conditions=refused))

    assert condition(status, "IngressReady")["reason"] == "BackendNotFound"


def test_observed_generation_is_the_child_deployments():
    service = a_service(generation=9)

    assert told(service, a_deployment("wine-predictor", generation=2))["observedGeneration"] == 2


def test_a_canary_that_never_starts_leaves_the_service_ready():
    status = told(a_service(None, a_canary()), a_deployment("wine-predictor"), route=an_accepted_route())

    assert condition(status, "Ready")["status"] == "True"
    assert condition(status, "CanaryPredictorReady") | {"lastTransitionTime": ""} == {
        "type": "CanaryPredictorReady",
        "status": "False",
        "severity": "Info",
        "reason": "CanariesNotReady",
        "lastTransitionTime": "",
    }


def test_a_canarys_status_repeats_the_spec_and_says_nothing_of_its_model():
    status = told(a_service(None, a_canary(percent=40)), a_deployment("wine-v8-predictor", 0))

    assert status["canaryStatuses"] == [
        {"name": "v8", "ready": False, "trafficPercent": 40, "modelStatus": {"transitionStatus": ""}}
    ]


def test_without_canaries_nothing_is_said_of_canaries():
    before = told(a_service(None, a_canary()), a_deployment("wine-v8-predictor"))

    after = told(a_service(status=before))

    assert "canaryStatuses" not in after
    assert condition(after, "CanaryPredictorReady") is None


def test_the_url_is_the_routers_where_there_is_one():
    seen = (a_service(), a_deployment("wine-predictor"))

    assert told(*seen, route=an_accepted_route())["url"] == "http://wine-cellar.example.com"
    assert told(*seen, route=an_accepted_route(), ingress="http://127.0.0.1:81")["url"].endswith(
        ":81/serving/cellar/wine"
    )


def test_the_address_follows_the_stable_predictors_name():
    status = told(a_service(a_predictor("8", "v8")), a_deployment("wine-v8-predictor"), route=an_accepted_route())

    assert status["address"]["url"] == "http://wine-v8-predictor.cellar.svc.cluster.local"


@pytest.mark.parametrize(
    ("before", "pods", "ready", "expected"),
    [
        pytest.param({}, [], False, ("InProgress", "", "Pending", 0), id="no Pod"),
        pytest.param({}, [a_pod(ready=False)], False, ("InProgress", "", "Pending", 0), id="starting"),
        pytest.param({}, [a_pod()], True, ("UpToDate", "Loaded", "Loaded", 1), id="loaded"),
        pytest.param(
            {}, [a_pod(ready=False, state={"terminated": {"reason": "Error", "exitCode": 1}})], False,
            ("BlockedByFailedLoad", "", "FailedToLoad", 0), id="ended in error",
        ),
        pytest.param(
            {}, [a_pod(ready=False, state={"waiting": {"reason": "CrashLoopBackOff"}})], False,
            ("BlockedByFailedLoad", "", "FailedToLoad", 0), id="crash loop",
        ),
        pytest.param(
            {"states": {"activeModelState": "Loaded", "targetModelState": "Loaded"}}, [], False,
            ("InProgress", "Loaded", "Pending", 0), id="once loaded stays so",
        ),
    ],
)  # fmt: skip
def test_the_stable_models_state_follows_its_pods(before: Any, pods: Any, ready: Any, expected: Any):
    found = model_status(before, pods, ready=ready)

    states = found["states"]
    told_of = (found["transitionStatus"], states["activeModelState"], states["targetModelState"])
    assert (*told_of, found["copies"]["totalCopies"]) == expected


def test_why_a_model_failed_to_load_is_remembered():
    ended = {"terminated": {"reason": "Error", "exitCode": 3, "message": "no such file"}}
    failed = model_status({}, [a_pod(ready=False, state=ended)], ready=False)

    mended = model_status(failed, [a_pod()], ready=True)

    assert mended["lastFailureInfo"] == {"reason": "ModelLoadFailed", "message": "no such file", "exitCode": 3}


def test_a_condition_keeps_its_time_while_it_says_the_same():
    first = conditions([Finding("PredictorReady", "True")], [], NOW)
    same = conditions([Finding("PredictorReady", "True")], first, LATER)
    turned = conditions([Finding("PredictorReady", "False")], first, LATER)

    assert same == first
    assert {each["lastTransitionTime"] for each in turned} == {LATER}
