"""A canary sends some requests to the candidate whatever its weight."""

from typing import Any

import pytest
from pydantic import ValidationError

from kanaria.strategies.canary import Canary
from kanaria.strategies.kind import At, Next
from kanaria.vocabulary.traffic import NOTHING_SENT, HeaderMatch, Sent
from model_world import NOON


def header(name: str = "testers", **value: str) -> dict[str, Any]:
    match = [{"headerName": "X-Tester", "headerValue": value or {"exact": "yes"}}]
    return {"setHeaderRoute": {"name": name, "match": match}}


STEPS = [
    header(),
    {"setMirrorRoute": {"name": "copies", "percentage": 30}},
    {"setMirrorRoute": {"name": "copies"}},
    {"setHeaderRoute": {"name": "testers"}},
    {"setWeight": 10},
]
CANARY = Canary.model_validate({"steps": STEPS})
TESTERS = ((HeaderMatch("X-Tester", "yes"),),)


@pytest.mark.parametrize(
    ("step", "sent"),
    [(0, Sent(TESTERS)), (1, Sent(TESTERS, 30)), (2, Sent(TESTERS)), (3, NOTHING_SENT), (4, NOTHING_SENT)],
)
def test_what_is_set_holds_until_it_is_removed(step: int, sent: Sent):
    assert CANARY.sends(step) == sent


def test_a_step_is_over_once_the_gateway_does_so():
    assert CANARY.next(At(0, NOON, 0, in_force=True, sent=False), NOON) == Next(0, 0, "setHeaderRoute testers")
    assert CANARY.next(At(0, NOON, 0, in_force=True), NOON) == Next(1, 0, "setMirrorRoute copies 30 %")


@pytest.mark.parametrize(
    ("value", "match"),
    [
        pytest.param({"exact": "a.b"}, HeaderMatch("X-Tester", "a.b"), id="exact"),
        pytest.param({"prefix": "a.b"}, HeaderMatch("X-Tester", r"a\.b.*", regex=True), id="prefix"),
        pytest.param({"regex": "a|b"}, HeaderMatch("X-Tester", "a|b", regex=True), id="regex"),
    ],
)
def test_a_header_s_value(value: dict[str, str], match: HeaderMatch):
    assert Canary.model_validate({"steps": [header(**value)]}).sends(0).headers == ((match,),)


@pytest.mark.parametrize(
    "step",
    [
        pytest.param(header(exact="a", prefix="b"), id="two values"),
        pytest.param({"setHeaderRoute": {"match": []}}, id="no name"),
        pytest.param({"setMirrorRoute": {"name": "m", "percentage": 101}}, id="more than all"),
        pytest.param({"setWeight": 5, **header()}, id="two words"),
    ],
)
def test_what_is_no_step(step: dict[str, Any]):
    with pytest.raises(ValidationError):
        Canary.model_validate({"steps": [step]})


def test_the_first_step_that_needs_such_a_route_is_told():
    assert (CANARY.selects, Canary.model_validate({"steps": [{"setWeight": 5}]}).selects) == ("steps[0]", "")
