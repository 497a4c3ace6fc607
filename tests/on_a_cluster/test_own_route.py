"""A model whose traffic Kanaria splits by a route of its own: what is asked, in which order; nothing restarts."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from kanaria.local.kserve.naming import HTTP_ROUTES, INFERENCE_SERVICES
from kanaria.local.watching import Change
from registry import Registry
from served_model import FOREVER, ServedModel, routed
from synced_team import SyncedTeam
from waiting import becomes, eventually_now

ROUTING = {"gatewayRef": {"name": "edge", "namespace": "gateways"}, "hostnames": ["wine.example.com"]}


@pytest.fixture
def wine(team: SyncedTeam, registry: Registry, kserve: None) -> ServedModel:
    assert kserve is None
    return ServedModel(team, registry)


def served_first(wine: ServedModel) -> str:
    """A first version, which Kanaria's own route leads to."""
    version = wine.registry.register(wine.model)
    wine.team.repository.commit(wine.file(candidate=version, routing=ROUTING))
    wine.team.follow()
    wine.serves(version)
    return version


def written(changes: Iterable[Change]) -> Iterator[list[tuple[str, int]]]:
    """The route's backends, by version, and their weights, as one after the other was written."""
    before: list[tuple[str, int]] = []
    for change in changes:
        if change.thing["metadata"]["name"] == "wine":
            backends = change.thing["spec"]["rules"][0]["backendRefs"]
            now = [(ref["name"].split("-")[1], ref["weight"]) for ref in backends]
            if now != before:
                yield now
            before = now


def templates(changes: Iterable[Change], version: str) -> set[str]:
    """The templates that the version's Deployment had for its Pods: more than one is a restart."""
    mine = (c.thing for c in changes if f"-v{version}-" in c.thing["metadata"]["name"])
    return {json.dumps(thing["spec"]["template"], sort_keys=True) for thing in mine}


def services(wine: ServedModel) -> list[dict[str, Any]]:
    """The team's InferenceServices."""
    return wine.team.background.all(INFERENCE_SERVICES, wine.team.namespace)


def test_a_candidate_is_promoted_by_the_route_alone(wine: ServedModel):
    first = served_first(wine)
    history, second = wine.recorded(), wine.registry.register(wine.model)

    wine.team.commit(wine.file(stable=first, candidate=second, routing=ROUTING))
    wine.serves(second)
    history.up_to_now()

    one, two = f"v{first}", f"v{second}"
    steps = [[(one, 100 - weight), (two, weight)] for weight in (0, 20, 50, 100)]
    becomes(lambda: list(written(history.routes)), [[(one, 100)], *steps, [(two, 100), (one, 0)]])
    in_order = [history.available_at(second), *(history.routed_at(second, weight) for weight in (20, 50, 100))]
    assert in_order == sorted(in_order)
    assert [len(templates(history.servers, version)) for version in (first, second)] == [1, 1]


def test_kserve_is_asked_for_no_canary_and_makes_no_route(wine: ServedModel):
    version = served_first(wine)

    (service,) = services(wine)

    assert service["metadata"]["name"].startswith(f"wine-v{version}-")
    assert "canary" not in service["spec"]
    assert service["spec"]["predictor"]["model"]["args"] == ["--model_name=wine"]
    assert [route["metadata"]["name"] for route in wine.team.background.all(HTTP_ROUTES, wine.team.namespace)] == [
        "wine"
    ]
    assert wine.seen()["status"]["url"] == "http://wine.example.com"


@pytest.mark.slow  # half a minute after its traffic went
def test_a_withdrawn_candidate_leaves_the_route_before_it_goes(wine: ServedModel):
    first = served_first(wine)
    history, second = wine.recorded(), wine.registry.register(wine.model)
    wine.team.commit(wine.file(FOREVER, stable=first, candidate=second, routing=ROUTING))
    wine.tried_at(20)

    wine.team.commit(wine.file(FOREVER, stable=first, routing=ROUTING))
    eventually_now(lambda: len(services(wine)) == 1)

    one, two = f"v{first}", f"v{second}"
    steps = [[(one, 100), (two, 0)], [(one, 80), (two, 20)], [(one, 100), (two, 0)]]
    becomes(lambda: list(written(history.routes)), [[(one, 100)], *steps, [(one, 100)]])
    eventually_now(lambda: list(routed(wine.team.get(HTTP_ROUTES, "wine")).values()) == [100])
