"""Measurements against a bound while a candidate has traffic: who is taken back, who waits, and who passes."""

from typing import Any

import pytest

from deployments import a_bound, a_count, a_policy, canary, message, phase, reason, serving, weight
from kanaria.vocabulary import WriteStatus
from model_world import ModelWorld

BOTH = {"policies": [{"name": "online"}, {"name": "counted"}], "warmup": "5s"}


def trying(*, numbers: dict[str, float | None] | None = None, seconds: int = 10, **metric: Any) -> ModelWorld:
    world = serving("7", policies=(a_bound(**metric),))
    world.numbers = numbers or {}
    return world.spec(candidate={"version": "8"}).run(seconds)


def evidence(world: ModelWorld) -> str:
    trial = world.read_md().status.trial
    return trial.evidence if trial is not None else ""


def test_a_candidate_within_its_bound_passes_without_a_counter():
    world = trying().run(240)

    assert (phase(world), evidence(world)) == ("Passed", "latency is 0.1, within its bounds")


def test_one_number_beyond_the_bound_takes_it_back_by_default():
    world = trying()
    world.numbers["-v8-"] = 0.3

    world.run(15)

    assert (phase(world), world.weight("8")) == ("Failed", 0)
    fact = "latency is 0.3, above the most of 0.25"
    assert evidence(world).startswith(fact)
    (edit,) = world.commit()
    assert fact in str(edit.changes)


def test_a_number_of_the_stable_model_fails_nobody():
    world = trying(numbers={"-v7-": 9.0}).run(240)

    assert phase(world) == "Passed"


def test_so_many_failures_as_the_limit_says_are_tolerated():
    world = trying(failureLimit=2, numbers={"-v8-": 0.3}, seconds=0)
    failed: list[str] = []

    while phase(world) in {"Loading", "Stepping", None}:
        world.run(5)
        failed.append(evidence(world))

    assert phase(world) == "Failed"
    assert failed[-1] == "latency is 0.3, above the most of 0.25 (3 of 3 measurements failed, failureLimit 2)"


def test_it_gets_no_first_percent_while_the_server_cannot_be_asked():
    world = serving("7", policies=(a_bound(),))
    world.servers = False

    world.spec(candidate={"version": "8"}).run(60)
    assert (phase(world), world.asked("8")) == ("Stepping", 0)

    world.servers = True
    assert world.run(15).weight("8") == 10, message(world)


def test_it_gets_no_more_before_it_was_measured():
    world = trying(numbers={"-v8-": None}, consecutiveErrorLimit=-1).run(240)

    assert (phase(world), weight(world)) == ("Stepping", 10)


@pytest.mark.parametrize("lost", ["servers", "numbers"])
def test_what_cannot_be_measured_stops_its_traffic_and_never_rejects_it(lost: str):
    world = trying().run(15)
    assert world.weight("8") == 10

    world.servers = lost != "servers"
    world.numbers = {"-v8-": None} if lost == "numbers" else {}
    world.run(20)
    assert weight(world) == 10
    world.run(15)
    assert (phase(world), weight(world), reason(world)) == ("Paused", 0, "MetricsUnmeasured"), message(world)
    assert "latency was not measured for 25s" in message(world)

    world.servers, world.numbers = True, {}
    world.run(40)
    assert (phase(world), weight(world)) == ("Stepping", 10)
    assert phase(world.run(240)) == "Passed"


def test_a_number_that_never_comes_ends_inconclusive_and_not_failed():
    world = serving(
        "7", policies=(a_bound(),), strategy={"canary": {"steps": [{"setWeight": 10}], "maxDuration": "10m"}}
    )
    world.numbers = {"-v8-": None}

    world.spec(candidate={"version": "8"}).run(700)

    assert phase(world) == "Inconclusive"


def test_a_number_that_is_neither_good_nor_bad_leaves_it_unproven():
    world = trying(threshold={"max": 0.25, "failAbove": 0.5}, numbers={"-v8-": 0.4}).run(300)

    assert (phase(world), evidence(world)) == (
        "Stepping",
        "latency is 0.4, above the most of 0.25 but not so far as to fail",
    )


def test_a_change_is_judged_against_the_stable_model_at_the_same_moment():
    change = {"minRelativeChange": -0.1, "greaterIsBetter": False}

    assert phase(trying(change=change, numbers={"-v8-": 0.205, "-v7-": 0.2}).run(240)) == "Passed"
    assert phase(trying(change=change, numbers={"-v8-": 0.3, "-v7-": 0.2}).run(15)) == "Failed"


def test_after_the_first_percents_it_is_not_measured_for_the_initial_delay():
    world = trying(initialDelay="40s", numbers={"-v8-": 9.0}, seconds=35)
    assert (phase(world), weight(world)) == ("Stepping", 10)

    assert phase(world.run(20)) == "Failed"


def test_a_dry_run_is_told_and_decides_nothing():
    world = serving("7", policies=(a_bound(dryRun=True), a_policy("counted")), analysis=BOTH)
    world.numbers = {"-v8-": 9.0}

    world.spec(candidate={"version": "8"}).run(240)

    assert phase(world) == "Passed"
    assert "latency is 9, above the most of 0.25" in evidence(world)
    assert "(dry run)" in evidence(world)


@pytest.mark.parametrize("bad", ["counter", "bound"])
def test_either_a_counter_or_a_bound_takes_it_back(bad: str):
    world = serving("7", policies=(a_bound(), a_policy("counted")), analysis=BOTH)
    world.spec(candidate={"version": "8"}).run(20)
    if bad == "counter":
        world.bad["-v8-"] = 0.5
    else:
        world.numbers["-v8-"] = 0.5

    world.run(30)

    told = {"counter": "errors ×", "bound": "latency is 0.5, above"}
    assert phase(world) == "Failed"
    assert evidence(world).startswith(told[bad])


def test_only_a_dry_run_is_no_judge():
    world = trying(dryRun=True)

    assert (reason(world, "Stalled"), phase(world)) == ("UnknownPolicy", None)


def test_what_was_counted_survives_a_restart():
    world = trying(failureLimit=20, numbers={"-v8-": 0.3}).run(70)
    key = "online/latency"
    before = world.md["status"]["trial"]["checkpoint"][key]["failed"]
    assert before >= 5

    world.restart()
    world.run(5)

    assert before <= world.memory.tallies[key].failed <= before + 2


def test_another_bound_begins_to_count_anew():
    world = trying(failureLimit=20, numbers={"-v8-": 0.3}).run(70)
    world.policies["online"] = a_bound(failureLimit=30)

    world.run(5)

    assert world.memory.tallies["online/latency"].failed <= 2


def test_measurements_that_were_asked_for_are_taken_and_no_more():
    world = trying(count=3, interval="10s").run(60)
    world.numbers["-v8-"] = 9.0

    assert phase(world.run(200)) == "Passed"
    assert world.memory.tallies["online/latency"].taken == 3


def test_measuring_costs_a_status_write_a_minute():
    world = trying(seconds=30)
    before = len(world.writes)

    world.run(50)

    assert len([w for w in world.writes[before:] if isinstance(w, WriteStatus)]) <= 3


@pytest.mark.parametrize(("rate", "end"), [(0.01, "Passed"), (0.5, "Failed")])
def test_counters_that_a_server_scraped_are_judged_like_the_gateway_s_own(rate: float, end: str):
    counter = {"from": "prometheus", "serverRef": {"name": "main"}}
    world = serving("7", policies=(a_count("online", counter),))
    world.bad["-v8-"] = rate

    world.spec(candidate={"version": "8"}).run(240)

    assert phase(world) == end
    assert evidence(world).startswith("errors ×")


def test_a_tolerated_failure_is_no_proof():
    world = serving("7", policies=(a_bound(failureLimit=100),), strategy=canary({"setWeight": 10}, {"pause": {}}))
    world.numbers = {"-v8-": 0.3}

    world.spec(candidate={"version": "8"}).run(120)
    assert (phase(world), weight(world)) == ("Stepping", 10)

    world.numbers = {}
    assert phase(world.run(30)) == "Passed"
