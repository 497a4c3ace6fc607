"""What is asked of the cluster where Kanaria splits the traffic itself, in which order, and what is read of it."""

from dataclasses import replace
from typing import Any

import pytest

from kanaria.serving.arrangement import Arrangement, Predictor
from kanaria.serving.choice import ADDED, REMOVED, Asked, CanaryRouting, choose
from kanaria.serving.kserve import Owner
from kanaria.serving.native import NATIVE
from kanaria.serving.own_route import Gateway, OwnRoute, gateway_of
from kanaria.serving.way import NOTHING_LIVE, Live, Put
from kanaria.vocabulary import ObjectRef
from kanaria.vocabulary.objects import Manifest

EDGE = Gateway("edge", "gateways", ("wine.example.com",))
WAY, OWNER = OwnRoute(EDGE), Owner(ObjectRef("kanaria.dev/v1alpha1", "ModelDeployment", "cellar", "wine"), "u-md")
SEVEN, EIGHT = (Predictor(f"v{n}", {"model": {"storageUri": f"s3://{n}"}}) for n in (7, 8))
AUTO = CanaryRouting.AUTO


def steps(arrangement: Arrangement, live: Live = NOTHING_LIVE) -> list[str]:
    """The steps in words."""
    return [
        f"apply {step.manifest['kind']} {step.manifest['metadata']['name']}"
        if isinstance(step, Put)
        else f"delete {step.name}"
        for step in WAY.steps(OWNER, arrangement, live)
    ]


def made(arrangement: Arrangement, gateway: Gateway = EDGE) -> Live:
    """The objects as they are once all steps are done."""
    puts = [step.manifest for step in OwnRoute(gateway).steps(OWNER, arrangement, Live()) if isinstance(step, Put)]
    services = tuple(thing for thing in puts if thing["kind"] == "InferenceService")
    return Live(beside=services, route=next(thing for thing in puts if thing["kind"] == "HTTPRoute"))


def service(arrangement: Arrangement, version: str) -> dict[str, Any]:
    """The predictor that the version's InferenceService asks for."""
    return next(s for s in made(arrangement).beside if s["metadata"]["name"] == f"wine-{version}")["spec"]["predictor"]


def with_status(live: Live, **condition: Any) -> Live:
    told = {"type": "Accepted", "status": "True", "observedGeneration": 1, **condition}
    route = {**(live.route or {}), "status": {"parents": [{"conditions": [told]}]}}
    return replace(live, route=route | {"metadata": {**route["metadata"], "generation": 1}})


def test_what_is_new_comes_before_the_route_that_names_it():
    assert steps(Arrangement(SEVEN)) == ["apply InferenceService wine-v7", "apply HTTPRoute wine"]


def test_what_stands_changes_after_the_route_and_what_is_new_before_it():
    assert steps(Arrangement(SEVEN, (EIGHT,)), made(Arrangement(SEVEN))) == [
        "apply InferenceService wine-v8",
        "apply HTTPRoute wine",
        "apply InferenceService wine-v7",
    ]


def test_what_goes_is_deleted_after_the_route_names_it_no_more():
    assert steps(Arrangement(SEVEN), made(Arrangement(SEVEN, (EIGHT,)))) == [
        "apply HTTPRoute wine",
        "apply InferenceService wine-v7",
        "delete wine-v8",
    ]


@pytest.mark.parametrize(
    "arrangement",
    [
        pytest.param(Arrangement(SEVEN), id="one"),
        pytest.param(Arrangement(SEVEN, (EIGHT.at(20),)), id="a candidate"),
        pytest.param(Arrangement(EIGHT, (SEVEN,)), id="the other is the main one"),
        pytest.param(Arrangement(SEVEN, (EIGHT.at(100),)), id="all to the candidate"),
        pytest.param(Arrangement(SEVEN, (EIGHT,), {"minReplicas": 2, "maxReplicas": 5}), id="autoscaled"),
    ],
)
def test_what_was_asked_for_is_read_back(arrangement: Arrangement):
    live = made(arrangement)

    read = WAY.observe(live, "").arrangement

    assert read is not None
    assert [(p.name, p.weight, p.spec) for p in read.all] == [(p.name, p.weight, p.spec) for p in arrangement.all]
    assert all(step.in_order for step in WAY.steps(OWNER, read, live) if isinstance(step, Put))
    assert [step.expected for step in WAY.steps(OWNER, read, live) if isinstance(step, Put)] == [
        step.expected for step in WAY.steps(OWNER, replace(arrangement, scaling=read.scaling), live)
    ]


def test_the_order_of_backends_counts_and_the_gateway():
    live = made(Arrangement(SEVEN, (EIGHT,)))

    swapped = WAY.steps(OWNER, Arrangement(EIGHT.at(0), (SEVEN.at(0),)), live)
    elsewhere = OwnRoute(replace(EDGE, name="other")).steps(OWNER, Arrangement(SEVEN, (EIGHT,)), live)

    for asked in (swapped, elsewhere):
        assert [s.in_order for s in asked if isinstance(s, Put) and s.manifest["kind"] == "HTTPRoute"] == [False]


@pytest.mark.parametrize(
    ("args", "asked"),
    [
        pytest.param(None, ["--model_name=wine"], id="named after the deployment"),
        pytest.param(["--workers=2"], ["--workers=2", "--model_name=wine"], id="beside others"),
        pytest.param(["--model_name=red"], ["--model_name=red"], id="the user's own"),
        pytest.param(["--model_name", "red"], ["--model_name", "red"], id="the user's own in two words"),
    ],
)
def test_all_serve_the_model_under_one_name(args: list[str] | None, asked: list[str]):
    spec = {"model": {"storageUri": "s3://7"} | ({"args": args} if args else {})}
    arrangement = Arrangement(Predictor("v7", spec), (Predictor("v8", spec),), {"minReplicas": 1})

    assert [service(arrangement, version)["model"]["args"] for version in ("v7", "v8")] == [asked, asked]
    assert WAY.observe(made(arrangement), "").arrangement == arrangement


@pytest.mark.parametrize("header", [pytest.param("kanaria-version", id="told"), pytest.param("", id="not told")])
def test_each_backend_tells_its_name_where_a_header_is_named_for_it(header: str):
    way, arrangement = OwnRoute(replace(EDGE, header=header)), Arrangement(SEVEN, (EIGHT,))
    live = made(arrangement, way.gateway)
    told = [reference.get("filters") for reference in (live.route or {})["spec"]["rules"][0]["backendRefs"]]

    sets = [f[0]["responseHeaderModifier"]["set"] for f in told if f]
    assert sets == ([[{"name": header, "value": v}] for v in ("v7", "v8")] if header else [])
    assert gateway_of(live.route) == way.gateway
    other = OwnRoute(replace(EDGE, header="x-version")).steps(OWNER, arrangement, live)
    assert [step.in_order for step in other if isinstance(step, Put)] == [False, True, True]


def test_only_the_main_predictor_is_scaled_and_none_is_cut():
    arrangement = Arrangement(SEVEN, (replace(EIGHT, replicas=2),), {"minReplicas": 3, "maxReplicas": 5})

    scales = [{k: v for k, v in service(arrangement, each).items() if "Replicas" in k} for each in ("v7", "v8")]

    assert scales == [{"minReplicas": 3, "maxReplicas": 5}, {"minReplicas": 2}]


@pytest.mark.parametrize(
    ("condition", "routed", "accepted"),
    [
        pytest.param({}, True, True, id="accepted"),
        pytest.param({"observedGeneration": 0}, True, False, id="an older one was accepted"),
        pytest.param({"status": "False"}, False, False, id="refused"),
    ],
)
def test_a_route_counts_once_a_gateway_has_taken_it(condition: dict[str, Any], routed: object, accepted: object):
    seen = WAY.observe(with_status(made(Arrangement(SEVEN)), **condition), "")

    assert (seen.routed, seen.accepted) == (routed, accepted)


def test_without_its_route_the_recorded_predictor_is_the_main_one():
    live = replace(made(Arrangement(SEVEN, (EIGHT.at(20),))), route=None)

    mains = [WAY.observe(live, known).arrangement for known in ("v8", "v7")]

    assert [found.main.name for found in mains if found] == ["v8", "v7"]


def test_what_the_route_does_not_name_is_no_part_of_it():
    live = replace(made(Arrangement(SEVEN, (EIGHT,))), route=made(Arrangement(SEVEN)).route)

    assert WAY.observe(live, "").arrangement == Arrangement(SEVEN, (), {"minReplicas": 1})
    assert steps(Arrangement(SEVEN), live)[-1] == "delete wine-v8"


def test_weights_that_another_hand_wrote_are_shares_of_a_hundred():
    live = made(Arrangement(SEVEN, (EIGHT,)))
    for backend in (live.route or {})["spec"]["rules"][0]["backendRefs"]:
        backend["weight"] = 700

    read = WAY.observe(live, "").arrangement

    assert read is not None
    assert [p.weight for p in read.all] == [50, 50]


def test_a_predictor_that_another_hand_deleted_is_made_anew_only_where_it_is_wanted():
    live = replace(made(Arrangement(SEVEN, (EIGHT,))), beside=made(Arrangement(SEVEN)).beside)
    read = WAY.observe(live, "").arrangement

    assert read is not None
    assert "apply InferenceService wine-v8" not in steps(read, live)
    assert "apply InferenceService wine-v8" in steps(Arrangement(SEVEN, (EIGHT,)), live)


OWN: Live = made(Arrangement(SEVEN))
KSERVES: Manifest = {"metadata": {"name": "wine"}}


@pytest.mark.parametrize(
    ("allowed", "asked", "live", "own", "objection"),
    [
        pytest.param("auto", None, Live(), False, "", id="no Gateway is named"),
        pytest.param("auto", EDGE, Live(), True, "", id="a Gateway is named"),
        pytest.param("auto", None, Live(service=KSERVES), False, "", id="served by KServe's route"),
        pytest.param("auto", EDGE, OWN, True, "", id="served by its own"),
        pytest.param("auto", EDGE, Live(service=KSERVES), False, ADDED, id="the Gateway is named too late"),
        pytest.param("auto", None, OWN, True, REMOVED, id="the Gateway is named no more"),
        pytest.param("native", None, Live(), False, "", id="KServe's is allowed"),
        pytest.param("native", EDGE, Live(), True, "remove spec.routing", id="its own is not allowed"),
        pytest.param("httproute", None, Live(), False, "name the Gateway", id="KServe splits nothing here"),
        pytest.param("httproute", EDGE, Live(), True, "", id="its own is needed"),
    ],
)
def test_what_serves_keeps_its_way_and_the_spec_chooses_that_of_what_is_new(
    allowed: str, asked: Gateway | None, live: Live, own: object, objection: str
):
    chosen = choose(CanaryRouting(allowed), Asked(asked), live)

    assert (chosen.way is not NATIVE) == own
    assert objection in chosen.objection
    assert bool(objection) == bool(chosen.objection)


def test_a_route_whose_gateway_is_named_no_more_keeps_it():
    way = choose(AUTO, Asked(), OWN).way

    assert [s.in_order for s in way.steps(OWNER, Arrangement(SEVEN), OWN) if isinstance(s, Put)] == [True, True]
