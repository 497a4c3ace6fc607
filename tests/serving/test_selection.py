"""What is sent past the weights is written into the route, and read from it again."""

import pytest

from kanaria.serving.selection import read, rules
from kanaria.vocabulary.traffic import NOTHING_SENT, HeaderMatch, Sent

SEVEN, EIGHT = (
    {"kind": "Service", "name": f"wine-v{n}-predictor", "port": 80, "weight": w} for n, w in ((7, 90), (8, 10))
)
TESTERS, GUESTS = (HeaderMatch("X-Tester", "yes"),), (HeaderMatch("X-Team", "a.*", regex=True), HeaderMatch("X-B", "1"))


@pytest.mark.parametrize(
    "sent",
    [Sent((TESTERS,)), Sent((TESTERS, GUESTS)), Sent((), 30), Sent((GUESTS,), 100), Sent((), 30, compared=True)],
    ids=["a header", "two groups", "copies", "both", "copies to compare"],
)
def test_what_was_written_is_read(sent: Sent):
    route = {"spec": {"rules": rules([SEVEN, EIGHT], sent, EIGHT["name"])}}

    assert read(route) == (sent, EIGHT["name"])


def test_copies_to_compare_go_to_who_compares_and_not_to_the_candidate():
    (rule,) = rules([SEVEN, EIGHT], Sent((), 30, compared=True), EIGHT["name"])

    assert rule["filters"][0]["requestMirror"]["backendRef"]["name"] == "wine-v8-shadow"
    assert rule["backendRefs"] == [SEVEN, EIGHT]


def test_the_weights_stay_the_first_rule():
    first, second = rules([SEVEN, EIGHT], Sent((TESTERS,)), EIGHT["name"])

    assert first == {"backendRefs": [SEVEN, EIGHT]}
    assert second["backendRefs"] == [{**EIGHT, "weight": 1}]


def test_nothing_is_sent_to_a_backend_that_is_not_there():
    assert rules([SEVEN], Sent((TESTERS,), 30), EIGHT["name"]) == [{"backendRefs": [SEVEN]}]


@pytest.mark.parametrize("route", [None, {"spec": {"rules": [{"backendRefs": [SEVEN]}]}}], ids=["no route", "weights"])
def test_a_route_of_weights_sends_nothing_past_them(route: dict | None):
    assert read(route) == (NOTHING_SENT, "")
