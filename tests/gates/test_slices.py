"""What a metric must be on every part of the data."""

import math

import pytest
from pydantic import ValidationError

from kanaria.api import MetricPolicy
from kanaria.gates.slices import SliceBounds, Slices
from kanaria.sources.mlflow import Mlflow
from kanaria.vocabulary import Verdict

KEY = "acc/region/*"
LEAST = Slices(threshold=SliceBounds(min=0.85))
MOST = Slices(threshold=SliceBounds(max=0.2))
EVEN = Slices(max_spread=0.05)
LARGE = Slices(threshold=SliceBounds(min=0.85), min_slice_size=100, size_key="rows/region/*")


@pytest.mark.parametrize(
    ("gate", "values", "sizes", "verdict"),
    [
        pytest.param(LEAST, {"eu": 0.85, "us": 0.9}, {}, Verdict.PASSED, id="exactly the least"),
        pytest.param(LEAST, {"eu": 0.84, "us": 0.9}, {}, Verdict.FAILED, id="one below"),
        pytest.param(MOST, {"eu": 0.1, "us": 0.3}, {}, Verdict.FAILED, id="one above"),
        pytest.param(LEAST, {}, {}, Verdict.UNMEASURED, id="none logged"),
        pytest.param(LEAST, {"eu": math.nan, "us": 0.9}, {}, Verdict.FAILED, id="no number"),
        pytest.param(EVEN, {"eu": 0.85, "us": 0.9}, {}, Verdict.PASSED, id="as far apart as allowed"),
        pytest.param(EVEN, {"eu": 0.84, "us": 0.9}, {}, Verdict.FAILED, id="too far apart"),
        pytest.param(EVEN, {"eu": 0.84}, {}, Verdict.INCONCLUSIVE, id="one slice is not apart from any"),
        pytest.param(LARGE, {"eu": 0.9, "us": 0.5}, {"eu": 100, "us": 99}, Verdict.PASSED, id="bad, but small"),
        pytest.param(LARGE, {"eu": 0.5, "us": 0.9}, {"eu": 100, "us": 99}, Verdict.FAILED, id="bad, and large"),
        pytest.param(LARGE, {"eu": 0.9, "us": 0.9}, {"eu": 9, "us": 9}, Verdict.INCONCLUSIVE, id="all small"),
        pytest.param(LARGE, {"eu": 0.9, "us": 0.9}, {"eu": 900}, Verdict.UNMEASURED, id="of unknown size"),
        pytest.param(LARGE, {"eu": 0.9, "us": 0.9}, {"eu": 900, "us": math.nan}, Verdict.PASSED, id="a size of NaN"),
    ],
)
def test_the_verdict_on_slices(gate: Slices, values: dict, sizes: dict, verdict: Verdict):
    assert gate.judge(KEY, values, sizes).verdict is verdict


def test_the_worst_slices_are_named_first_and_not_all_of_them():
    values = {f"r{number}": 0.5 + number / 100 for number in range(8)}

    told = LEAST.judge(KEY, values, {})

    assert told.sentence.startswith("acc/region/*: r0 is 0.5, below the least of 0.85; r1 is 0.51, below")
    assert told.sentence.endswith("; and 3 more")
    assert told.value == 0.5


def test_what_passed_tells_the_spread_and_what_was_left_out():
    told = LARGE.judge(KEY, {"eu": 0.9, "mars": 0.1, "us": 0.95}, {"eu": 200, "mars": 3, "us": 300})

    assert told.sentence == (
        "acc/region/*: 2 slices from 0.9 (eu) to 0.95 (us); not judged, of fewer than 100 rows: mars"
    )


def test_slices_are_found_by_the_key_and_their_sizes_by_the_other():
    logged = {"acc/region/eu": 0.9, "acc/region/eu/fr": 0.1, "acc": 0.8, "rows/region/eu": 120.0}
    source = Mlflow.model_validate({"key": KEY})

    values = source.slices(logged)

    assert (values, LARGE.sizes(values, logged)) == ({"eu": 0.9}, {"eu": 120.0})


@pytest.mark.parametrize(
    ("slices", "key", "said"),
    [
        pytest.param({}, KEY, "slices needs threshold or maxSpread", id="nothing is asked"),
        pytest.param({"threshold": {}}, KEY, "slices.threshold needs min or max", id="no bound"),
        pytest.param({"maxSpread": 1, "minSliceSize": 9}, KEY, "minSliceSize goes with sizeKey", id="no size"),
        pytest.param({"maxSpread": 1, "minSliceSize": 9, "sizeKey": "rows"}, KEY, "sizeKey needs one", id="no star"),
        pytest.param({"maxSpread": 1}, "acc", "slices needs one", id="one metric alone"),
    ],
)
def test_slices_that_ask_nothing_are_refused(slices: dict, key: str, said: str):
    metric = {"name": "m", "mlflow": {"key": key}, "slices": slices}

    with pytest.raises(ValidationError, match=said):
        MetricPolicy.parse({"metadata": {"name": "p", "namespace": "n"}, "spec": {"metrics": [metric]}})
