"""What is asked of a metric server for a candidate and for the stable model."""

from datetime import timedelta

import pytest
from pydantic import ValidationError

from kanaria.api import MetricPolicy
from kanaria.sources.kind import Arm, Arms
from kanaria.sources.prometheus import Prometheus
from kanaria.vocabulary import QueriesAsked

ARMS = Arms(
    "cellar",
    "wine",
    candidate=Arm("8", "wine-v8-1f2e3-predictor", "httproute/cellar/wine/rule/0/backend/1"),
    stable=Arm("7", "wine-v7-0a0b0-predictor", "httproute/cellar/wine/rule/0/backend/0"),
)
EVERY = timedelta(seconds=30)


def a_source(query: str) -> Prometheus:
    return Prometheus.model_validate({"serverRef": {"name": "main"}, "query": query})


@pytest.mark.parametrize(
    ("query", "candidate", "stable"),
    [
        pytest.param("up", "up", "up", id="no variable"),
        pytest.param(
            'rate(x{ns="{{namespace}}",service="{{variant}}"}[5m])',
            'rate(x{ns="cellar",service="wine-v8-1f2e3-predictor"}[5m])',
            'rate(x{ns="cellar",service="wine-v7-0a0b0-predictor"}[5m])',
            id="PromQL's own braces stay",
        ),
        pytest.param(
            '{v="{{ version }}",d="{{deployment}}"}', '{v="8",d="wine"}', '{v="7",d="wine"}', id="with spaces"
        ),
        pytest.param(
            "x{c='{{backend}}'}", f"x{{c='{ARMS.candidate.backend}'}}", f"x{{c='{ARMS.stable.backend}'}}", id="c"
        ),
    ],
)
def test_variables_stand_for_the_model_that_is_measured(query: str, candidate: str, stable: str):
    assert a_source(query).ask(ARMS, EVERY, compared=True) == QueriesAsked(EVERY, "main", "cellar", candidate, stable)
    assert a_source(query).ask(ARMS, EVERY, compared=False) == QueriesAsked(EVERY, "main", "cellar", candidate)


@pytest.mark.parametrize("name", ["candidat", "", "args.service"])
def test_an_unknown_variable_is_told_with_those_there_are(name: str):
    with pytest.raises(ValidationError, match=r"is no variable; known are: \{\{namespace\}\}, .*\{\{backend\}\}"):
        a_source(f'x{{s="{{{{{name}}}}}"}}')


def a_metric(**fields: object) -> dict[str, object]:
    return {"name": "m", **fields}


PROMETHEUS = {"prometheus": {"serverRef": {"name": "main"}, "query": "up"}, "threshold": {"min": 1}}


@pytest.mark.parametrize(
    ("metric", "said"),
    [
        pytest.param(
            a_metric(mlflow={"key": "auc"}, threshold={"min": 1}, failureLimit=2),
            "failureLimit is for metrics that are measured while a candidate has traffic",
            id="limits of an offline metric",
        ),
        pytest.param(
            a_metric(counter={}, sequential={}, interval="30s"), "interval is for metrics", id="a counter has its own"
        ),
        pytest.param(a_metric(**PROMETHEUS, interval="1s"), "interval must be 5s or more, it is 1s", id="too often"),
        pytest.param(a_metric(**PROMETHEUS, failureLimit=-2), "greater than or equal to -1", id="an unknown limit"),
        pytest.param(
            a_metric(**PROMETHEUS | {"threshold": {"max": 2, "failAbove": 1}}),
            "failAbove must not be below max",
            id="fails what passes",
        ),
        pytest.param(
            a_metric(**PROMETHEUS | {"threshold": {"max": 2, "failBelow": 1}}), "failBelow", id="fails below no least"
        ),
    ],
)
def test_a_metric_that_makes_no_sense_is_told(metric: dict[str, object], said: str):
    with pytest.raises(ValidationError, match=said):
        MetricPolicy.read({"metadata": {"name": "p"}, "spec": {"metrics": [metric]}})
