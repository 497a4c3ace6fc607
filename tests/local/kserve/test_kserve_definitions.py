"""The small definitions take what upstream's take: what is accepted here is accepted by KServe and the Gateway API."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from openapi_schema_validator import OAS30Validator

from inference_services import a_canary, a_predictor, a_service
from kanaria.local.api_client import Thing
from kanaria.local.crds import files
from kanaria.local.kserve.planning import Seen, desired
from kanaria.local.kserve.predictors import stable_of
from kanaria.local.kserve.rendering import Runtime
from kanaria.local.kserve.routing import route
from kanaria.local.router.acceptance import status_of

UPSTREAM = Path(os.environ.get("KANARIA_REFERENCE_CRDS", Path(__file__).parents[4] / "shared" / "crds"))
GROUPS = ("serving.kserve.io", "gateway.networking.k8s.io")
NOW = "2026-01-01T00:00:00Z"


@cache
def schema(file: Path) -> Any:
    """The schema of a definition's first version; int-or-string and the like say nothing to the validator."""
    definition = yaml.load(file.read_text(), Loader=yaml.CSafeLoader)
    return definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]


def ours(plural: str) -> Any:
    return schema(next(file for file in files() if file.stem == plural))


def theirs(plural: str) -> Any:
    found = [UPSTREAM / f"{group}_{plural}.yaml" for group in GROUPS]
    file = next((file for file in found if file.is_file()), None)
    if file is None:
        pytest.skip("upstream's definitions are not here; KANARIA_REFERENCE_CRDS says where they are")
    return schema(file)


def objections(schema: Any, thing: Thing) -> list[str]:
    return [f"{list(error.absolute_path)}: {error.message}" for error in OAS30Validator(schema).iter_errors(thing)]


def with_status(service: Thing) -> Thing:
    """The InferenceService with all the stand-in may say of it."""
    return service | {"status": desired(Seen(service), Runtime(), NOW).status}


def a_route_with_status(service: Thing) -> Thing:
    found = route(service, {"v8"})
    return found | {"status": status_of(found, lambda _namespace, _name: True, NOW)}


SERVICES = [
    pytest.param(a_service(), id="alone"),
    pytest.param(a_service(a_predictor(minReplicas=3), a_canary(minReplicas=1), a_canary("9", 0)), id="two canaries"),
    pytest.param(a_service(a_predictor(serviceAccountName="x", nodeSelector={"gpu": "yes"})), id="Pod fields"),
]
ROUTES = [pytest.param(a_service(), id="alone"), pytest.param(a_service(None, a_canary()), id="with a canary")]


@pytest.mark.parametrize("service", SERVICES)
def test_an_inference_service_is_accepted_here_and_upstream_with_its_status(service: Thing):
    assert objections(ours("inferenceservices"), with_status(service)) == []
    assert objections(theirs("inferenceservices"), with_status(service)) == []


@pytest.mark.parametrize("service", ROUTES)
def test_a_route_is_accepted_here_and_upstream_with_its_status(service: Thing):
    assert objections(ours("httproutes"), a_route_with_status(service)) == []
    assert objections(theirs("httproutes"), a_route_with_status(service)) == []


REFUSED = [
    pytest.param({"spec": {}}, id="no predictor"),
    pytest.param(a_service(None, a_canary(percent=101)), id="more than everything"),
    pytest.param(a_service(None, a_canary(percent=-1)), id="less than nothing"),
    pytest.param(
        a_service(None, {"predictor": a_predictor("8", "v8"), "trafficPercent": 1}), id="no canary model.name"
    ),
    pytest.param(a_service(None, {"predictor": a_canary()["predictor"]}), id="no percent"),
    pytest.param(a_service(None, {"trafficPercent": 1}), id="no canary predictor"),
    pytest.param(a_service(a_predictor(minReplicas="2")), id="a word for a number"),
    pytest.param(a_service(a_predictor(name=8)), id="a number for a name"),
]


@pytest.mark.parametrize("service", REFUSED)
def test_what_is_refused_upstream_is_refused_here(service: Thing):
    assert objections(ours("inferenceservices"), service)
    assert objections(theirs("inferenceservices"), service)


def test_the_definitions_bear_upstreams_names():
    for file in files():
        spec = yaml.safe_load(file.read_text())["spec"]
        upstream = UPSTREAM / f"{spec['group']}_{spec['names']['plural']}.yaml"
        if not upstream.is_file():
            pytest.skip("upstream's definitions are not here")
        names = yaml.load(upstream.read_text(), Loader=yaml.CSafeLoader)["spec"]["names"]
        assert {key: names[key] for key in ("kind", "plural", "singular")} == {
            key: spec["names"][key] for key in ("kind", "plural", "singular")
        }


def test_a_named_stable_predictor_is_found_by_its_name():
    assert stable_of(a_service(a_predictor(name="v7")), set()).name == "wine-v7-predictor"
