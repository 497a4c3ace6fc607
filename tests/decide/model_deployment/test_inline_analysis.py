"""A step `analysis`: policies of its own must pass before the next step, beside those that judge all the while."""

from typing import Any

import pytest
from pydantic import ValidationError

from deployments import a_bound, a_count, a_policy, canary, message, phase, reason, serving
from kanaria.api.model_deployment import ModelDeploymentSpec
from kanaria.strategies.canary import Canary
from kanaria.strategies.kind import At, Next
from model_world import NOON, SECOND, ModelWorld

ANALYSIS = {"analysis": {"policies": [{"name": "quality"}]}}
STEPS = canary({"setWeight": 10}, ANALYSIS, {"setWeight": 50}, {"pause": {"duration": "60s"}})


def a_quality(**fields: Any) -> Any:
    return a_bound("quality", "accuracy", **fields)


def trying(strategy: Any = STEPS, **fields: Any) -> ModelWorld:
    """7 serves, and 8 has its first weight; a lower number is better."""
    policies = fields.pop("policies", (a_policy(), a_quality()))
    world = serving("7", policies=policies, strategy=strategy, **fields)
    return world.spec(candidate={"version": "8"})


def step(world: ModelWorld) -> int:
    return world.read_md().status.trial.step


def test_the_next_step_waits_until_its_metrics_have_passed():
    world = trying(policies=(a_policy(), a_quality(inconclusiveLimit=-1, threshold={"max": 0.2, "failAbove": 0.4})))
    world.numbers = {"-v8-": 0.3}
    world.run(120)
    assert (step(world), world.weight("8"), reason(world)) == (1, 10, "CanaryPaused")
    assert message(world).endswith("step 2: analysis quality; the next step waits until its metrics have passed")

    world.numbers = {"-v8-": 0.1}

    assert world.run(30).weight("8") == 50


def test_what_fails_there_is_taken_back():
    world = trying()
    world.numbers = {"-v8-": 0.9}

    world.run(60)

    assert (phase(world), world.weight("7")) == ("Failed", 100)
    assert "accuracy is 0.9" in world.read_md().status.trial.evidence


def test_metrics_of_later_steps_have_their_share_of_alpha_from_the_first_on():
    first, policies = ({"setWeight": 10}, {"pause": {"duration": "10m"}}), (a_policy(), a_count("quality", {}))
    alone, beside = (trying(canary(*first, *later), policies=policies) for later in ((), (ANALYSIS,)))

    told = [world.run(30).read_md().status.trial.evidence for world in (alone, beside)]

    assert ["90 % always-valid" in told[0], "92.5 % always-valid" in told[1]] == [True, True], told


def test_before_and_after_the_step_its_policies_do_not_judge():
    world = trying(canary({"setWeight": 10}, {"pause": {"duration": "60s"}}, ANALYSIS, {"pause": {"duration": "10m"}}))
    world.numbers = {"-v8-": 0.9}
    assert (step(world.run(30)), phase(world)) == (1, "Stepping")

    world.numbers = {"-v8-": 0.1}
    assert step(world.run(90)) == 3
    world.numbers = {"-v8-": 0.9}

    assert phase(world.run(60)) == "Stepping"


def test_what_judges_all_the_while_judges_beside_it():
    world = trying(policies=(a_policy(), a_quality(inconclusiveLimit=-1, threshold={"max": 0.2, "failAbove": 0.4})))
    world.numbers = {"-v8-": 0.3}
    world.run(30)

    world.bad["-v8-"] = 0.5

    assert phase(world.run(60)) == "Failed"


def test_it_judges_where_nothing_else_does():
    world = trying(policies=(a_quality(),), analysis=None)
    world.numbers = {"-v8-": 0.1}

    assert phase(world.run(180)) == "Passed"
    assert world.read_md().status.trial.analysis is None


def test_each_such_step_begins_anew():
    twice = canary({"setWeight": 10}, ANALYSIS, {"setWeight": 20}, ANALYSIS, {"pause": {"duration": "10m"}})
    world = trying(twice, policies=(a_policy(), a_quality(count=3)))
    world.numbers = {"-v8-": 0.1}
    world.run(5)
    while step(world) < 3:
        world.run(5)
    world.numbers = {"-v8-": 0.9}

    assert phase(world.run(60)) == "Failed"


def test_counts_of_a_step_begin_anew_too():
    twice = canary({"setWeight": 10}, ANALYSIS, {"setWeight": 20}, ANALYSIS)
    world = trying(twice, policies=(a_count("quality", {}),), analysis=None)
    seen: dict[int, int] = {}
    for _ in range(60):
        evidence = world.run(5).memory.evidence.get("quality/errors")
        if evidence is not None and evidence.windows:
            seen.setdefault(step(world), evidence.windows)

    assert (phase(world), seen.get(1), seen.get(3)) == ("Passed", 1, 1)


def test_a_restart_within_the_step_forgets_nothing_and_blinds_nobody():
    world = trying(policies=(a_policy(), a_quality(inconclusiveLimit=-1, threshold={"max": 0.2, "failAbove": 0.4})))
    world.numbers = {"-v8-": 0.3}
    world.run(90)

    world.restart()
    assert (step(world.run(10)), world.weight("8")) == (1, 10)
    world.numbers = {"-v8-": 0.1}

    assert world.run(60).weight("8") == 50


def test_a_step_whose_metrics_cannot_be_read_holds_and_goes_on():
    world = trying()
    world.servers = False
    world.numbers = {"-v8-": 0.1}
    world.run(120)
    assert (world.weight("8"), phase(world)) == (0, "Paused")

    world.servers = True

    assert phase(world.run(240)) == "Passed"


def test_a_promotion_without_proof_waits_for_none():
    world = trying(policies=(a_policy(), a_quality(inconclusiveLimit=-1, threshold={"max": 0.2, "failAbove": 0.4})))
    world.numbers = {"-v8-": 0.3}
    world.run(60)

    world.spec(candidate={"version": "8", "promote": "Full"})

    assert world.run(30).weight("8") == 50


@pytest.mark.parametrize(
    ("policies", "fact"),
    [
        pytest.param(
            (a_policy(),), "steps[1].analysis.policies names MetricPolicy quality, which does", id="not there"
        ),
        pytest.param((a_policy(), a_quality(dryRun=True)), "quality has no metric that decides", id="only told"),
    ],
)
def test_a_policy_that_judges_nothing_is_refused_before_the_trial(policies: tuple[Any, ...], fact: str):
    world = trying(policies=policies).run(10)

    assert (reason(world), fact in message(world), world.asked("8")) == ("UnknownPolicy", True, 0)


@pytest.mark.parametrize(
    ("at", "seconds", "there"),
    [
        pytest.param(At(1, NOON, 5, in_force=True, analysed=False), 0, Next(1, 5, "analysis a"), id="not yet"),
        pytest.param(At(1, NOON, 5, in_force=True), 0, Next(2, 5, "done", done=True), id="passed"),
        pytest.param(
            At(1, NOON, 5, in_force=True, analysed=False, waived=2), 0, Next(1, 5, "analysis a"), id="it is no pause"
        ),
    ],
)
def test_where_a_canary_is(at: At, seconds: int, there: Next):
    steps = [{"setWeight": 5}, {"analysis": {"policies": [{"name": "a"}]}}]

    assert Canary.model_validate({"steps": steps}).next(at, NOON + seconds * SECOND) == there


def test_it_takes_its_time():
    step = {"analysis": {"policies": [{"name": "a"}], "duration": "60s"}}
    canary_ = Canary.model_validate({"steps": [{"setWeight": 5}, step]})
    at, end = At(1, NOON, 5, in_force=True), NOON + 60 * SECOND

    assert canary_.next(at, NOON + 59 * SECOND) == Next(1, 5, "analysis a", until=end)
    assert canary_.next(at, end).done


def test_without_traffic_there_is_nothing_to_analyse():
    with pytest.raises(ValidationError, match=r"steps\[1\].analysis judges by traffic"):
        Canary.model_validate({"steps": [{"setWeight": 0}, ANALYSIS, {"setWeight": 5}]})


def test_only_so_many_policies_judge_at_once():
    analysis = {"policies": [{"name": f"p{n}"} for n in range(8)]}
    spec = {"model": {"name": "m"}, "predictor": {"model": {"x": 1}}, "strategy": STEPS, "analysis": analysis}

    with pytest.raises(ValidationError, match="more than 8 policies judge at once"):
        ModelDeploymentSpec.model_validate(spec)
