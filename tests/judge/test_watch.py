"""The watch over a stable model finds what got worse, tells when it is well again, and seldom cries for nothing."""

import json
import math
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kanaria.judge.counts import Counts
from kanaria.judge.watch import BETTER, WORSE, Watched, WatchTest, document_of, log_ratio, watch, watched_of
from kanaria.vocabulary import Verdict

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
STEP = timedelta(seconds=15)
MONTH = WatchTest(promote_below=1.5, accept_below=None, windows_between_alarms=172_800)
SHORT = WatchTest(promote_below=1.5, accept_below=None, windows_between_alarms=100)


class Story:
    """One model's windows, one after the other."""

    def __init__(self, test: WatchTest, seed: int = 0, seen: Watched | None = None) -> None:
        self.test, self.random = test, np.random.default_rng(seed)
        self.seen, self.windows = seen or Watched("v7"), 0

    def goes_on(self, windows: int, rate: float, requests: int = 750) -> "Story":
        for _ in range(windows):
            self.windows += 1
            counted = Counts(requests, int(self.random.binomial(requests, rate)))
            self.seen = watch(self.seen, self.test, NOON + self.windows * STEP, counted, dispersion=1)
        return self

    def until_worse(self, rate: float, at_most: int = 5000, requests: int = 750) -> int:
        for window in range(1, at_most + 1):
            if self.goes_on(1, rate, requests).seen.worse:
                return window
        return at_most


def test_the_usual_rate_is_learned_first_and_then_fixed() -> None:
    story = Story(MONTH).goes_on(19, 0.01)
    learning = story.seen.verdict
    bound = story.goes_on(1, 0.01).seen.bound

    assert learning is Verdict.INCONCLUSIVE
    assert story.seen.verdict is Verdict.PASSED
    assert bound is not None
    assert 0.015 <= bound <= 0.022
    assert story.goes_on(300, 0.012).seen.bound == bound


@pytest.mark.parametrize(("rate", "within"), [(0.05, 4), (0.03, 12)], ids=["five times", "three times"])
def test_a_model_that_gets_worse_is_found_within_minutes(rate: float, within: int) -> None:
    delays = [Story(MONTH, seed).goes_on(40, 0.01).until_worse(rate) for seed in range(30)]

    assert np.median(delays) <= within


def test_it_is_told_with_numbers_and_since_when() -> None:
    story = Story(MONTH).goes_on(40, 0.01)
    story.until_worse(0.06)

    assert story.seen.verdict is Verdict.FAILED
    assert "errors: at most 1." in story.seen.sentence("errors")
    assert "% is usual; now " in story.seen.sentence("errors")
    assert "since 2026-01-01 12:10 UTC" in story.seen.sentence("errors")


def test_one_that_is_as_it_was_again_has_recovered() -> None:
    story = Story(MONTH).goes_on(40, 0.01)
    story.until_worse(0.06)

    assert story.goes_on(10, 0.06).seen.verdict is Verdict.FAILED
    assert story.goes_on(40, 0.01).seen.verdict is Verdict.PASSED
    assert "again" in story.seen.sentence("errors")


@pytest.mark.parametrize("share", [*WORSE, *BETTER])
@given(bound=st.floats(0.0005, 0.5), off=st.floats(0, 1), total=st.integers(1, 60))
@settings(max_examples=20)
def test_the_mean_of_a_windows_factor_is_at_most_one(share: float, bound: float, off: float, total: int) -> None:
    """Worse: for every rate up to the bound. Better: for every rate from it on."""
    share = min(share, 0.99 / bound)
    rate = bound * off if share > 1 else bound + (1 - bound) * off
    mean = math.fsum(
        math.comb(total, bad) * rate**bad * (1 - rate) ** (total - bad) * math.exp(ratio)
        for bad in range(total + 1)
        if (ratio := log_ratio(share, bound, Counts(total, bad))) > -math.inf
    )

    assert mean <= 1 + 1e-9


def test_the_mean_time_between_false_alarms_is_kept() -> None:
    """At the very bound, where it is shortest; over 100 windows are promised."""
    at_bound = Watched("v7", windows=20, learned=Counts(10_000, 100), bound=0.02)
    runs = [Story(SHORT, seed, at_bound).until_worse(0.02, at_most=600, requests=200) for seed in range(25)]

    assert np.mean(runs) >= 100


def test_a_window_without_requests_or_counted_before_changes_nothing() -> None:
    seen = Story(MONTH).goes_on(40, 0.01).seen

    assert watch(seen, MONTH, NOON + 41 * STEP, Counts(0, 0), 1) == seen
    assert watch(seen, MONTH, NOON + 40 * STEP, Counts(750, 750), 1) == seen


def test_an_accepted_rate_is_never_called_worse() -> None:
    lenient = WatchTest(promote_below=1.5, accept_below=0.05, windows_between_alarms=172_800)

    assert Story(lenient).goes_on(40, 0.001).goes_on(400, 0.045).seen.verdict is Verdict.PASSED


def test_what_is_kept_is_enough_to_go_on_and_small() -> None:
    story = Story(MONTH).goes_on(40, 0.01)
    story.until_worse(0.06)
    document = json.dumps(document_of(story.seen))
    again = watched_of(json.loads(document))

    assert again is not None
    assert (again.model, again.bound, again.verdict) == ("v7", story.seen.bound, Verdict.FAILED)
    assert len(document) <= 512
    assert watched_of({"model": "v7"}) is None


@given(st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 2000)), max_size=40), st.floats(1, 20))
@settings(max_examples=30)
def test_whatever_is_counted_the_state_stays_finite(counts: list[tuple[int, int]], dispersion: float) -> None:
    seen = Watched("v7")
    for window, pair in enumerate(counts):
        seen = watch(seen, SHORT, NOON + window * STEP, Counts(max(pair), min(pair)), dispersion)

    assert all(log < math.inf for log in seen.logs)
    assert seen.bound is None or 0 < seen.bound <= 0.9
    assert seen.sentence("errors")
