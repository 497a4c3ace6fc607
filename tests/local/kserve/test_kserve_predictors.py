"""Names, merged specs and numbers of Pods of stable and canary predictors."""

from __future__ import annotations

from typing import Any

import pytest

from inference_services import a_canary, a_predictor, a_service
from kanaria.local.api_client import Thing
from kanaria.local.kserve.naming import predictor_name
from kanaria.local.kserve.predictors import canaries_of, laid_over, stable_of


@pytest.mark.parametrize(
    ("variant", "name"),
    [
        pytest.param(None, "wine-predictor", id="unnamed"),
        pytest.param("", "wine-predictor", id="empty name"),
        pytest.param("v8", "wine-v8-predictor", id="named"),
    ],
)
def test_a_predictors_name_becomes_part_of_its_deployments(variant: str | None, name: str):
    assert predictor_name("wine", variant) == name


@pytest.mark.parametrize(
    ("stable", "canary", "pods"),
    [
        pytest.param({}, {"percent": 10}, 1, id="a share of one is one"),
        pytest.param({}, {"percent": 0}, 0, id="0 % without minReplicas is no Pod"),
        pytest.param({}, {"percent": 0, "minReplicas": 1}, 1, id="0 % with minReplicas"),
        pytest.param({"minReplicas": 4}, {"percent": 25}, 1, id="exactly a quarter"),
        pytest.param({"minReplicas": 4}, {"percent": 26}, 2, id="rounded up"),
        pytest.param({"minReplicas": 4}, {"percent": 100}, 4, id="everything"),
        pytest.param({"minReplicas": 4}, {"percent": 100, "minReplicas": 2}, 2, id="its own word first"),
        pytest.param({"minReplicas": 0}, {"percent": 50}, 0, id="a share of none"),
    ],
)
def test_a_canary_gets_its_own_minimum_or_its_share_of_the_stables(stable: Thing, canary: Thing, pods: Any):
    service = a_service(a_predictor(**stable), a_canary(**canary))

    assert [each.replicas for each in canaries_of(service)] == [pods]


@pytest.mark.parametrize(
    ("minimum", "ready", "pods"),
    [
        pytest.param(4, set(), 4, id="a canary not ready takes nothing"),
        pytest.param(4, {"v8"}, 3, id="one canary Pod"),
        pytest.param(4, {"v8", "v9"}, 1, id="both canaries"),
        pytest.param(2, {"v8", "v9"}, 1, id="one always remains"),
        pytest.param(4, {"gone"}, 4, id="a canary no longer asked for"),
    ],
)
def test_the_stable_predictor_is_cut_by_the_pods_of_ready_canaries(minimum: int, ready: Any, pods: Any):
    service = a_service(a_predictor(minReplicas=minimum), a_canary(percent=25, minReplicas=1), a_canary("9", 50))

    assert stable_of(service, ready).replicas == pods


def test_a_stable_predictor_that_says_no_minimum_is_one_pod_and_is_not_cut():
    assert stable_of(a_service(None, a_canary(percent=50)), {"v8"}).replicas == 1


@pytest.mark.parametrize(
    ("below", "above", "merged"),
    [
        pytest.param({"a": 1}, {"b": 2}, {"a": 1, "b": 2}, id="both"),
        pytest.param({"a": 1}, {"a": 2}, {"a": 2}, id="the upper wins"),
        pytest.param({"m": {"a": 1, "b": 1}}, {"m": {"b": 2}}, {"m": {"a": 1, "b": 2}}, id="deep"),
        pytest.param({"l": [1, 2]}, {"l": [3]}, {"l": [3]}, id="lists are replaced"),
        pytest.param({"l": [1]}, {"l": []}, {"l": [1]}, id="an empty list unsets nothing"),
        pytest.param({"a": "x"}, {"a": ""}, {"a": "x"}, id="an empty text unsets nothing"),
        pytest.param({"a": "x"}, {"a": None}, {"a": "x"}, id="null unsets nothing"),
    ],
)
def test_a_canary_is_laid_over_the_stable_predictor(below: Any, above: Any, merged: Any):
    assert laid_over(below, above) == merged


def test_a_canary_inherits_what_it_does_not_say():
    service = a_service(a_predictor(serviceAccountName="runner"), a_canary())

    canary = canaries_of(service)[0]

    assert canary.spec["serviceAccountName"] == "runner"
    assert canary.spec["model"]["storageUri"] == "file:///models/wine/8"
