"""The distances keep the laws that their formulas promise, and tell a shift from none."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kanaria.judge.drift import (
    Method,
    distance,
    distances,
    jensen_shannon,
    kolmogorov_smirnov,
    l_infinity,
    psi,
    shares,
)
from kanaria.judge.profile import ColumnProfile, Profile

weights = st.lists(st.integers(0, 1000), min_size=2, max_size=12).filter(any)
METHODS: tuple[Method, ...] = ("psi", "ks", "linf", "js")


def normed(counts: list[int]) -> list[float]:
    return [count / sum(counts) for count in counts]


@st.composite
def pairs(draw: st.DrawFn) -> tuple[list[float], list[float]]:
    one = draw(weights)
    other = draw(st.lists(st.integers(0, 1000), min_size=len(one), max_size=len(one)).filter(any))
    return normed(one), normed(other)


@given(pairs())
def test_distances_of_shares_are_never_negative_and_the_same_both_ways(both: tuple[list[float], list[float]]) -> None:
    p, q = both

    for of in (psi, l_infinity, jensen_shannon):
        assert of(p, q) >= 0
        assert of(p, q) == pytest.approx(of(q, p), abs=1e-12)
        assert of(p, p) == 0


@given(pairs())
def test_linf_and_js_lie_within_one(both: tuple[list[float], list[float]]) -> None:
    p, q = both

    assert l_infinity(p, q) <= 1 + 1e-12
    assert jensen_shannon(p, q) <= 1 + 1e-12


def test_values_known_by_hand() -> None:
    assert psi([0.5, 0.5], [0.25, 0.75]) == pytest.approx(-0.25 * math.log(0.5) + 0.25 * math.log(1.5))
    assert l_infinity([0.5, 0.5], [0.25, 0.75]) == 0.25
    assert jensen_shannon([1, 0], [0, 1]) == pytest.approx(1.0)
    assert kolmogorov_smirnov([1, 2, 3, 4], [3, 4, 5, 6]) == 0.5


numbers = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=50).map(sorted)


@given(numbers, numbers)
def test_ks_lies_within_one_and_heeds_only_the_order(one: list[float], other: list[float]) -> None:
    found = kolmogorov_smirnov(one, other)

    assert 0 <= found <= 1
    assert found == kolmogorov_smirnov([2 * x for x in one], [2 * x for x in other])


def numeric(shift: float = 0.0, nulls: int = 0, seed: int = 1) -> ColumnProfile:
    drawn = random.Random(seed)  # noqa: S311 - a sample, no secret
    quantiles = tuple(sorted(drawn.gauss(shift, 1) for _ in range(201)))
    return ColumnProfile(name="x", count=1000, nulls=nulls, quantiles=quantiles)


def named(**top: float) -> ColumnProfile:
    return ColumnProfile(name="x", count=1000, top=tuple(top.items()))


def profile(column: ColumnProfile, rows: int = 1000) -> Profile:
    return Profile(name="wine", rows=rows, columns=(column,))


@pytest.mark.parametrize("method", METHODS)
def test_a_shift_is_farther_than_another_sample(method: Method) -> None:
    base = numeric()
    same = distance(base, numeric(seed=2), method)
    near = distance(base, numeric(shift=0.5, seed=2), method)
    far = distance(base, numeric(shift=2.0, seed=2), method)

    assert same is not None
    assert near is not None
    assert far is not None
    assert same < near < far


@pytest.mark.parametrize("method", ["psi", "linf", "js"])
def test_a_new_value_and_missing_values_are_distances(method: Method) -> None:
    assert (distance(named(red=0.5, white=0.5), named(red=0.5, white=0.2, blue=0.3), method) or 0) > 0.01
    assert (distance(numeric(), numeric(nulls=300), method) or 0) > 0.01


@given(st.integers(0, 1000), st.integers(0, 1000))
def test_shares_sum_to_one(nulls: int, other: int) -> None:
    for p in shares(numeric(nulls=nulls), numeric(shift=1.0, nulls=other)):
        assert math.fsum(p) == pytest.approx(1.0)
    for p in shares(named(red=0.4, white=0.5), named(blue=0.2)):
        assert math.fsum(p) == pytest.approx(1.0)


def test_the_farthest_column_comes_first_and_columns_of_one_side_only_are_left_out() -> None:
    base = Profile(rows=500, columns=(named(red=1.0).model_copy(update={"name": "c"}), numeric(), numeric()))
    now = Profile(rows=500, columns=(named(blue=1.0).model_copy(update={"name": "c"}), numeric(shift=0.1)))

    assert distances(base, now, "js")[0].column == "c"
    assert distances(base, Profile(rows=500), "js") == ()


def test_ks_says_nothing_of_words() -> None:
    assert distance(named(red=1.0), named(red=1.0), "ks") is None


def test_few_rows_are_not_compared() -> None:
    assert distances(profile(numeric(), rows=99), profile(numeric(shift=9.0)), "psi") == ()
