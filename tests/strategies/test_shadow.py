"""Strategy shadow: copies until there is proof, and nothing else."""

from typing import Any

import pytest
from pydantic import ValidationError

from kanaria.strategies.kind import At, Next
from kanaria.strategies.shadow import Shadow
from kanaria.vocabulary.traffic import NOTHING_SENT, Sent
from model_world import NOON

HERE, DONE = Next(0, 0, "shadow 10 %"), Next(1, 0, "done", done=True)


@pytest.mark.parametrize(
    ("at", "there"),
    [
        pytest.param(At(0, NOON, 0, in_force=True), HERE, id="no proof yet"),
        pytest.param(At(0, NOON, 0, in_force=True, proven=True), DONE, id="proof"),
        pytest.param(At(0, NOON, 0, in_force=True, waived=1), HERE, id="there is no pause to waive"),
        pytest.param(At(0, NOON, 0, in_force=True, waived=1000), DONE, id="a person needs no proof"),
        pytest.param(At(1, NOON, 0, in_force=True), DONE, id="stays done"),
    ],
)
def test_where_it_is(at: At, there: Next):
    assert Shadow().next(at, NOON) == there


def test_copies_are_sent_until_it_is_done():
    shadow = Shadow(percentage=30)

    assert [shadow.sends(step) for step in (0, 1)] == [Sent((), 30, compared=True), NOTHING_SENT]


def test_it_has_servers_for_its_copies():
    assert Shadow(percentage=30).scale(0).servers(10) == 3


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"score": "$.a"}, id="a score without a bound"),
        pytest.param({"maxPsi": 0.2}, id="a bound without a score"),
        pytest.param({"prediction": "$..a"}, id="no plain path"),
        pytest.param({"duration": "2d"}, id="a look of days"),
        pytest.param({"maxDisagreement": 0}, id="a share that cannot be proven"),
        pytest.param({"onInconclusive": "Promote"}, id="promoted though nobody knows it"),
    ],
)
def test_what_cannot_be_compared(fields: dict[str, Any]):
    with pytest.raises(ValidationError):
        Shadow.model_validate(fields)
