"""A canary takes its steps one by one, and goes on where it was held."""

from datetime import timedelta

import pytest
from pydantic import ValidationError

from kanaria.strategies.canary import Canary
from kanaria.strategies.kind import At, Next
from model_world import NOON

STEPS = [{"setWeight": 5}, {"pause": {"duration": "10m"}}, {"setWeight": 25}, {"pause": {}}, {"setWeight": 50}]
CANARY = Canary.model_validate({"steps": STEPS})
MINUTES = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("at", "minutes", "there"),
    [
        pytest.param(At(0, NOON, 0, in_force=True), 0, Next(0, 5, "setWeight 5"), id="begins with a weight"),
        pytest.param(At(0, NOON, 5, in_force=False), 9, Next(0, 5, "setWeight 5"), id="waits for the gateway"),
        pytest.param(At(0, NOON, 5, in_force=True), 0, Next(1, 5, "pause 10m"), id="enters the pause"),
        pytest.param(
            At(1, NOON, 5, in_force=True),
            9,
            Next(1, 5, "pause 10m", until=NOON + 10 * MINUTES, paused=True),
            id="waits for its time",
        ),
        pytest.param(At(1, NOON, 5, in_force=True), 10, Next(2, 25, "setWeight 25"), id="goes on after its time"),
        pytest.param(At(3, NOON, 25, in_force=True), 999, Next(3, 25, "pause", paused=True), id="waits for proof"),
        pytest.param(At(3, NOON, 25, in_force=True, proven=True), 0, Next(4, 50, "setWeight 50"), id="has proof"),
        pytest.param(
            At(1, NOON, 5, in_force=True, waived=2),
            0,
            Next(2, 25, "setWeight 25"),
            id="does not wait for a waived pause",
        ),
        pytest.param(
            At(3, NOON, 25, in_force=True, waived=3), 0, Next(3, 25, "pause", paused=True), id="waits for the one after"
        ),
        pytest.param(
            At(2, NOON, 25, in_force=False, waived=9), 0, Next(2, 25, "setWeight 25"), id="waits for a waived weight"
        ),
        pytest.param(At(4, NOON, 50, in_force=True), 0, Next(5, 50, "done", done=True), id="is done"),
        pytest.param(At(5, NOON, 50, in_force=True), 0, Next(5, 50, "done", done=True), id="stays done"),
    ],
)
def test_the_next_step(at: At, minutes: int, there: Next):
    assert CANARY.next(at, NOON + minutes * MINUTES) == there


@pytest.mark.parametrize(
    ("step", "index", "weight"), [(0, 0, 5), (1, 0, 5), (2, 2, 25), (3, 2, 25), (4, 4, 50), (9, 4, 50)]
)
def test_a_held_trial_goes_on_with_the_weight_it_had(step: int, index: int, weight: int):
    resumed = CANARY.resume(step)

    assert (resumed.step, resumed.weight) == (index, weight)


def test_a_trial_held_before_its_first_weight_goes_on_without():
    assert Canary.model_validate({"steps": [{"pause": {}}, {"setWeight": 5}]}).resume(0).weight == 0


@pytest.mark.parametrize("step", [{}, {"setWeight": 5, "pause": {}}, {"setWeight": 101}, {"wait": "1m"}])
def test_a_step_is_one_thing(step: dict[str, object]):
    with pytest.raises(ValidationError):
        Canary.model_validate({"steps": [step]})


def test_defaults_are_cautious():
    assert (CANARY.longest, CANARY.when_inconclusive) == (timedelta(hours=6), "Rollback")


@pytest.mark.parametrize(("after", "step"), [(0, 3), (3, 3), (4, None)])
def test_the_next_pause_that_waits_for_a_person(after: int, step: int | None):
    assert CANARY.open_pause(after) == step


def test_the_steps_in_words():
    assert CANARY.words == ("setWeight 5", "pause 10m", "setWeight 25", "pause", "setWeight 50")


SCALED = Canary.model_validate(
    {
        "steps": [
            {"setWeight": 5},
            {"setCanaryScale": {"weight": 50}},
            {"setWeight": 25},
            {"setCanaryScale": {"matchTrafficWeight": True}},
        ]
    }
)


@pytest.mark.parametrize(
    ("scaled", "there"),
    [(False, Next(1, 5, "setCanaryScale 50 %")), (True, Next(2, 25, "setWeight 25"))],
    ids=["waits for servers", "goes on"],
)
def test_a_scale_is_waited_for(*, scaled: bool, there: Next):
    assert SCALED.next(At(1, NOON, 5, in_force=True, scaled=scaled), NOON) == there


@pytest.mark.parametrize(("step", "servers"), [(0, 1), (1, 2), (2, 2), (3, 1), (4, 1)])
def test_a_scale_holds_until_the_next(step: int, servers: int):
    assert SCALED.scale(step).servers(4) == servers


@pytest.mark.parametrize("scale", [{}, {"replicas": 1, "weight": 5}, {"replicas": 0}])
def test_a_scale_is_one_number(scale: dict[str, object]):
    with pytest.raises(ValidationError):
        Canary.model_validate({"steps": [{"setCanaryScale": scale}]})
