"""Which Pods answer for a Service, and how they take turns."""

from __future__ import annotations

from typing import Any

import pytest

from inference_services import a_pod
from kanaria.local.api_client import Thing
from kanaria.local.router.endpoints import Endpoint, Turns, endpoints_of

SERVICE = {
    "metadata": {"name": "wine-predictor", "namespace": "cellar"},
    "spec": {"selector": {"app": "isvc.wine-predictor"}, "ports": [{"port": 80, "targetPort": 8080}]},
}


def a_pod_on(port: int, name: str = "wine-1", *, ready: bool = True, **meta: Any) -> Thing:
    pod = a_pod(name, ready=ready)
    pod["metadata"] |= {"annotations": {"local.kanaria.dev/port": str(port)}} | meta
    return pod


@pytest.mark.parametrize(
    ("pod", "found"),
    [
        pytest.param(a_pod_on(4001), [4001], id="ready"),
        pytest.param(a_pod_on(4001, ready=False), [], id="not ready"),
        pytest.param(a_pod_on(4001, deletionTimestamp="2026-01-01T00:00:00Z"), [], id="terminating"),
        pytest.param(a_pod_on(4001, labels={"app": "isvc.beer"}), [], id="of another Service"),
        pytest.param(a_pod_on(4001, namespace="attic"), [], id="of another namespace"),
    ],
)
def test_ready_pods_of_the_service_that_stay_can_answer(pod: Thing, found: list[int]):
    assert [endpoint.port for endpoint in endpoints_of(SERVICE, [pod])] == found


def test_without_the_local_annotation_a_pod_is_called_at_its_own_address():
    pod = a_pod()
    pod["status"]["podIP"] = "10.0.0.7"

    assert endpoints_of(SERVICE, [pod])[0].url == "http://10.0.0.7:8080"


def test_a_service_that_is_not_there_has_no_endpoints():
    assert endpoints_of(None, [a_pod_on(4001)]) == ()


def test_a_service_without_a_selector_has_no_endpoints():
    assert endpoints_of(SERVICE | {"spec": {}}, [a_pod_on(4001)]) == ()


def test_pods_take_turns():
    pods = endpoints_of(SERVICE, [a_pod_on(4001, "wine-1"), a_pod_on(4002, "wine-2")])
    turns = Turns()

    ports = [endpoint.port for _ in range(4) if (endpoint := turns.next("c", pods))]

    assert ports == [4001, 4002, 4001, 4002]


def test_the_pod_that_failed_is_avoided_unless_it_is_the_only_one():
    one, two = Endpoint("a", "h", 1), Endpoint("b", "h", 2)
    turns = Turns()

    assert {turns.next("c", (one, two), avoid=one) for _ in range(4)} == {two}
    assert turns.next("c", (one,), avoid=one) == one
    assert turns.next("c", ()) is None
