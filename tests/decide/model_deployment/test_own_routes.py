"""What a ModelDeployment with a route of its own says when that route does not come to be, or is asked for too late."""

import pytest

from deployments import is_stalled, message, promoted, reason, serving, trying
from kanaria.vocabulary import Apply, Failure, FailureKind
from model_world import ModelWorld
from own_route_world import ROUTING, OwnRouteWorld


def own(world: ModelWorld) -> OwnRouteWorld:
    assert isinstance(world, OwnRouteWorld)
    return world


def refused(kind: FailureKind) -> ModelWorld:
    """A world whose API server refused the route last time."""
    world = serving("7", routing=ROUTING).spec(routing={**ROUTING, "hostnames": ["red.example.com"]})
    route = {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute"}
    world.failure = Failure(
        Apply({**route, "metadata": {"name": "wine", "namespace": "cellar"}}), kind, "no", world.now
    )
    world.route["spec"]["hostnames"] = []  # so that there is something to apply
    for act in world.decide().plan.acts:
        if not isinstance(act, Apply):
            world.carry_out(act)
    return world


def test_a_promotion_restarts_nothing_and_keeps_the_last_model_warm():
    world = own(promoted("8", routing=ROUTING))

    assert (reason(world), world.restarts, world.unserved) == ("Serving", 0, 0)
    assert (world.weight("8"), world.weight("7"), len(world.own)) == (100, 0, 2)


def test_the_last_model_goes_after_its_time():
    world = own(promoted("8", routing=ROUTING, rollbackWindow={"keepWarm": "1m"}).run(200))

    assert [name.split("-")[1] for name in world.own] == ["v8"]


def test_a_gateway_that_does_not_take_the_route_is_told():
    world = serving("7", routing=ROUTING)
    world.route, world.gateway = None, False

    world.run(90)

    assert reason(world, "Stalled") == "NoTrafficRouter"
    assert "Gateway edge must exist" in message(world)


def test_a_route_that_was_deleted_by_hand_is_made_anew_with_the_same_main_model():
    world = trying("8", routing=ROUTING)
    world.route = None

    world.run(30)

    assert world.weight("7") + world.weight("8") == 100
    assert world.weight("7") >= 90
    assert not is_stalled(world)


def test_what_serves_keeps_its_way_when_the_spec_changes_it():
    world = own(serving("7", routing=ROUTING).spec(routing=None).run(30))

    assert reason(world, "Stalled") == "NoTrafficRouter"
    assert "spec.routing was removed" in message(world)
    assert (world.weight("7"), len(world.own)) == (100, 1)


@pytest.mark.parametrize(
    ("kind", "word", "said"),
    [
        pytest.param(FailureKind.FORBIDDEN, "Forbidden", "may not write HTTPRoute wine", id="forbidden"),
        pytest.param(FailureKind.INVALID, "NoTrafficRouter", "install the Gateway API", id="no such kind"),
        pytest.param(FailureKind.UNREACHABLE, "ProgressingWithRetry", "HTTPRoute wine", id="unreachable"),
    ],
)
def test_a_refused_route_is_told_with_what_to_do(kind: FailureKind, word: str, said: str):
    world = refused(kind)

    condition = "Reconciling" if kind is FailureKind.UNREACHABLE else "Stalled"
    assert reason(world, condition) == word
    assert said in message(world, condition)


def test_a_route_of_somebody_else_is_left_alone():
    world = serving("7", routing=ROUTING)
    world.route["metadata"]["labels"] = {}
    before = len([act for act in world.writes if isinstance(act, Apply)])

    world.run(10)

    assert reason(world, "Stalled") == "OwnedByAnother"
    assert len([act for act in world.writes if isinstance(act, Apply)]) == before


def test_a_candidate_may_empty_a_field_since_nothing_is_laid_over():
    world = serving(
        "7", routing=ROUTING, predictor={"model": {"modelFormat": {"name": "sklearn"}, "env": [{"name": "A"}]}}
    )

    world.spec(candidate={"version": "8", "predictor": {"model": {"env": []}}}).run(20)

    assert not is_stalled(world)
    assert world.weight("8") == 10
