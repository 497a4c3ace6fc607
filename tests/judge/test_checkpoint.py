"""A checkpoint is small, and taking one up never proves what was not proven."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kanaria.judge.checkpoint import Unusable, checkpoint, restore
from kanaria.judge.counts import Counts, Window
from kanaria.judge.evidence import Evidence, nothing_seen, observe
from kanaria.judge.interval import ratio_interval
from kanaria.judge.sequential import SequentialTest, log_better, log_worse, verdict
from kanaria.vocabulary import Verdict

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
TEST = SequentialTest(accept_below=0.001)


def seen(pairs: list[tuple[int, int, int, int]]) -> Evidence:
    evidence = nothing_seen(TEST.grid)
    for minute, (n1, e1, n0, e0) in enumerate(pairs):
        start = NOON + minute * MINUTE
        evidence = observe(evidence, Window(start, start + MINUTE, Counts(n1 + e1, e1), Counts(n0 + e0, e0)))
    return evidence


numbers = st.integers(0, 10_000)
histories = st.lists(st.tuples(st.integers(1, 10_000), numbers, st.integers(1, 10_000), numbers), max_size=6)


def taken_up(evidence: Evidence) -> Evidence:
    found = restore(json.loads(json.dumps(checkpoint(evidence))), TEST)
    assert isinstance(found, Evidence)
    return found


@given(histories.map(seen))
def test_what_is_taken_up_proves_as_much_within_rounding_and_never_more(evidence: Evidence) -> None:
    restored = taken_up(evidence)

    for strength in (log_worse, log_better):
        assert strength(restored) <= strength(evidence) + 1e-9
        assert strength(restored) == pytest.approx(strength(evidence), abs=0.0021)


@given(histories.map(seen))
def test_everything_else_survives(evidence: Evidence) -> None:
    restored = taken_up(evidence)

    assert (restored.candidate, restored.stable) == (evidence.candidate, evidence.stable)
    assert (restored.windows, restored.last_end) == (evidence.windows, evidence.last_end)
    assert restored.weighted_candidate == pytest.approx(evidence.weighted_candidate, abs=0.001)
    assert restored.weighted_stable == pytest.approx(evidence.weighted_stable, abs=0.001)


@given(histories.map(seen))
def test_a_second_checkpoint_of_what_was_taken_up_is_the_same(evidence: Evidence) -> None:
    restored = taken_up(evidence)

    assert checkpoint(taken_up(restored)) == checkpoint(restored)


def test_evidence_a_hair_below_an_alarm_stays_below_it_through_a_thousand_restarts() -> None:
    evidence = seen([(300, 11, 2700, 27)])
    strength = log_worse(evidence) / TEST.dispersion
    test = replace(TEST, alpha=2.718281828459045 ** -(strength + 1e-9))

    for _ in range(1000):
        evidence = taken_up(evidence)

    assert verdict(evidence, test).verdict is Verdict.INCONCLUSIVE


def test_an_interval_hardly_moves() -> None:
    evidence = seen([(300, 11, 2700, 27), (3000, 64, 27000, 280)])
    before, after = ratio_interval(evidence, TEST), ratio_interval(taken_up(evidence), TEST)

    assert (after.lower, after.upper) == (pytest.approx(before.lower, rel=0.01), pytest.approx(before.upper, rel=0.01))


def test_a_window_counted_before_the_restart_is_not_counted_again() -> None:
    evidence = taken_up(seen([(300, 11, 2700, 27)]))

    assert observe(evidence, Window(NOON, NOON + MINUTE, Counts(300, 300), Counts(1, 0))) == evidence


def test_a_checkpoint_of_a_very_long_and_busy_trial_fits_into_a_kibibyte() -> None:
    evidence = seen([(10**10, 10**9, 10**11, 10**7)] * 3)

    assert len(json.dumps(checkpoint(replace(evidence, windows=10**6)))) <= 1024


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param({"version": 2}, "version 2", id="a later version"),
        pytest.param({"promoteBelow": "2.0"}, "were (1.0, 2.0) and are (1.0, 1.5)", id="other bounds"),
        pytest.param({"logLikelihood": [0]}, "holds 1 likelihoods", id="another grid"),
        pytest.param({"logLikelihood": "x"}, "cannot be read", id="not numbers"),
        pytest.param({"candidate": [1, 2]}, "cannot be read", id="more bad than all"),
        pytest.param({"candidate": ["1", "2"]}, "cannot be read", id="strings for counts"),
        pytest.param({"weighted": [1]}, "cannot be read", id="one sum of two"),
        pytest.param({"lastWindowEnd": "yesterday"}, "cannot be read", id="no date"),
        pytest.param({"lastWindowEnd": "2026-01-01T00:00:00"}, "no time zone", id="no time zone"),
    ],
)
def test_a_checkpoint_that_does_not_fit_begins_anew_and_says_why(change: dict[str, Any], message: str) -> None:
    found = restore(checkpoint(seen([(300, 11, 2700, 27)])) | change, TEST)

    assert isinstance(found, Unusable)
    assert message in found.message


def test_an_empty_document_begins_anew() -> None:
    assert isinstance(restore({}, TEST), Unusable)
