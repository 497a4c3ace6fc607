"""A manifest need not be applied again when the live object holds all of it."""

from typing import Any

import pytest

from kanaria.decide.covering import covers, differences


@pytest.mark.parametrize(
    ("live", "wanted"),
    [
        pytest.param({"a": 1, "b": 2}, {"a": 1}, id="other fields beside the wanted ones"),
        pytest.param({"a": {"b": 1, "c": 2}}, {"a": {"b": 1}}, id="other fields deeper"),
        pytest.param(
            {"l": [{"name": "b", "v": 2}, {"name": "a", "v": 1, "w": 0}]},
            {"l": [{"name": "a", "v": 1}]},
            id="a list of named objects, whatever the order",
        ),
        pytest.param({"l": [1, 2]}, {"l": [1, 2]}, id="a plain list that is equal"),
        pytest.param({"cpu": "500m"}, {"cpu": 0.5}, id="half a core is 500m"),
        pytest.param({"cpu": "1"}, {"cpu": 1}, id="one as a string"),
        pytest.param({"memory": "1Gi"}, {"memory": "1024Mi"}, id="a gibibyte in mebibytes"),
        pytest.param({"memory": "1e3"}, {"memory": 1000}, id="an exponent"),
        pytest.param({"count": "2E"}, {"count": "2E"}, id="an exa, which is no exponent"),
        pytest.param({}, {"a": None}, id="nothing wanted, nothing there"),
        pytest.param({}, {"a": {}}, id="an empty object the API server drops"),
        pytest.param({}, {"a": []}, id="an empty list the API server drops"),
    ],
)
def test_a_live_object_covers_what_it_holds(live: Any, wanted: Any) -> None:
    assert covers(live, wanted)


@pytest.mark.parametrize(
    ("live", "wanted", "where"),
    [
        pytest.param({}, {"a": 1}, "a", id="a field is missing"),
        pytest.param({"a": {"b": 1}}, {"a": {"b": 2}}, "a.b", id="a field differs deeper"),
        pytest.param({"a": "x"}, {"a": {"b": 2}}, "a", id="a string where an object is wanted"),
        pytest.param({"l": [{"name": "a"}]}, {"l": [{"name": "b", "v": 1}]}, "l[b]", id="a named item is missing"),
        pytest.param({"l": [1, 2]}, {"l": [2, 1]}, "l", id="a plain list in another order"),
        pytest.param({"l": [1, 2]}, {"l": [1]}, "l", id="a plain list that is longer"),
        pytest.param({"l": [1]}, {"l": []}, "l", id="a plain list that should be empty"),
        pytest.param({"a": True}, {"a": 1}, "a", id="true is no number"),
        pytest.param({"a": 1}, {"a": True}, "a", id="a number is not true"),
        pytest.param({"a": "v1"}, {"a": "v2"}, "a", id="words are no quantities"),
        pytest.param({"a": "x"}, {"a": None}, "a", id="a value where none is wanted"),
    ],
)
def test_a_difference_is_named_by_its_path(live: Any, wanted: Any, where: str) -> None:
    assert not covers(live, wanted)
    assert where in differences(live, wanted)


def test_every_difference_is_named() -> None:
    assert differences({"a": 1, "b": {"c": 2}}, {"a": 2, "b": {"c": 3, "d": 4}}) == ("a", "b.c", "b.d")
