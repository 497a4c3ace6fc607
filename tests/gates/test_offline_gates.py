"""What a number must be to pass."""

import math

import pytest
from pydantic import ValidationError

from kanaria.gates.change import Change
from kanaria.gates.kind import NumberGate
from kanaria.gates.threshold import Threshold
from kanaria.vocabulary import Verdict


@pytest.mark.parametrize(
    ("gate", "value", "baseline", "verdict"),
    [
        pytest.param(Threshold(min=0.9), 0.9, None, Verdict.PASSED, id="exactly the least"),
        pytest.param(Threshold(min=0.9), 0.8999, None, Verdict.FAILED, id="below the least"),
        pytest.param(Threshold(max=0.1), 0.1, None, Verdict.PASSED, id="exactly the most"),
        pytest.param(Threshold(max=0.1), 0.11, None, Verdict.FAILED, id="above the most"),
        pytest.param(Threshold(min=0, max=1), 0.5, None, Verdict.PASSED, id="between"),
        pytest.param(Threshold(min=0), -0.1, None, Verdict.FAILED, id="a bound of zero is a bound"),
        pytest.param(Threshold(min=0.9), None, None, Verdict.UNMEASURED, id="not logged"),
        pytest.param(Threshold(min=0.9), math.nan, None, Verdict.FAILED, id="no number"),
        pytest.param(Threshold(max=1), math.inf, None, Verdict.FAILED, id="without end"),
        pytest.param(Change(), 0.9, 0.9, Verdict.PASSED, id="the same"),
        pytest.param(Change(), 0.89, 0.9, Verdict.FAILED, id="worse"),
        pytest.param(Change(), 0.9, None, Verdict.PASSED, id="nothing to compare"),
        pytest.param(Change(), None, 0.9, Verdict.UNMEASURED, id="change of what was not logged"),
        pytest.param(Change(), math.nan, 0.9, Verdict.FAILED, id="change to no number"),
        pytest.param(Change(min_absolute_change=-0.02), 0.88, 0.9, Verdict.PASSED, id="as much worse as allowed"),
        pytest.param(Change(min_absolute_change=-0.02), 0.87, 0.9, Verdict.FAILED, id="more worse than allowed"),
        pytest.param(Change(min_absolute_change=0.01), 0.905, 0.9, Verdict.FAILED, id="not better enough"),
        pytest.param(Change(greater_is_better=False), 0.2, 0.1, Verdict.FAILED, id="a greater loss"),
        pytest.param(Change(greater_is_better=False), 0.05, 0.1, Verdict.PASSED, id="a smaller loss"),
        pytest.param(Change(min_relative_change=0.1), 0.98, 0.9, Verdict.FAILED, id="a share too small"),
        pytest.param(Change(min_relative_change=0.1), 1.0, 0.9, Verdict.PASSED, id="a share large enough"),
        pytest.param(Change(min_relative_change=-0.1), -1.05, -1.0, Verdict.PASSED, id="shares of negative numbers"),
    ],
)
def test_the_verdict(gate: NumberGate, value: float | None, baseline: float | None, verdict: Verdict):
    assert gate.judge("m", value, baseline).verdict is verdict


def test_the_sentence_names_metric_value_and_bound():
    assert Threshold(min=0.9).judge("auc", 0.85, None).sentence == "auc is 0.85, below the least of 0.9"
    told = Change().judge("auc", 0.85, 0.9).sentence
    assert told == "auc is 0.85, stable has 0.9: a change of -0.05 where at least +0 is asked"


def test_a_threshold_without_a_bound_is_refused():
    with pytest.raises(ValidationError, match="threshold needs min or max"):
        Threshold()
