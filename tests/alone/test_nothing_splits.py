"""An operator that was told that nothing splits traffic: stable serves and changes at once, a candidate is refused."""

from typing import Any

import pytest

from in_background import Background
from kanaria.local.api_client import DEPLOYMENTS as SERVERS
from kanaria.local.kserve.naming import INFERENCE_SERVICES
from kserve_player import play
from registry import Registry
from served_model import ServedModel
from synced_team import SyncedTeam, condition
from waiting import becomes, eventually_now, stands_still

SETTINGS = {"KANARIA_CANARY_ROUTING": "none"}


@pytest.fixture(scope="module")
def kserve(background: Background) -> None:
    background.go_on(play(background.api))


@pytest.fixture
def wine(team: SyncedTeam, registry: Registry, kserve: None) -> ServedModel:
    assert kserve is None
    return ServedModel(team, registry)


def uris(wine: ServedModel) -> list[str]:
    """What each of the team's InferenceServices serves; a canary counts as well."""
    services = wine.team.background.all(INFERENCE_SERVICES, wine.team.namespace)
    predictors = [
        predictor
        for service in services
        for predictor in (service["spec"]["predictor"], *service["spec"].get("canary", ()))
    ]
    return [predictor["model"]["storageUri"] for predictor in predictors]


def generations(wine: ServedModel) -> list[tuple[str, int]]:
    """The servers' Deployments, with how often each was changed."""
    found = wine.team.background.all(SERVERS, wine.team.namespace)
    return [(each["metadata"]["name"], each["metadata"]["generation"]) for each in found]


@pytest.mark.parametrize(
    "strategy",
    [
        pytest.param({}, id="by steps"),
        pytest.param({"strategy": {"allAtOnce": {}}}, id="all at once"),
        pytest.param({"strategy": {"blueGreen": {}}}, id="blue and green"),
    ],
)
def test_a_candidate_is_refused_whatever_its_strategy_and_stable_serves_on(wine: ServedModel, strategy: dict[str, Any]):
    first = wine.serve_first()
    before, served = generations(wine), uris(wine)

    second = wine.registry.register(wine.model)
    wine.team.commit(wine.file(stable=first, candidate=second, **strategy))

    becomes(lambda: condition(wine.seen(), "Stalled").get("reason"), "NoTrafficRouter")
    assert "requireCanary: false" in condition(wine.seen(), "Stalled")["message"]
    stands_still(lambda: wine.seen()["metadata"]["resourceVersion"])
    assert (generations(wine), uris(wine), len(served)) == (before, served, 1)
    assert wine.seen()["status"]["stable"]["version"] == first


def test_a_stable_committed_without_a_canary_takes_over_in_the_one_deployment(wine: ServedModel):
    first = wine.serve_first()
    ((name, _),) = generations(wine)
    second = wine.registry.register(wine.model)

    wine.team.commit(wine.file(stable=second, requireCanary=False))

    wine.serves(second)
    assert [each for each, _ in generations(wine)] == [name] == ["wine-predictor"]
    assert first != second


def test_a_refused_candidate_that_is_withdrawn_leaves_what_serves_ready(wine: ServedModel):
    first = wine.serve_first()
    wine.team.commit(wine.file(stable=first, candidate=wine.registry.register(wine.model)))
    eventually_now(lambda: condition(wine.seen(), "Stalled").get("status") == "True")

    wine.team.commit(wine.file(stable=first))

    wine.serves(first)
    becomes(lambda: condition(wine.seen(), "Ready").get("status"), "True")
    assert "rejected" not in wine.seen()["spec"]
