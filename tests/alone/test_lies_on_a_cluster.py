"""KServe says the same all the time, true or not: a candidate's weight rises when it is so, and not before."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import yaml

from kanaria.local.api_client import DEPLOYMENTS as SERVERS
from kanaria.local.kserve.naming import INFERENCE_SERVICES
from kanaria.serving.naming import MODE, PREDICTOR_LABEL
from lying_kserve import ALL_IS_WELL, NOTHING_IS_KNOWN, LyingKServe, Said
from registry import Registry
from served_model import FILE, History, ServedModel
from synced_team import SyncedTeam, condition, labels
from waiting import becomes, eventually_now, stands_still

SETTINGS: dict[str, str] = {}
STILL = 5.0
ROUTING = {"routing": {"gatewayRef": {"name": "edge", "namespace": "gateways"}, "hostnames": ["wine.example.com"]}}
WRITTEN = {"inferenceservices.serving.kserve.io", "httproutes.gateway.networking.k8s.io"}
Weights = list[int | None]


def by_service(history: History, version: str) -> Weights:
    return history.weights(version)


def by_route(history: History, version: str) -> Weights:
    """The weight of the version's backend, as the route was written."""
    return told_once(backend(change.thing, version) for change in history.routes)


def backend(route: dict[str, Any], version: str) -> int | None:
    refs = route["spec"]["rules"][0]["backendRefs"]
    return next((ref["weight"] for ref in refs if f"-v{version}-" in ref["name"]), None)


def by_percent(history: History, version: str) -> Weights:
    """The percent of the version's template."""
    return told_once(percent(change.thing["spec"]["predictor"], version) for change in history.services)


def percent(predictor: dict[str, Any], version: str) -> int | None:
    mine = str(predictor["labels"][PREDICTOR_LABEL]).startswith(f"v{version}-")
    return predictor.get("canaryTrafficPercent") if mine else None


def told_once(weights: Iterator[int | None]) -> Weights:
    found: Weights = []
    for weight in weights:
        if found[-1:] != [weight]:
            found.append(weight)
    return found


@dataclass(frozen=True, slots=True)
class Split:
    """A way of splitting: how the file asks for it, and where the weight of a version stands."""

    asked: Callable[[History, str], Weights]
    spec: dict[str, Any]
    mode: str = ""


NATIVE = pytest.param(Split(by_service, {}), id="KServe's route")
OWN_ROUTE = pytest.param(Split(by_route, ROUTING), id="its own route")
BY_KNATIVE = pytest.param(Split(by_percent, {}, "Knative"), id="Knative")


class Tried:
    """A model whose candidate is tried while KServe lies."""

    def __init__(self, team: SyncedTeam, registry: Registry, split: Split, says: Said) -> None:
        self.wine, self.split = ServedModel(team, registry), split
        self.kserve = LyingKServe(team.background.api, team.namespace, says)
        self.playing = team.background.go_on(self.kserve.play())

    def file(self, **versions: str) -> dict[str, str | None]:
        body = yaml.safe_load(self.wine.file(**versions, **self.split.spec)[FILE] or "")
        body["metadata"]["annotations"] = {MODE: self.split.mode} if self.split.mode else {}
        return {FILE: yaml.safe_dump(body)}

    def begin(self, *withheld: str) -> tuple[History, str]:
        """A stable version that serves, and a second that is tried while something of it is withheld."""
        team, first = self.wine.team, self.wine.registry.register(self.wine.model)
        team.repository.commit(self.file(stable=first))
        team.follow()
        self.wine.serves(first)
        history, second = self.wine.recorded(), self.wine.registry.register(self.wine.model)
        self.kserve.withheld.update(withheld)
        team.commit(self.file(stable=first, candidate=second))
        return history, second

    def asked(self, history: History, version: str) -> Weights:
        return self.split.asked(history, version)

    def writes(self) -> int:
        """How often the operator wrote what KServe or a gateway heeds."""
        told = self.wine.team.cluster.writes()
        here = [w for w in told if w.program == "kanaria" and w.namespace == self.wine.team.namespace]
        return sum(w.resource in WRITTEN for w in here)

    def server(self, version: str) -> dict[str, Any]:
        """What the version's Deployment says of itself."""
        for thing in self.wine.team.background.all(SERVERS, self.wine.team.namespace):
            named = labels(thing).get(PREDICTOR_LABEL, "")
            if f"-v{version}-" in thing["metadata"]["name"] or named.startswith(f"v{version}-"):
                status: dict[str, Any] = thing.get("status", {})
                return status
        return {}

    def stays_at(self, weights: Weights, history: History, version: str) -> None:
        """Waits until this was asked for, and sees that nothing more is."""
        becomes(lambda: self.asked(history, version), weights)
        stands_still(self.writes, STILL)
        history.up_to_now()
        assert self.asked(history, version) == weights

    def goes_on(self, weights: Weights, history: History, version: str) -> None:
        """Lets all be so, and sees the weight rise."""
        said = self.said()
        self.wine.team.background.do(self.kserve.give())
        becomes(lambda: self.asked(history, version)[: len(weights)], weights)
        assert self.said() == said

    def said(self) -> list[Any]:
        """What KServe says of whether it is ready, which does not change."""
        services = self.wine.team.background.all(INFERENCE_SERVICES, self.wine.team.namespace)
        return [condition(each, "Ready")["status"] for each in services]


Begin = Callable[[Split, Said], Tried]


@pytest.fixture
def tried(team: SyncedTeam, registry: Registry) -> Iterator[Begin]:
    begun: list[Tried] = []

    def begin(split: Split, says: Said) -> Tried:
        begun.append(Tried(team, registry, split, says))
        return begun[-1]

    yield begin
    for each in begun:
        # One that fell is told of, not waited for.
        assert each.playing.cancel(), each.playing.exception()


@pytest.mark.parametrize("split", [NATIVE, OWN_ROUTE, BY_KNATIVE])
@pytest.mark.parametrize(
    "says", [pytest.param(ALL_IS_WELL, id="all is well"), pytest.param(NOTHING_IS_KNOWN, id="nothing is known")]
)
def test_a_weight_waits_for_servers_and_not_for_what_is_said(tried: Begin, split: Split, says: Said):
    model = tried(split, says)
    history, second = model.begin("servers")

    eventually_now(lambda: model.server(second).get("readyReplicas"))  # not available yet, for long
    model.stays_at([None, 0], history, second)
    assert not model.server(second).get("availableReplicas")

    model.goes_on([None, 0, 20, 50], history, second)


@pytest.mark.parametrize("split", [NATIVE, OWN_ROUTE, BY_KNATIVE])
def test_the_next_weight_waits_for_the_route_and_not_for_the_percent_that_is_said(tried: Begin, split: Split):
    model = tried(split, ALL_IS_WELL)
    history, second = model.begin("route")

    model.stays_at([None, 0, 20], history, second)

    model.goes_on([None, 0, 20, 50], history, second)


@pytest.mark.parametrize("split", [NATIVE, OWN_ROUTE])
def test_the_next_weight_waits_for_servers_that_roll_beside_ready(tried: Begin, split: Split):
    model = tried(split, ALL_IS_WELL)
    history, second = model.begin("route")
    becomes(lambda: model.asked(history, second), [None, 0, 20])

    model.wine.team.background.do(model.kserve.roll(second))
    becomes(lambda: [model.server(second).get(each) for each in ("replicas", "updatedReplicas")], [2, 1])
    model.kserve.withheld.clear()
    model.stays_at([None, 0, 20], history, second)

    model.goes_on([None, 0, 20, 50], history, second)
