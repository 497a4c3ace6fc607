"""What a number must be beside one of the same run, and how sure the difference must be."""

import math

import pytest
from pydantic import ValidationError

from kanaria.api import MetricPolicy
from kanaria.gates.change import Change
from kanaria.vocabulary import PairedScores, Verdict

SURE = Change(baseline="champion", confidence=0.95, min_absolute_change=-0.01)
LOSS = Change(baseline="champion", confidence=0.95, greater_is_better=False)


def scores(low: float, high: float, candidate: float = 0.9, champion: float = 0.89) -> PairedScores:
    return PairedScores(1000, candidate, champion, low, high)


@pytest.mark.parametrize(
    ("gate", "found", "verdict"),
    [
        pytest.param(SURE, scores(-0.009, 0.02), Verdict.PASSED, id="sure enough, as much worse as allowed"),
        pytest.param(SURE, scores(-0.01, 0.02), Verdict.PASSED, id="exactly at the bound"),
        pytest.param(SURE, scores(-0.02, 0.03), Verdict.INCONCLUSIVE, id="better, and not sure"),
        pytest.param(SURE, scores(-0.05, -0.02), Verdict.FAILED, id="surely worse"),
        pytest.param(LOSS, scores(-0.02, -0.001, 0.3, 0.31), Verdict.PASSED, id="a loss that surely fell"),
        pytest.param(LOSS, scores(0.001, 0.02, 0.32, 0.31), Verdict.FAILED, id="a loss that surely rose"),
        pytest.param(LOSS, scores(-0.01, 0.002, 0.3, 0.31), Verdict.INCONCLUSIVE, id="a loss, and not sure"),
    ],
)
def test_a_difference_must_be_sure(gate: Change, found: PairedScores, verdict: Verdict):
    assert gate.judge_pairs("m", found).verdict is verdict


def test_the_sentence_tells_both_numbers_the_rows_and_how_sure_it_is():
    told = SURE.judge_pairs("acc", scores(-0.02, 0.03))

    assert told.sentence == (
        "acc is 0.9, champion has 0.89 on the same 1000 rows: a change of +0.01, 95 % sure to be at least -0.02 and at "
        "most +0.03; at least -0.01 is asked, which more rows may prove"
    )
    assert (told.value, told.baseline) == (0.9, 0.89)


def test_another_metric_of_the_run_is_named():
    gap = Change(baseline="metric", baseline_key="train_accuracy", min_absolute_change=-0.05)

    told = gap.judge("test_accuracy", 0.9, 0.99)

    assert told.verdict is Verdict.FAILED
    assert told.sentence.startswith("test_accuracy is 0.9, train_accuracy has 0.99: a change of -0.09")


def test_a_baseline_that_is_no_number_proves_nothing():
    assert Change().judge("m", 0.9, math.nan).verdict is Verdict.UNMEASURED


@pytest.mark.parametrize(
    ("change", "source", "said"),
    [
        pytest.param({"baseline": "metric"}, {"mlflow": {"key": "m"}}, "baselineKey goes with", id="no key"),
        pytest.param({"baselineKey": "other"}, {"mlflow": {"key": "m"}}, "baselineKey goes with", id="a key alone"),
        pytest.param({"confidence": 0.95}, {"mlflow": {"key": "m"}}, "needs baseline: champion", id="unpaired"),
        pytest.param(
            {"baseline": "champion"},
            {"web": {"url": "http://a/b"}},
            "metric 'm': change with baseline: champion compares what one MLflow run logged; web is none",
            id="while requests come in",
        ),
        pytest.param({}, {"mlflow": {"key": "m/*"}}, "names many metrics, which only slices judges", id="many metrics"),
    ],
)
def test_what_cannot_be_compared_is_refused(change: dict, source: dict, said: str):
    metric = {"name": "m", "change": change, **source}

    with pytest.raises(ValidationError, match=said):
        MetricPolicy.parse({"metadata": {"name": "p", "namespace": "n"}, "spec": {"metrics": [metric]}})
