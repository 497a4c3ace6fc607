"""What is asked of KServe, and what is believed of it."""

import re
from typing import Any

import pytest

from inference_services import a_canary, a_deployment, a_predictor, a_service, an_accepted_route
from kanaria.local.kserve.admission import refusal
from kanaria.local.kserve.predictors import stable_of
from kanaria.serving.arrangement import Arrangement, Predictor, read_spec, spec_of, stays_as_it_is
from kanaria.serving.kserve import NOTHING, Owner, observe, render
from kanaria.serving.naming import CANDIDATE_PLACE, cluster_name, predictor_name
from kanaria.vocabulary import ObjectName, ObjectRef

OWNER = Owner(ObjectRef("kanaria.dev/v1alpha1", "ModelDeployment", "cellar", "wine"), "u-md")
MODEL = {"model": {"modelFormat": {"name": "sklearn"}, "storageUri": "s3://m/7"}}


def a_route(generation: int = 3, observed: int = 3, **weights: int) -> dict[str, Any]:
    refs = [{"name": f"wine-{name}-predictor", "weight": weight} for name, weight in weights.items()]
    accepted = {"type": "Accepted", "status": "True", "observedGeneration": observed}
    return {
        "metadata": {"name": "wine", "generation": generation},
        "spec": {"rules": [{"backendRefs": refs}]},
        "status": {"parents": [{"conditions": [accepted]}]},
    }


def test_marks_are_constant_and_the_mode_is_standard():
    manifest = render(OWNER, Arrangement(Predictor("v7", MODEL)))

    assert manifest["metadata"]["labels"] == {"kanaria.dev/owner": "modeldeployment.wine"}
    assert manifest["metadata"]["annotations"] == {"serving.kserve.io/deploymentMode": "Standard"}
    assert manifest["metadata"]["ownerReferences"][0]["uid"] == "u-md"
    assert "canary" not in manifest["spec"]


def test_a_canary_names_its_servers_and_nothing_that_scales():
    arrangement = Arrangement(Predictor("v7", MODEL), (Predictor("v8", MODEL, 2, 25),), {"maxReplicas": 4})

    (entry,) = render(OWNER, arrangement)["spec"]["canary"]

    unnamed = {"model": {**MODEL["model"], "name": ""}}  # the CRD wants a name there, the webhook an empty one
    assert entry == {"trafficPercent": 25, "predictor": {**unnamed, "name": "v8", "minReplicas": 2}}


@pytest.mark.parametrize("user", [1, 2, 3, 5])
@pytest.mark.parametrize("others", [(), (1,), (2,), (1, 3)])
def test_after_kserves_cut_the_users_servers_are_left(user: int, others: tuple[int, ...]):
    entries = tuple(Predictor(f"c{index}", MODEL, replicas) for index, replicas in enumerate(others))
    arrangement = Arrangement(Predictor("v7", MODEL, user), entries, {"minReplicas": user})
    service = {**render(OWNER, arrangement)}

    assert refusal(service) is None
    for ready in (frozenset(), {"c0"}, {entry.name for entry in entries}):
        assert stable_of(service, ready).replicas >= user
    assert stable_of(service, {entry.name for entry in entries}).replicas in {user, max(others, default=user)}


@pytest.mark.parametrize("scaling", [{"minReplicas": 1}, {"minReplicas": 3, "maxReplicas": 6}, {"minReplicas": 2}])
@pytest.mark.parametrize("others", [(), (1,), (2, 3)])
def test_what_is_rendered_is_read_back(scaling: dict[str, int], others: tuple[int, ...]):
    entries = tuple(Predictor(f"c{index}", MODEL, replicas, 10) for index, replicas in enumerate(others))
    arrangement = Arrangement(Predictor("v7", MODEL, scaling["minReplicas"]), entries, scaling)

    assert read_spec(spec_of(arrangement)) == arrangement


def test_more_than_all_of_the_requests_cannot_be_asked_for():
    with pytest.raises(ValueError, match="within 0 to 100"):
        Arrangement(Predictor("v7", MODEL), (Predictor("v8", MODEL, 1, 60), Predictor("v9", MODEL, 1, 50)))


def test_nothing_is_seen_where_nothing_is():
    assert observe(None, {}, None) == NOTHING


def test_the_weights_are_the_routes_and_not_the_specs():
    service = a_service(a_predictor("7", "v7"), a_canary("8", 50))
    seen = observe(service, {}, a_route(v7=90, v8=10))

    assert seen.arrangement.weight_of("v8") == 50
    assert (seen.of("v8").routed, seen.routes("v8", 50), seen.routes("v8", 10)) == (10, False, True)


def test_an_acceptance_of_older_weights_does_not_count():
    service = a_service(a_predictor("7", "v7"), a_canary("8", 10))

    assert observe(service, {}, a_route(3, 3, v7=90, v8=10)).routes("v8", 10)
    assert not observe(service, {}, a_route(4, 3, v7=90, v8=10)).routes("v8", 10)
    assert not observe(service, {}, an_accepted_route() | {"metadata": {"generation": 1}}).accepted


@pytest.mark.parametrize(
    ("status", "ready"),
    [
        pytest.param({}, True, id="all of the newest template"),
        pytest.param({"observedGeneration": 1}, False, id="the newest template was not seen yet"),
        pytest.param({"updatedReplicas": 0}, False, id="available are old ones"),
        pytest.param({"replicas": 2}, False, id="old ones are still there"),
        pytest.param({"availableReplicas": 0}, False, id="none is available"),
    ],
)
def test_servers_are_ready_by_their_deployment(status: dict[str, Any], ready: bool):  # noqa: FBT001
    child = a_deployment("wine-v7-predictor", replicas=1, updatedReplicas=1)
    child["metadata"]["generation"], child["spec"]["replicas"] = 2, 1
    child["status"] |= {"observedGeneration": 2} | status
    lying = {"observedGeneration": 9, "conditions": [{"type": "Ready", "status": "True"}]}

    seen = observe(a_service(a_predictor("7", "v7"), status=lying), {"wine-v7-predictor": child}, None)

    assert seen.ready("v7") is ready


def test_the_same_model_has_the_same_name_whatever_its_scale():
    name = predictor_name("8", "s3://m/8", MODEL)

    assert name == predictor_name("8", "s3://m/8", {**MODEL, "minReplicas": 4, "autoScaling": {}})
    assert name.startswith("v8-")
    assert name != predictor_name("8", "s3://m/8", {**MODEL, "serviceAccountName": "other"})
    assert name != predictor_name("8", "s3://other/8", MODEL)


def test_a_version_that_is_no_dns_label_still_makes_a_name():
    assert re.fullmatch(r"vrelease-1-2-[0-9a-f]{5}", predictor_name("Release_1.2", "s3://m", MODEL))


def test_the_gateway_knows_a_backend_by_its_place_in_the_route():
    assert cluster_name(ObjectName("cellar", "wine"), CANDIDATE_PLACE) == ("httproute/cellar/wine/rule/0/backend/1")


@pytest.mark.parametrize(
    ("above", "stays"),
    [
        pytest.param(MODEL, True, id="the same fields"),
        pytest.param({**MODEL, "serviceAccountName": "x"}, True, id="more fields"),
        pytest.param({}, False, id="a field less"),
        pytest.param({"model": {"modelFormat": {}, "storageUri": "s3://m/8"}}, False, id="a field less, deeper"),
    ],
)
def test_a_canary_inherits_what_it_does_not_say(above: dict[str, Any], stays: bool):  # noqa: FBT001
    assert stays_as_it_is(MODEL, above) is stays
