"""Candidates that get no traffic before a commit gives them all of it, and candidates with more servers."""

import pytest
from pydantic import ValidationError

from deployments import PREDICTOR, a_spec, canary, message, passed, past, phase, reason, serving, trying
from kanaria.api.model_deployment import ModelDeploymentSpec
from model_world import ModelWorld
from own_route_world import ROUTING

AT_ONCE, THREE = {"allAtOnce": {}}, {**PREDICTOR, "minReplicas": 3}


def servers(world: ModelWorld, version: str) -> int:
    return world.deployments[world.service_backend(version)]["spec"]["replicas"]


def blue_green(**fields: object) -> dict[str, object]:
    return {"blueGreen": fields}


@pytest.mark.parametrize("routing", [None, ROUTING], ids=["KServe's route", "its own route"])
def test_all_at_once_gives_everything_by_the_promotion_and_nothing_before(routing: dict | None):
    more = {"routing": routing} if routing else {}
    world = trying("8", strategy=AT_ONCE, analysis=None, **more)
    assert (phase(world), world.weight("8"), reason(world)) == ("Passed", 0, "AwaitingMerge")

    world.commit()
    world.run(10)

    assert (world.weight("8"), past(world), world.unserved, world.restarts) == (100, ["8 Promoted"], 0, 0)
    assert world.read_md().status.warm.version == "7"


def test_all_at_once_a_candidate_that_does_not_come_up_is_rejected():
    world = serving("7", strategy=AT_ONCE, analysis=None, progressDeadlineSeconds=60)
    world.broken.add("-v8-")

    world.spec(candidate={"version": "8"}).run(80)

    assert (phase(world), world.weight("7")) == ("Failed", 100)


def test_blue_green_stands_ready_at_full_size_and_takes_over_by_a_person_s_commit():
    strategy = blue_green(autoPromotionEnabled=False)
    world = trying("8", strategy=strategy, analysis=None, predictor=THREE).run(3600, every=600)

    assert (phase(world), world.weight("8"), servers(world, "8"), servers(world, "7")) == ("Stepping", 0, 3, 3)
    assert (reason(world), "Service wine-v8-" in message(world)) == ("CanaryPaused", True)

    world.spec(candidate={"version": "8", "fromStep": 2}).run(5)
    assert phase(world) == "Passed"
    world.commit()
    world.run(10)
    assert (world.weight("8"), world.unserved, world.restarts) == (100, 0, 0)


def test_blue_green_promotes_itself_after_its_time():
    world = trying("8", strategy=blue_green(autoPromotionSeconds=120), analysis=None)

    assert phase(world.run(60)) == "Stepping"
    assert phase(world.run(60)) == "Passed"


@pytest.mark.parametrize("strategy", [AT_ONCE, blue_green()], ids=["allAtOnce", "blueGreen"])
def test_an_analysis_that_could_not_judge_is_refused(strategy: dict):
    with pytest.raises(ValidationError, match="gives it none before it is promoted"):
        ModelDeploymentSpec.model_validate(a_spec(strategy=strategy))


@pytest.mark.parametrize(
    ("scale", "expected"),
    [
        pytest.param({"replicas": 3}, 3, id="a number"),
        pytest.param({"weight": 50}, 2, id="for a share"),
        pytest.param({"matchTrafficWeight": True}, 1, id="as its weight needs"),
    ],
)
def test_a_canary_has_the_servers_that_its_step_says_before_its_weight(scale: dict, expected: int):
    steps = canary({"setCanaryScale": scale}, {"setWeight": 10}, {"pause": {}})
    world = trying("8", strategy=steps, predictor=THREE)

    assert (servers(world, "8"), servers(world, "7"), world.weight("8")) == (expected, 3, 10)


def test_servers_are_not_taken_away_while_the_candidate_has_traffic():
    strategy = canary({"setCanaryScale": {"replicas": 3}}, {"setWeight": 10}, {"setCanaryScale": {"replicas": 1}})
    world = passed("8", strategy=strategy, predictor=THREE)

    assert (phase(world), servers(world, "8")) == ("Passed", 3)
