"""What KServe says of itself, true or not, changes nothing of what is believed."""

from dataclasses import replace
from typing import Any

import pytest

from kanaria.serving.arrangement import Arrangement, Predictor
from kanaria.serving.knative import KNATIVE
from kanaria.serving.kserve import Owner, Serving
from kanaria.serving.native import NATIVE
from kanaria.serving.own_route import Gateway, OwnRoute
from kanaria.serving.way import Live, Put, Way
from kanaria.vocabulary import ObjectRef

OWNER = Owner(ObjectRef("kanaria.dev/v1alpha1", "ModelDeployment", "cellar", "wine"), "u-md")
SEVEN, EIGHT = (Predictor(f"v{n}", {"model": {"storageUri": f"s3://{n}"}}) for n in (7, 8))
TRIED = Arrangement(SEVEN, (EIGHT.at(20),), {"minReplicas": 1})
LIES: list[tuple[str, dict[str, Any]]] = [
    ("nothing is said yet", {}),
    ("observedGeneration is the Deployment's", {"observedGeneration": 99}),
    ("Ready beside servers that roll", {"conditions": [{"type": "Ready", "status": "True"}]}),
    ("Unknown while it serves", {"conditions": [{"type": "Ready", "status": "Unknown"}]}),
    ("a share that is the spec's", {"canaryStatuses": [{"name": "v8", "ready": True, "trafficPercent": 100}]}),
    ("what was so a moment ago", {"canaryStatuses": [{"name": "v6", "ready": True, "trafficPercent": 50}]}),
    ("a state of no model", {"modelStatus": {"transitionStatus": "", "states": {"activeModelState": ""}}}),
]


def deployment(up: int, *, rolls: bool = False) -> dict[str, Any]:
    status = {"observedGeneration": 1, "replicas": 1 + rolls, "updatedReplicas": 1, "availableReplicas": up}
    return {"metadata": {"generation": 1}, "spec": {"replicas": 1}, "status": status}


def live(way: Way, eight: dict[str, Any], weights: tuple[int, int] = (80, 20), generation: int = 1) -> Live:
    """Both models' objects: what a gateway has accepted is of this generation of the route, whose newest is 1."""
    puts = [step.manifest for step in way.steps(OWNER, TRIED, Live()) if isinstance(step, Put)]
    services = [dict(put) for put in puts if put["kind"] == "InferenceService"]
    parent = {"conditions": [{"type": "Accepted", "status": "True", "observedGeneration": generation}]}
    names = ("wine-v7-predictor", "wine-v8-predictor")
    backends = [{"name": name, "weight": weight} for name, weight in zip(names, weights, strict=True)]
    route = {
        "metadata": {"name": "wine", "generation": 1},
        "spec": {"rules": [{"backendRefs": backends}]},
        "status": {"parents": [parent]},
    }
    servers = dict(zip(names, (deployment(1), eight), strict=True))
    beside = tuple(each for each in services if each["metadata"]["name"] != "wine")
    own = next((each for each in services if each["metadata"]["name"] == "wine"), None)
    return Live(own, beside, servers, route)


def saying(found: Live, status: dict[str, Any]) -> Live:
    """The same, with this said by KServe of each InferenceService."""
    beside = tuple({**each, "status": status} for each in found.beside)
    return replace(found, service={**found.service, "status": status} if found.service else None, beside=beside)


def believed(seen: Serving) -> Serving:
    """What is believed, without words and addresses, which are KServe's."""
    return replace(seen, message="", url=None)


STANDARD = [pytest.param(NATIVE, id="native"), pytest.param(OwnRoute(Gateway("edge")), id="own route")]


@pytest.mark.parametrize("way", STANDARD)
@pytest.mark.parametrize("lie", [pytest.param(status, id=name) for name, status in LIES])
@pytest.mark.parametrize(
    ("eight", "ready"),
    [
        pytest.param(deployment(1), True, id="its servers are up"),
        pytest.param(deployment(0), False, id="they are not"),
        pytest.param(deployment(1, rolls=True), False, id="they roll"),
    ],
)
def test_servers_are_believed_by_their_deployment(way: Way, lie: dict[str, Any], eight: dict[str, Any], ready: object):
    found = live(way, eight)

    seen = way.observe(saying(found, lie), "v7")

    assert believed(seen) == believed(way.observe(found, "v7"))
    assert (seen.ready("v8"), seen.routes("v8", 20)) == (ready, True)


@pytest.mark.parametrize("way", STANDARD)
@pytest.mark.parametrize(
    ("weights", "generation"),
    [
        pytest.param((100, 0), 1, id="the route still has stable at 100"),
        pytest.param((80, 20), 0, id="the gateway has accepted older weights"),
    ],
)
def test_a_share_is_believed_by_the_route_alone(way: Way, weights: tuple[int, int], generation: int):
    seen = way.observe(live(way, deployment(1), weights, generation), "v7")

    assert not seen.routes("v8", 20)


def revision(version: str) -> dict[str, Any]:
    made = deployment(1)
    return {**made, "metadata": {**made["metadata"], "labels": {"kanaria.dev/predictor": version}}}


@pytest.mark.parametrize(
    ("told", "ready", "routed"),
    [
        pytest.param({}, True, True, id="as it is"),
        pytest.param({"latestReadyRevision": "wine-predictor-00001"}, False, True, id="the newest is not ready"),
        pytest.param({"latestCreatedRevision": "wine-predictor-00003"}, False, True, id="another is made"),
        pytest.param(
            {"traffic": [{"revisionName": "wine-predictor-00001", "percent": 100}]}, True, False, id="unrouted"
        ),
    ],
)
def test_a_revision_is_believed_where_knative_means_it(told: dict[str, Any], ready: object, routed: object):
    one, two = "wine-predictor-00001", "wine-predictor-00002"
    traffic = [
        {"revisionName": two, "percent": 20, "latestRevision": True},
        {"revisionName": one, "percent": 80, "latestRevision": False},
    ]
    status = {"latestCreatedRevision": two, "latestReadyRevision": two, "latestRolledoutRevision": one}
    (put,) = (step for step in KNATIVE.steps(OWNER, TRIED, Live()) if isinstance(step, Put))
    conditions = [{"type": "PredictorRouteReady", "status": "True"}, {"type": "Ready", "status": "Unknown"}]
    spoken = {"components": {"predictor": {**status, "traffic": traffic, **told}}, "conditions": conditions}
    servers = {f"{one}-deployment": revision("v7"), f"{two}-deployment": revision("v8")}

    seen = KNATIVE.observe(Live({**put.manifest, "status": spoken}, (), servers), "")

    assert seen.arrangement is not None
    assert (seen.arrangement.main.name, seen.arrangement.weight_of("v8")) == ("v7", 20)
    assert (seen.ready("v8"), seen.routes("v8", 20)) == (ready, routed)
