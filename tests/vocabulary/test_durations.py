"""Durations are read as they are written, and none is too long to be added to a time."""

from datetime import UTC, datetime, timedelta

import pytest

from kanaria.vocabulary.durations import LONGEST, duration_of, seconds_of


@pytest.mark.parametrize(
    ("text", "span"),
    [
        pytest.param("250ms", timedelta(milliseconds=250), id="milliseconds"),
        pytest.param("1h30m", timedelta(hours=1, minutes=30), id="two parts"),
        pytest.param("30d", timedelta(days=30), id="days"),
        pytest.param("9999999d", LONGEST, id="beyond all times"),
        pytest.param("9999999999999999999999999999999d", LONGEST, id="beyond all spans"),
    ],
)
def test_a_duration_is_read(text: str, span: timedelta):
    found = duration_of(text)

    assert found == span
    assert datetime(2026, 1, 15, tzinfo=UTC) + found > datetime(2026, 1, 14, tzinfo=UTC)


def test_seconds_are_bounded_alike():
    assert (seconds_of(90), seconds_of(10**30)) == (timedelta(seconds=90), LONGEST)
