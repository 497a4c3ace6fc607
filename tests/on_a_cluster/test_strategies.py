"""Each strategy on a cluster: what is written in Git, and what the route and the servers come to."""

from typing import Any

import pytest
import yaml

from kanaria.local.api_client import JOBS, SERVICES
from kanaria.local.kserve.naming import HTTP_ROUTES
from kanaria.serving.selection import read
from kanaria.vocabulary.traffic import HeaderMatch, Sent
from registry import Registry
from served_model import FILE, ServedModel
from synced_team import API_VERSION, SyncedTeam, condition
from waiting import becomes, eventually_now

ROUTING = {"gatewayRef": {"name": "edge", "namespace": "gateways"}, "hostnames": ["wine.example.com"]}
TESTERS = {"name": "testers", "match": [{"headerName": "X-Tester", "headerValue": {"exact": "yes"}}]}

QUALITY = {
    "apiVersion": API_VERSION,
    "kind": "MetricPolicy",
    "metadata": {"name": "quality"},
    "spec": {
        "metrics": [{"name": "score", "job": {"image": "any", "command": ["true"]}, "threshold": {"min": 0.9}}],
    },
}
SHADOW = {"shadow": {"percentage": 20, "duration": "1s"}}
MIRROR = {"setMirrorRoute": {"name": "copies", "percentage": 20}}


@pytest.fixture
def wine(team: SyncedTeam, registry: Registry, kserve: None) -> ServedModel:
    assert kserve is None
    return ServedModel(team, registry)


def followed(wine: ServedModel, **spec: Any) -> tuple[str, str]:
    """A first version that serves under this spec, and a second to try."""
    first = wine.registry.register(wine.model)
    wine.team.repository.commit(wine.file(candidate=first, **spec))
    wine.team.follow()
    wine.serves(first)
    return first, wine.registry.register(wine.model)


def trial(wine: ServedModel) -> dict[str, Any]:
    found: dict[str, Any] = wine.seen().get("status", {}).get("trial", {})
    return found


def test_all_at_once_takes_over_by_its_promotion(wine: ServedModel):
    strategy = {"allAtOnce": {}}
    first, second = followed(wine, strategy=strategy)
    history = wine.recorded()

    wine.team.commit(wine.file(stable=first, candidate=second, strategy=strategy))
    wine.serves(second)

    becomes(lambda: history.weights(second), [None, 0, 100, None])
    assert wine.team.repository.subjects()[0] == f"Promote wine to version {second}"


@pytest.mark.slow
def test_blue_green_waits_for_a_person_at_the_size_of_stable(wine: ServedModel):
    spec = {
        "strategy": {"blueGreen": {"autoPromotionEnabled": False}},
        "predictor": {"model": {"modelFormat": {"name": "sklearn"}}, "minReplicas": 2},
    }
    first, second = followed(wine, **spec)
    wine.team.commit(wine.file(stable=first, candidate=second, **spec))
    becomes(lambda: trial(wine).get("stepWord"), "preview", within=60)

    body = yaml.safe_load(wine.file(stable=first, candidate=second, **spec)[FILE] or "")
    body["spec"]["candidate"]["fromStep"] = 2  # as `kanaria promote` writes it
    wine.team.commit({FILE: yaml.safe_dump(body)})

    wine.serves(second)


@pytest.mark.slow
def test_testers_reach_a_candidate_without_weight(wine: ServedModel):
    first, second = followed(wine, routing=ROUTING)

    steps = [
        {"setHeaderRoute": TESTERS},
        {"setMirrorRoute": {"name": "copies", "percentage": 20}},
        {"pause": {"duration": "1h"}},
    ]
    wine.team.commit(wine.file(steps, stable=first, candidate=second, routing=ROUTING))

    sent = Sent(((HeaderMatch("X-Tester", "yes"),),), 20)
    becomes(lambda: read(wine.team.get(HTTP_ROUTES, "wine"))[0], sent, within=60)
    becomes(lambda: trial(wine).get("stepWord"), "pause 1h", within=60)
    assert trial(wine)["weight"] == 0


@pytest.mark.slow
def test_a_step_waits_for_its_own_analysis(wine: ServedModel):
    """Nobody writes numbers in the suite: the step waits, whatever becomes of its Jobs, and nobody is rejected."""
    first, second = followed(wine)
    steps = [{"setWeight": 20}, {"analysis": {"policies": [{"name": "quality"}]}}, {"setWeight": 50}]
    wine.team.commit(wine.file(steps, stable=first, candidate=second))
    becomes(lambda: condition(wine.seen(), "Stalled").get("reason"), "UnknownPolicy", within=60)

    wine.team.commit({"deploy/quality.yaml": yaml.safe_dump(QUALITY)})

    becomes(lambda: trial(wine).get("stepWord"), "analysis quality", within=60)
    eventually_now(lambda: [job for job in jobs(wine) if "-measure-" in job], within=60)
    assert "rejected" not in wine.seen()["spec"]


def jobs(wine: ServedModel) -> list[str]:
    return [each["metadata"]["name"] for each in wine.team.background.all(JOBS, wine.team.namespace)]


def test_shadow_compares_by_a_job_and_users_are_answered_by_stable(wine: ServedModel):
    """No requests come in the suite, so no copies: a look in which nothing was compared is held against nobody."""
    first, second = followed(wine, strategy=SHADOW, routing=ROUTING)
    wine.team.commit(wine.file(stable=first, candidate=second, strategy=SHADOW, routing=ROUTING))

    (service,) = eventually_now(lambda: comparing(wine), within=60)
    assert service["spec"]["selector"]["kanaria.dev/shadow"] == service["metadata"]["name"]
    eventually_now(lambda: trial(wine).get("shadow", {}).get("trouble"), within=60)
    assert (trial(wine)["phase"], trial(wine)["weight"]) == ("Stepping", 0)

    wine.team.commit(wine.file(stable=first, strategy=SHADOW, routing=ROUTING))

    wine.serves(first)
    becomes(lambda: comparing(wine), [])
    assert "rejected" not in wine.seen()["spec"]


def comparing(wine: ServedModel) -> list[dict[str, Any]]:
    """The Services to which copies are sent."""
    found = wine.team.background.all(SERVICES, wine.team.namespace)
    return [each for each in found if each["metadata"]["name"].endswith("-shadow")]


@pytest.mark.slow
def test_servers_that_cannot_be_asked_are_not_tried_and_not_rejected(wine: ServedModel):
    """Those of the suite are played: nobody answers at their Service."""
    first, second = followed(wine)
    asked = {"requests": [{"name": "golden", "path": "/v2/models/wine"}]}

    wine.team.commit(wine.file(stable=first, candidate=second, preflight=asked))

    eventually_now(lambda: trial(wine).get("preflight", {}).get("verdict") == "Unmeasured", within=120)
    assert (trial(wine)["phase"], trial(wine)["weight"]) == ("Loading", 0)
    assert "rejected" not in wine.seen()["spec"]
