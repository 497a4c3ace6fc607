"""The sequential test keeps its promise exactly, and says what it proves."""

import math
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kanaria.judge.counts import Counts, Window
from kanaria.judge.evidence import Evidence, nothing_seen, observe
from kanaria.judge.rate import log_evidence_below
from kanaria.judge.sequential import SequentialTest, log_better, log_worse, verdict
from kanaria.vocabulary import Verdict

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
PLAIN = SequentialTest(dispersion=1)
AT_PAR = SequentialTest(rollback_above=1, promote_below=1, dispersion=1)


def counts(most: int = 500) -> st.SearchStrategy[Counts]:
    return st.integers(1, most).flatmap(lambda total: st.integers(0, total).map(lambda bad: Counts(total, bad)))


pairs_of_counts = st.lists(st.tuples(counts(), counts()), min_size=1, max_size=8)


def windows(pairs: list[tuple[Counts, Counts]]) -> Iterator[Window]:
    for minute, (candidate, stable) in enumerate(pairs):
        yield Window(NOON + minute * MINUTE, NOON + (minute + 1) * MINUTE, candidate, stable)


def seen(*pairs: tuple[tuple[int, int], tuple[int, int]], test: SequentialTest = PLAIN) -> Evidence:
    evidence = nothing_seen(test.grid)
    for window in windows([(Counts(*candidate), Counts(*stable)) for candidate, stable in pairs]):
        evidence = observe(evidence, window)
    return evidence


def hypergeometric(candidate: int, stable: int, bad: int) -> Iterator[tuple[int, float]]:
    """How likely the candidate has k of the bad requests when both arms are equally good."""
    for k in range(max(0, bad - stable), min(bad, candidate) + 1):
        yield k, math.comb(candidate, k) * math.comb(stable, bad - k) / math.comb(candidate + stable, bad)


@pytest.mark.parametrize("arms", [(1, 1), (1, 9), (5, 5), (3, 30), (30, 3), (20, 180)], ids=str)
@pytest.mark.parametrize("strength", [log_worse, log_better], ids=["worse", "better"])
def test_the_mean_of_the_evidence_is_at_most_one_when_both_arms_are_equal(
    arms: tuple[int, int], strength: Callable[[Evidence], float]
) -> None:
    n1, n0 = arms
    for bad in range(1, min(n1 + n0, 25) + 1):
        mean = math.fsum(
            chance * math.exp(strength(seen(((n1, k), (n0, bad - k)), test=AT_PAR)))
            for k, chance in hypergeometric(n1, n0, bad)
        )
        assert mean <= 1 + 1e-9


def test_two_windows_whose_split_depends_on_the_first_keep_the_promise() -> None:
    mean = 0.0
    for k, chance in hypergeometric(4, 12, 5):
        second_arms = (20, 4) if k > 1 else (2, 30)  # whoever sets the weight has seen the first window
        for j, next_chance in hypergeometric(*second_arms, 6):
            evidence = seen(((4, k), (12, 5 - k)), ((second_arms[0], j), (second_arms[1], 6 - j)), test=AT_PAR)
            mean += chance * next_chance * math.exp(log_worse(evidence))

    assert mean <= 1 + 1e-9


@given(st.integers(1, 200), st.integers(1, 200), st.integers(1, 60))
def test_more_of_the_same_bad_requests_on_the_candidate_is_more_evidence_against_it(n1: int, n0: int, bad: int) -> None:
    found = [
        (log_worse(evidence), -log_better(evidence))
        for evidence in (seen(((n1, k), (n0, bad - k))) for k in range(max(0, bad - n0), min(bad, n1) + 1))
    ]

    assert all(fewer[0] < more[0] and fewer[1] < more[1] for fewer, more in pairwise(found))


@given(pairs_of_counts)
def test_a_window_counts_once(pairs: list[tuple[Counts, Counts]]) -> None:
    once = twice = nothing_seen(PLAIN.grid)
    for window in windows(pairs):
        once = observe(once, window)
        twice = observe(observe(twice, window), window)

    assert once == twice


def test_a_window_that_overlaps_a_counted_one_changes_nothing() -> None:
    evidence = seen(((100, 5), (900, 9)))
    overlap = Window(NOON + MINUTE / 2, NOON + 3 * MINUTE / 2, Counts(50, 50), Counts(50, 0))

    assert observe(evidence, overlap) is evidence


@given(pairs_of_counts, st.randoms(use_true_random=False))
def test_the_order_of_windows_does_not_matter(pairs: list[tuple[Counts, Counts]], random: Random) -> None:
    shuffled = random.sample(pairs, len(pairs))
    straight, mixed = nothing_seen(PLAIN.grid), nothing_seen(PLAIN.grid)
    for one, other in zip(windows(pairs), windows(shuffled), strict=True):
        straight, mixed = observe(straight, one), observe(mixed, other)

    assert mixed.likelihood == pytest.approx(straight.likelihood)
    assert (mixed.candidate, mixed.stable, mixed.windows) == (straight.candidate, straight.stable, straight.windows)


def test_requests_without_a_bad_one_are_counted_and_prove_no_ratio() -> None:
    evidence = seen(((1000, 0), (9000, 0)))

    assert evidence.candidate == Counts(1000, 0)
    assert evidence.ratio is None
    assert log_worse(evidence) == log_better(evidence) == pytest.approx(0)


def test_the_ratio_seen_is_weighed_window_by_window() -> None:
    evidence = seen(((100, 2), (1900, 19)), ((1000, 60), (1000, 30)))  # pooled over all it would be 2.9

    assert evidence.ratio == pytest.approx(2.0, abs=0.01)


@pytest.mark.parametrize(
    ("pair", "test", "metrics", "expected"),
    [
        pytest.param(((300, 30), (2700, 27)), PLAIN, 1, Verdict.FAILED, id="ten times worse"),
        pytest.param(((3000, 30), (27000, 270)), PLAIN, 1, Verdict.INCONCLUSIVE, id="equal, few"),
        pytest.param(((30000, 300), (270000, 2700)), PLAIN, 1, Verdict.PASSED, id="equal, many"),
        pytest.param(((6000, 60), (54000, 540)), PLAIN, 1, Verdict.PASSED, id="good enough at beta"),
        pytest.param(((6000, 60), (54000, 540)), PLAIN, 20, Verdict.PASSED, id="beta is not shared out"),
        pytest.param(((6000, 60), (54000, 540)), SequentialTest(), 1, Verdict.INCONCLUSIVE, id="not yet good enough"),
        pytest.param(((300, 11), (2700, 27)), PLAIN, 1, Verdict.FAILED, id="worse at alpha"),
        pytest.param(((300, 11), (2700, 27)), PLAIN, 20, Verdict.INCONCLUSIVE, id="not at alpha/20"),
        pytest.param(((300, 11), (2700, 27)), SequentialTest(), 1, Verdict.INCONCLUSIVE, id="not at dispersion 2"),
        pytest.param(
            ((300, 11), (2700, 27)), SequentialTest(rollback_above=2, promote_below=3, dispersion=1), 1,
            Verdict.INCONCLUSIVE, id="worse, within what is tolerated",
        ),
        pytest.param(
            ((4000, 0), (36000, 0)), SequentialTest(accept_below=0.001, dispersion=1), 1, Verdict.PASSED,
            id="no bad request at all",
        ),
        pytest.param(
            ((10**6, 100), (9 * 10**6, 90)), SequentialTest(accept_below=0.001, dispersion=1), 1, Verdict.FAILED,
            id="rare enough, yet worse: back",
        ),
        pytest.param(
            ((10**6, 130), (10**6, 100)), SequentialTest(promote_below=3, dispersion=1), 1,
            Verdict.PASSED, id="perhaps a little worse, within what may pass",
        ),
        pytest.param(
            ((10**6, 2000), (10**6, 1000)), SequentialTest(promote_below=3, dispersion=1), 1, Verdict.FAILED,
            id="proven worse and proven below what may pass: back",
        ),
    ],
)  # fmt: skip
def test_a_verdict_says_what_is_proven(
    pair: tuple[tuple[int, int], tuple[int, int]], test: SequentialTest, metrics: int, expected: Verdict
) -> None:
    assert verdict(seen(pair, test=test), test, metrics).verdict is expected


def test_nothing_seen_is_inconclusive() -> None:
    assert verdict(nothing_seen(PLAIN.grid), PLAIN).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(("dispersion", "needed"), [(1.0, 3100), (2.0, 6100)])
def test_a_candidate_without_a_bad_request_passes_after_about_three_over_the_bound(
    dispersion: float, needed: int
) -> None:
    test = SequentialTest(accept_below=0.001, dispersion=dispersion)

    found = [verdict(seen(((total, 0), (9000, 0)), test=test), test).verdict for total in (needed - 200, needed + 200)]

    assert found == [Verdict.INCONCLUSIVE, Verdict.PASSED]


@pytest.mark.parametrize("rate", [0.1, 0.2, 0.5, 1.0])
def test_the_mean_of_the_rate_evidence_is_at_most_one_at_and_above_the_bound(rate: float) -> None:
    total = 60

    mean = math.fsum(
        math.comb(total, bad)
        * rate**bad
        * (1 - rate) ** (total - bad)
        * math.exp(log_evidence_below(0.1, Counts(total, bad)))
        for bad in range(total + 1)
    )

    assert mean <= 1 + 1e-9
    assert mean == pytest.approx(1) or rate > 0.1  # exactly one at the bound: nothing is given away


@given(counts(5000))
def test_one_more_bad_request_never_helps_to_pass(counted: Counts) -> None:
    if counted.bad < counted.total:
        worse = Counts(counted.total, counted.bad + 1)

        assert log_evidence_below(0.01, worse) < log_evidence_below(0.01, counted)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        pytest.param({"rollback_above": 0}, "rate ratios", id="ratio of zero"),
        pytest.param({"promote_below": -1}, "rate ratios", id="negative ratio"),
        pytest.param({"accept_below": 0}, "share of requests", id="rate of zero"),
        pytest.param({"accept_below": 5}, "share of requests", id="a percentage for a share"),
        pytest.param({"alpha": 0}, "between 0 and 1", id="never wrong"),
        pytest.param({"beta": 1}, "between 0 and 1", id="always wrong"),
        pytest.param({"dispersion": 0.5}, "cannot be less", id="steadier than chance"),
    ],
)
def test_a_test_that_cannot_be_made_is_refused_with_a_remedy(fields: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        SequentialTest(**fields)
