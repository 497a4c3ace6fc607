"""Strategies that give a candidate no traffic before it is promoted."""

from datetime import timedelta

import pytest

from kanaria.strategies.all_at_once import AllAtOnce
from kanaria.strategies.blue_green import BlueGreen
from kanaria.strategies.kind import At, Next, Scale
from model_world import NOON

DONE = Next(1, 0, "done", done=True)
BY_HAND = {"autoPromotionEnabled": False}
READY = At(0, NOON, 0, in_force=True)


@pytest.mark.parametrize(
    ("fields", "at", "seconds", "there"),
    [
        pytest.param({}, READY, 0, DONE, id="promoted at once"),
        pytest.param(
            {},
            At(0, NOON, 0, in_force=True, scaled=False),
            99,
            Next(0, 0, "preview", paused=True),
            id="not before all its servers are up",
        ),
        pytest.param(
            {"autoPromotionSeconds": 60},
            READY,
            59,
            Next(0, 0, "preview", until=NOON + timedelta(seconds=60), paused=True),
            id="after its time",
        ),
        pytest.param({"autoPromotionSeconds": 60}, READY, 60, DONE, id="its time is over"),
        pytest.param(BY_HAND, READY, 9999, Next(0, 0, "preview", paused=True), id="by a person only"),
        pytest.param(BY_HAND, At(0, NOON, 0, in_force=True, waived=1), 0, DONE, id="who says so"),
        pytest.param(BY_HAND, At(1, NOON, 0, in_force=True), 0, DONE, id="stays done"),
    ],
)
def test_blue_green(fields: dict, at: At, seconds: int, there: Next):
    assert BlueGreen.model_validate(fields).next(at, NOON + timedelta(seconds=seconds)) == there


def test_blue_green_is_as_large_as_stable():
    assert BlueGreen().scale(0).servers(4) == 4


def test_all_at_once_waits_for_nothing():
    assert AllAtOnce().next(READY, NOON) == Next(0, 0, "done", done=True)
    assert (AllAtOnce().words, AllAtOnce().open_pause(0), AllAtOnce().longest) == ((), None, None)


@pytest.mark.parametrize(("scale", "servers"), [(Scale(), 1), (Scale(3), 3), (Scale(percent=50), 3), (Scale(1, 1), 1)])
def test_a_scale_is_at_least_one_server(scale: Scale, servers: int):
    assert scale.servers(5) == servers
