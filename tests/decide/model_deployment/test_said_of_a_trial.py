"""What people say of a candidate's trial by commits: pause, go on, promote. Proof against it outweighs all of it."""

from typing import Any

import pytest

from deployments import canary, message, past, phase, reason, serving, trying, weight
from model_world import ModelWorld

OPEN = canary({"setWeight": 10}, {"pause": {}}, {"setWeight": 50}, {"pause": {"duration": "60s"}})


def said(world: ModelWorld, **fields: Any) -> ModelWorld:
    return world.spec(candidate={"version": "8", **fields})


def trial_of(world: ModelWorld) -> str:
    trial = world.read_md().status.trial
    return trial.id if trial else ""


def test_a_paused_candidate_keeps_its_weight_and_takes_no_step():
    world = said(trying("8"), paused=True).run(200)

    assert (phase(world), world.weight("8"), reason(world)) == ("Stepping", 10, "CanaryPaused")
    assert "spec.candidate.paused" in message(world)
    assert said(world).run(30).weight("8") == 50


def test_a_pause_does_not_begin_another_trial():
    world = trying("8")
    before = trial_of(world)

    assert (trial_of(said(world, paused=True).run(10)), past(world)) == (before, [])


def test_a_paused_candidate_that_is_proven_worse_is_taken_back():
    world = said(trying("8"), paused=True).run(10)
    world.bad["-v8-"] = 0.5

    world.run(60)

    assert (phase(world), world.weight("8")) == ("Failed", 0)


def test_the_time_of_a_pause_does_not_count():
    world = trying("8", strategy=canary({"setWeight": 10}, {"pause": {}}, maxDuration="3m"))
    world.rps = 2

    said(world, paused=True).run(600, every=30)
    assert phase(world) == "Stepping"
    assert phase(said(world).run(200)) == "Inconclusive"


def test_a_passed_candidate_that_is_paused_is_not_promoted():
    world = trying("8").run(240)
    assert phase(world) == "Passed"

    said(world, paused=True).run(10)

    assert (phase(world), world.commit()) == ("Passed", ())
    assert [edit.subject for edit in said(world).run(10).commit()] == ["Promote wine to version 8"]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param({}, 10, id="nothing is said"),
        pytest.param({"fromStep": 2}, 10, id="only the weight before it is waived"),
        pytest.param({"fromStep": 3}, 50, id="the pause is waived"),
    ],
)
def test_a_candidate_goes_on_from_the_step_that_is_named(fields: dict[str, Any], expected: int):
    world = trying("8", strategy=OPEN)
    world.rps = 2  # so few that nothing is proven

    assert said(world, **fields).run(50).weight("8") == expected


def test_promote_full_takes_all_steps_and_passes_without_proof():
    world = trying("8", strategy=OPEN)
    world.rps = 2

    said(world, promote="Full").run(60)

    assert (phase(world), weight(world)) == ("Passed", 50)
    assert world.read_md().status.trial.evidence.startswith("promoted by spec.candidate.promote: ")
    world.commit()
    assert (world.md["spec"]["stable"], "candidate" in world.md["spec"]) == ({"version": "8"}, False)


def test_promote_full_does_not_save_a_candidate_that_is_proven_worse():
    world = said(trying("8", strategy=OPEN), promote="Full")
    world.bad["-v8-"] = 0.5

    world.run(60)

    assert (phase(world), world.weight("8")) == ("Failed", 0)


def test_promote_full_gives_no_traffic_to_what_cannot_be_measured():
    world = trying("8", strategy=OPEN)
    world.metrics = False

    said(world, promote="Full").run(60)

    assert (phase(world), world.weight("8"), reason(world)) == ("Paused", 0, "MetricsUnmeasured")


def test_promote_full_decides_what_waits_for_a_person():
    world = trying("8", strategy=canary({"setWeight": 10}, {"pause": {}}, maxDuration="2m", onInconclusive="Pause"))
    world.rps = 2
    world.run(130)
    assert (phase(world), world.weight("8")) == ("Paused", 0)

    said(world, promote="Full").run(30)

    assert (phase(world), world.weight("8")) == ("Passed", 10)


def test_what_is_said_of_a_trial_that_is_over_begins_no_other():
    world = trying("8")
    world.bad["-v8-"] = 0.5
    world.run(30)
    before = trial_of(world)
    assert phase(world) == "Failed"

    said(world, promote="Full").run(30)

    assert (trial_of(world), phase(world), world.weight("8")) == (before, "Failed", 0)
    world.commit()
    assert world.md["spec"]["rejected"][0]["version"] == "8"


def test_a_pause_before_the_servers_are_up_gives_no_traffic():
    world = serving("7")

    said(world, paused=True).run(60)

    assert (phase(world), world.asked("8")) == ("Loading", 0)
