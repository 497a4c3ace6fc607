"""What a preflight expects of an answer."""

from typing import Any

import pytest
from pydantic import ValidationError

from kanaria.engines.preflight import Expectation, Preflight

BODY = {"outputs": [{"data": [0.5, "red", True, None]}]}
PATH = "$.outputs[0].data"


@pytest.mark.parametrize(
    ("expect", "fault"),
    [
        pytest.param({}, "", id="only the status"),
        pytest.param({"status": 201}, "answered 200 where 201 is expected", id="another status"),
        pytest.param({"jsonPath": f"{PATH}[0]", "equals": "0.50"}, "", id="the same number"),
        pytest.param({"jsonPath": f"{PATH}[1]", "equals": "red"}, "", id="the same text"),
        pytest.param({"jsonPath": f"{PATH}[2]", "equals": "true"}, "", id="true"),
        pytest.param(
            {"jsonPath": f"{PATH}[1]", "equals": "blue"}, f"{PATH}[1] is red where blue is expected", id="text"
        ),
        pytest.param({"jsonPath": f"{PATH}[9]"}, f"its answer has no {PATH}[9]", id="no such item"),
        pytest.param({"jsonPath": "$.inputs"}, "its answer has no $.inputs", id="no such key"),
        pytest.param({"jsonPath": f"{PATH}[0]", "min": 0.5, "max": 0.5}, "", id="on the bounds"),
        pytest.param(
            {"jsonPath": f"{PATH}[0]", "min": 0.6}, f"{PATH}[0] is 0.5 where at least 0.6 is expected", id="too little"
        ),
        pytest.param(
            {"jsonPath": f"{PATH}[0]", "max": 0.4}, f"{PATH}[0] is 0.5 where at most 0.4 is expected", id="too much"
        ),
        pytest.param({"jsonPath": f"{PATH}[3]", "min": 0}, f"{PATH}[3] is None, which is no number", id="no number"),
    ],
)
def test_an_expectation(expect: dict[str, Any], fault: str):
    assert Expectation.model_validate(expect).fault(200, BODY) == fault


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param({}, id="nothing is asked"),
        pytest.param({"contract": {"path": "/"}, "load": {"qps": 1, "p99": "1s"}}, id="a load of nothing"),
        pytest.param({"requests": [{"name": "a", "path": "v2"}]}, id="a path without its slash"),
        pytest.param({"requests": [{"name": "a", "path": "/", "expect": {"min": 1}}]}, id="a bound on nothing"),
    ],
)
def test_what_is_no_preflight(spec: dict[str, Any]):
    with pytest.raises(ValidationError):
        Preflight.model_validate(spec)
