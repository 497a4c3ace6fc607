"""Before and while a candidate is tried it is said what the traffic can prove, and how sure that is."""

from datetime import timedelta

import pytest

from deployments import a_policy, canary, message, phase, serving, trying
from kanaria.api.judged import TrialPlan
from kanaria.vocabulary.durations import duration_of
from model_world import ModelWorld


def plan(world: ModelWorld) -> TrialPlan:
    trial = world.read_md().status.trial
    assert trial is not None
    assert trial.plan is not None
    return trial.plan


def conditions(world: ModelWorld) -> set[str]:
    return {c.type for c in world.read_md().status.conditions}


def test_a_trial_says_what_may_be_expected_at_the_traffic_seen():
    told = plan(trying().run(30))

    assert told.requests_per_second == pytest.approx(200, rel=0.01)
    assert told.bad_rate == pytest.approx(0.01, abs=0.001)
    assert told.sentence.startswith("errors: at 200 requests a second, 0.97 % of them bad, a healthy candidate passes")
    assert "it has one server" in told.sentence


def test_the_time_to_take_back_a_worse_one_is_about_right():
    world = trying().run(30)
    told = plan(world).rollback_in
    world = serving()
    world.bad["v8"] = 0.02
    world.spec(candidate={"version": "8"}).run(10)
    began = world.now
    while phase(world) != "Failed" and world.now < began + timedelta(hours=1):
        world.run(5)

    assert told is not None
    assert (world.now - began).total_seconds() == pytest.approx(duration_of(told).total_seconds(), rel=0.5)


@pytest.mark.parametrize(
    ("rps", "fields", "weak"),
    [
        pytest.param(200.0, {"maxDuration": "1h"}, False, id="enough"),
        pytest.param(0.2, {"maxDuration": "1h"}, True, id="too few requests"),
        pytest.param(20.0, {"maxDuration": "2m"}, True, id="too little time"),
    ],
)
def test_a_trial_that_cannot_come_to_a_proof_is_called_so(rps: float, fields: dict[str, str], *, weak: bool):
    world = serving(strategy=canary(**fields))
    world.rps = rps
    world.spec(candidate={"version": "8"}).run(60)

    assert ("CanaryUnderpowered" in conditions(world)) is weak
    assert not weak or "raise maxDuration, or set acceptBelow" in message(world, "CanaryUnderpowered")


def test_the_plan_is_written_twice_at_most():
    world = trying().run(20)
    told = {plan(world.run(5)).sentence for _ in range(60)}

    assert len(told) <= 2


def test_a_dispersion_that_is_assumed_is_called_so_until_it_is_measured():
    world = serving(strategy=canary({"setWeight": 10}, {"pause": {"duration": "1h"}}))
    world.spec(candidate={"version": "8"}).run(20)
    before = conditions(world)
    world.run(180)

    assert "DispersionUnknown" in before
    assert "DispersionUnknown" not in conditions(world)


def test_the_next_trial_begins_with_what_was_learned_even_after_a_restart():
    world = serving(strategy=canary({"setWeight": 10}, {"pause": {"duration": "5m"}}))
    world.spec(candidate={"version": "8"}).run(240)
    world.spec(candidate=None).run(60)
    world.restart()
    world.spec(candidate={"version": "9"}).run(10)

    assert plan(world).windows >= 20
    assert "DispersionUnknown" not in conditions(world)


def test_what_is_remembered_is_bounded_and_by_metric():
    world = trying(policies=(a_policy(),)).run(600)

    assert list(world.md["status"]["usual"]) == ["online/errors"]
    assert len(str(world.md["status"]["usual"])) < 1024


def test_the_plan_is_made_though_the_operator_begins_anew_again_and_again():
    world = serving(strategy=canary({"setWeight": 10}, {"pause": {"duration": "1h"}}))
    world.spec(candidate={"version": "8"}).run(15)
    for _ in range(6):
        world.restart()
        world.run(65)

    assert plan(world).windows >= 20
    assert "DispersionUnknown" not in conditions(world)
