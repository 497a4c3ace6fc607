"""What counters read twice do, and do not, say."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kanaria.judge.counts import (
    Counts,
    Dropped,
    DropReason,
    Window,
    arms_between,
    not_comparable,
    window_between,
)
from kanaria.vocabulary import Counters, SeriesCount

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
STEP = timedelta(seconds=15)
BEFORE = NOON - timedelta(hours=1)

Series = dict[str, tuple[int, int]]


def reading(at: datetime, candidate: Series, stable: Series, skew_ms: int = 0) -> Counters:
    return Counters(at, counted(candidate), counted(stable), timedelta(milliseconds=skew_ms))


def counted(series: Series) -> dict[str, SeriesCount]:
    return {name: SeriesCount(total, bad) for name, (total, bad) in series.items()}


def between(
    before: Series, after: Series, *, changed: datetime = BEFORE, warmup: timedelta = timedelta(0)
) -> Window | Dropped:
    """The window of a candidate with these series; stable always answers 100, 1 of them bad."""
    first = reading(NOON, before, {"a": (1000, 10)})
    second = reading(NOON + STEP, after, {"a": (1100, 11)})
    return window_between(first, second, changed=changed, warmup=warmup)


def test_a_window_holds_the_differences_of_both_arms() -> None:
    window = between({"a": (10, 1)}, {"a": (30, 4)})

    assert window == Window(NOON, NOON + STEP, candidate=Counts(20, 3), stable=Counts(100, 1))


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param({"a": (10, 1), "b": (5, 5)}, {"a": (12, 1), "b": (9, 6)}, (6, 1), id="series are summed"),
        pytest.param({"a": (10, 1), "b": (50, 9)}, {"a": (12, 1), "b": (4, 4)}, (2, 0), id="one was reset"),
        pytest.param({"a": (10, 1), "b": (5, 5)}, {"a": (12, 2), "b": (9, 2)}, (2, 1), id="only its bad count fell"),
        pytest.param({"a": (10, 1), "b": (5, 5)}, {"a": (12, 2)}, (2, 1), id="one vanished"),
        pytest.param({"a": (10, 1)}, {"a": (12, 2), "b": (900, 900)}, (2, 1), id="one appeared with a history"),
        pytest.param({"a": (10, 1), "b": (5, 5)}, {"a": (12, 2), "b": (5, 5)}, (2, 1), id="one stood still"),
    ],
)
def test_a_series_adds_only_what_is_known_of_it(before: Series, after: Series, expected: tuple[int, int]) -> None:
    window = between(before, after)

    assert isinstance(window, Window)
    assert window.candidate == Counts(*expected)


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        pytest.param({"a": (10, 1)}, {"a": (10, 1)}, DropReason.ZERO_TRAFFIC, id="candidate idle"),
        pytest.param({}, {"a": (10, 1)}, DropReason.ZERO_TRAFFIC, id="candidate's only series is new"),
        pytest.param({"a": (10, 1)}, {"a": (3, 1)}, DropReason.ZERO_TRAFFIC, id="candidate's only series was reset"),
        pytest.param({"a": (10, 1)}, {"a": (11, 3)}, DropReason.TORN_COUNTERS, id="more bad than all"),
    ],
)
def test_counters_that_tell_nothing_make_no_window(before: Series, after: Series, reason: DropReason) -> None:
    dropped = between(before, after)

    assert isinstance(dropped, Dropped)
    assert dropped.reason is reason


def test_an_idle_stable_makes_no_window_and_is_named() -> None:
    first, second = reading(NOON, {"a": (0, 0)}, {"a": (5, 0)}), reading(NOON + STEP, {"a": (9, 0)}, {"a": (5, 0)})

    dropped = window_between(first, second, changed=BEFORE)

    assert dropped == Dropped(DropReason.ZERO_TRAFFIC, "stable answered no request that could be counted")


@pytest.mark.parametrize(
    ("changed_s", "warmup_s", "expected"),
    [
        pytest.param(-60, 0, None, id="long ago"),
        pytest.param(0, 0, None, id="exactly at its start"),
        pytest.param(5, 0, DropReason.WEIGHT_CHANGED, id="within it"),
        pytest.param(-60, 120, DropReason.WARMING_UP, id="before it, still warming up"),
        pytest.param(-120, 120, None, id="warm exactly at its start"),
    ],
)
def test_a_change_of_weight_spoils_its_window_and_the_warm_up(
    changed_s: int, warmup_s: int, expected: DropReason | None
) -> None:
    changed = NOON + timedelta(seconds=changed_s)

    found = between({"a": (0, 0)}, {"a": (9, 1)}, changed=changed, warmup=timedelta(seconds=warmup_s))

    assert (found.reason if isinstance(found, Dropped) else None) is expected


@pytest.mark.parametrize(
    ("skews", "fit"),
    [
        pytest.param((0, 250), True, id="exactly at the bound"),
        pytest.param((0, 251), False, id="the second too far"),
        pytest.param((-251, 0), False, id="the first too far, stable first"),
    ],
)
def test_arms_are_compared_only_when_read_together(skews: tuple[int, int], *, fit: bool) -> None:
    first = reading(NOON, {"a": (0, 0)}, {"a": (0, 0)}, skews[0])
    second = reading(NOON + STEP, {"a": (9, 1)}, {"a": (9, 1)}, skews[1])

    found = window_between(first, second, changed=BEFORE)

    assert isinstance(found, Window) is fit


@pytest.mark.parametrize(
    ("intervals", "reason"),
    [
        pytest.param(1, None, id="on time"),
        pytest.param(5, None, id="four readings missed"),
        pytest.param(6, DropReason.TOO_LONG, id="five readings missed"),
    ],
)
def test_missed_readings_make_a_longer_window_up_to_a_limit(intervals: int, reason: DropReason | None) -> None:
    first = reading(NOON, {"a": (0, 0)}, {"a": (0, 0)})
    late = reading(NOON + intervals * STEP, {"a": (9, 1)}, {"a": (9, 1)})

    found = arms_between(first, late, changed=BEFORE, every=STEP)

    assert (found.reason if isinstance(found, Dropped) else None) is reason


def test_a_window_knows_an_arm_without_requests_for_the_split_to_be_checked() -> None:
    first, second = reading(NOON, {"a": (0, 0)}, {"a": (5, 0)}), reading(NOON + STEP, {"a": (0, 0)}, {"a": (9, 0)})

    assert arms_between(first, second, changed=BEFORE) == Window(NOON, NOON + STEP, Counts(0, 0), Counts(4, 0))


@pytest.mark.parametrize(
    ("candidate", "stable", "servers", "reason"),
    [
        pytest.param(100, 900, (1, 9), None, id="alike"),
        pytest.param(100, 900, (1, 18), None, id="twice as busy"),
        pytest.param(100, 900, (1, 4), DropReason.LOAD_APART, id="idle candidate"),
        pytest.param(300, 900, (1, 9), DropReason.LOAD_APART, id="busy candidate"),
        pytest.param(100, 900, None, None, id="errors are compared all the same"),
        pytest.param(0, 900, (1, 9), DropReason.ZERO_TRAFFIC, id="nothing to do"),
    ],
)
def test_times_are_compared_only_where_servers_have_as_much_to_do(
    candidate: int, stable: int, servers: tuple[int, int] | None, reason: DropReason | None
) -> None:
    found = not_comparable(Window(NOON, NOON + STEP, Counts(candidate, 0), Counts(stable, 0)), servers)

    assert (found.reason if found else None) is reason


@pytest.mark.parametrize("later", [timedelta(0), -STEP], ids=["the same reading twice", "the clock went back"])
def test_readings_out_of_order_make_no_window(later: timedelta) -> None:
    first, second = reading(NOON, {"a": (0, 0)}, {"a": (0, 0)}), reading(NOON + later, {"a": (9, 1)}, {"a": (9, 1)})

    dropped = window_between(first, second, changed=BEFORE)

    assert isinstance(dropped, Dropped)
    assert dropped.reason is DropReason.OUT_OF_ORDER


@pytest.mark.parametrize(("total", "bad"), [(1, 2), (1, -1), (-1, -1)])
def test_counts_that_nothing_can_have_counted_are_refused(total: int, bad: int) -> None:
    with pytest.raises(ValueError, match="bad must lie between 0 and total"):
        Counts(total, bad)


pairs = st.tuples(st.integers(0, 50), st.integers(0, 50))
some_series = st.dictionaries(st.sampled_from("abc"), pairs, max_size=3)


@given(some_series, some_series)
def test_whatever_is_read_a_window_is_never_torn_and_never_more_than_was_read(before: Series, after: Series) -> None:
    found = between(before, after)

    if isinstance(found, Window):
        assert 0 <= found.candidate.bad <= found.candidate.total <= sum(total for total, _ in after.values())
    else:
        assert found.message
