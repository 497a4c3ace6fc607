"""The order of operations on KServe: nothing with traffic is removed or renamed, nothing unready gets any."""

import pytest

from kanaria.serving.arrangement import Arrangement, Predictor
from kanaria.serving.kserve import Servers, Serving
from kanaria.serving.order import Goal, candidate_replicas, drain, main_servers, next_arrangement
from model_world import NOON, SECOND

SEVEN, EIGHT = Predictor("v7", {"model": {"storageUri": "7"}}), Predictor("v8", {"model": {"storageUri": "8"}})
TWO = {"minReplicas": 2}


def up(count: int = 1, routed: int = 0) -> Servers:
    return Servers(wanted=count, available=count, settled=True, exists=True, routed=routed)


def seen(live: Arrangement | None, *, accepted: bool = True, **servers: Servers) -> Serving:
    return Serving(arrangement=live, servers=servers, routed=True, accepted=accepted)


def weights(arrangement: Arrangement) -> dict[str, int]:
    return {predictor.name: predictor.weight for predictor in arrangement.all}


def test_nothing_yet_begins_with_the_main_predictor_alone():
    assert weights(next_arrangement(Goal(SEVEN, EIGHT), seen(None))) == {"v7": 100}


def test_a_candidate_waits_for_the_main_predictor():
    live = Arrangement(SEVEN)

    assert weights(next_arrangement(Goal(SEVEN, EIGHT), seen(live))) == {"v7": 100}
    assert weights(next_arrangement(Goal(SEVEN, EIGHT), seen(live, v7=up()))) == {"v7": 100, "v8": 0}


@pytest.mark.parametrize(
    ("servers", "asked"),
    [
        pytest.param(up(), 25, id="ready"),
        pytest.param(Servers(exists=True), 0, id="not available"),
        pytest.param(Servers(wanted=1, available=1, exists=True), 0, id="available from an older template"),
        pytest.param(Servers(), 0, id="not there"),
    ],
)
def test_weight_rises_only_with_servers(servers: Servers, asked: int):
    live = Arrangement(SEVEN, (EIGHT,))

    made = next_arrangement(Goal(SEVEN, EIGHT.at(25)), seen(live, v7=up(), v8=servers))

    assert weights(made)["v8"] == asked


def test_gateways_count_by_place_so_nothing_is_put_before_a_candidate():
    warm, goal = Predictor("v6", SEVEN.spec), Goal(SEVEN, EIGHT.at(10), warm=frozenset({"v6"}))
    live = Arrangement(SEVEN, (warm,))

    begun = next_arrangement(goal, seen(live, v7=up(), v6=up()))
    risen = next_arrangement(goal, seen(begun, v7=up(), v6=up(), v8=up()))

    assert [list(weights(made).items()) for made in (begun, risen)] == [
        [("v7", 100), ("v8", 0), ("v6", 0)],
        [("v7", 90), ("v8", 10), ("v6", 0)],
    ]


def test_servers_are_raised_before_the_weight():
    live, wanted = Arrangement(SEVEN, (EIGHT.at(10),)), Predictor("v8", EIGHT.spec, 3, 50)

    first = next_arrangement(Goal(SEVEN, wanted), seen(live, v7=up(), v8=up(1)))
    assert (first.find("v8").replicas, first.find("v8").weight) == (3, 10)
    still = next_arrangement(Goal(SEVEN, wanted), seen(first, v7=up(), v8=up(2)))
    assert still == first
    assert next_arrangement(Goal(SEVEN, wanted), seen(first, v7=up(), v8=up(3))).weight_of("v8") == 50


def test_lowering_waits_for_nothing_and_keeps_the_servers():
    live = Arrangement(SEVEN, (Predictor("v8", EIGHT.spec, 3, 50),))

    made = next_arrangement(Goal(SEVEN, EIGHT.at(0)), seen(live, accepted=False))

    assert (made.find("v8").weight, made.find("v8").replicas) == (0, 3)


def test_what_left_is_drained_before_it_is_removed():
    live = Arrangement(SEVEN, (EIGHT.at(25),))

    drained = next_arrangement(Goal(SEVEN), seen(live), frozenset({"v8"}))
    assert weights(drained) == {"v7": 100, "v8": 0}
    assert weights(next_arrangement(Goal(SEVEN), seen(drained))) == {"v7": 100, "v8": 0}
    assert weights(next_arrangement(Goal(SEVEN), seen(drained), frozenset({"v8"}))) == {"v7": 100}


def test_what_is_kept_warm_stays_without_traffic():
    live = Arrangement(SEVEN, (EIGHT,))

    made = next_arrangement(Goal(SEVEN, warm=frozenset({"v8"})), seen(live), frozenset({"v8"}))

    assert weights(made) == {"v7": 100, "v8": 0}


def test_a_promotion_goes_servers_weight_route_names():
    live, goal = Arrangement(SEVEN, (EIGHT.at(50),), TWO), Goal(Predictor("v8", EIGHT.spec, 2), scaling=TWO)

    more = next_arrangement(goal, seen(live, v7=up(2, 50), v8=up(1, 50)))
    assert (more.main.name, more.find("v8").replicas, more.weight_of("v8")) == ("v7", 2, 50)
    everything = next_arrangement(goal, seen(more, v7=up(2, 50), v8=up(2, 50)))
    assert (everything.main.name, weights(everything)) == ("v7", {"v7": 0, "v8": 100})
    unseen = next_arrangement(goal, seen(everything, v7=up(2, 50), v8=up(2, 50)))
    assert unseen.main.name == "v7"
    unaccepted = next_arrangement(goal, seen(everything, accepted=False, v7=up(2, 0), v8=up(2, 100)))
    assert unaccepted.main.name == "v7"
    swapped = next_arrangement(goal, seen(everything, v7=up(2, 0), v8=up(2, 100)))
    assert (swapped.main.name, weights(swapped), swapped.find("v7").replicas) == ("v8", {"v8": 100, "v7": 0}, 2)


def test_a_change_of_mind_during_a_promotion_gives_the_traffic_back():
    live = Arrangement(SEVEN, (EIGHT.at(100),))

    assert weights(next_arrangement(Goal(SEVEN), seen(live, v7=up(), v8=up(1, 100)))) == {"v7": 100, "v8": 0}


def test_a_main_predictor_without_servers_is_replaced_as_soon_as_the_other_is_up():
    live, goal = Arrangement(SEVEN, (EIGHT,)), Goal(EIGHT)

    assert next_arrangement(goal, seen(live, v7=Servers(exists=True), v8=Servers(exists=True))).main.name == "v7"
    assert next_arrangement(goal, seen(live, v7=Servers(exists=True), v8=up())).main.name == "v8"


@pytest.mark.parametrize(
    ("weight", "servers", "needed"),
    [(0, 4, 1), (1, 4, 1), (25, 4, 1), (26, 4, 2), (50, 4, 2), (100, 4, 4), (10, 1, 1)],
)
def test_a_share_of_the_requests_needs_its_share_of_servers(weight: int, servers: int, needed: int):
    assert candidate_replicas(weight, servers) == needed


def test_an_autoscaled_main_predictor_counts_as_it_runs():
    live, scaling = Arrangement(SEVEN), {"minReplicas": 2, "maxReplicas": 6}

    assert main_servers(scaling, seen(live, v7=up(5))) == 5
    assert main_servers(scaling, seen(live, v7=up(9))) == 6
    assert main_servers({"minReplicas": 2}, seen(live, v7=up(5))) == 2


def test_a_drain_begins_when_the_route_sends_nothing():
    live = Arrangement(SEVEN, (EIGHT,))

    assert drain({}, seen(live, v8=up(1, 25)), NOON) == {}
    assert drain({}, seen(live, v8=up(1, 0)), NOON) == {"v8": NOON}
    assert drain({"v8": NOON}, seen(live, v8=up(1, 0)), NOON + SECOND) == {"v8": NOON}
    assert drain({"v8": NOON}, seen(live, accepted=False, v8=up(1, 0)), NOON) == {}
