"""When each trigger is due."""

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from kanaria.triggers import TRIGGERS, Trigger
from kanaria.triggers.kind import Firing, NotYet, Seen
from kanaria.triggers.schedule import Schedule
from kanaria.triggers.source import SourceTrigger

NOON = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
CREATED = NOON - timedelta(minutes=90)


@pytest.mark.parametrize(
    ("now", "last", "expected"),
    [
        pytest.param(NOON - timedelta(seconds=1), NOON - HOUR, None, id="a second before"),
        pytest.param(NOON, NOON - HOUR, NOON, id="on time"),
        pytest.param(NOON, NOON, None, id="acted on already"),
        pytest.param(NOON + 5.5 * HOUR, NOON, NOON + 5 * HOUR, id="the newest of several missed ones"),
        pytest.param(NOON - timedelta(minutes=70), None, None, id="nothing before the pipeline was made"),
        pytest.param(NOON, None, NOON, id="the first time"),
    ],
)
def test_a_schedule_is_due_once_for_its_newest_time(now: datetime, last: datetime | None, expected: datetime | None):
    found = Schedule(cron="0 * * * *").due(Seen(CREATED, last_scheduled_at=last), now)

    assert (found.scheduled_at if isinstance(found, Firing) else None) == expected
    if isinstance(found, NotYet):
        assert found.until > now


@pytest.mark.parametrize(
    ("zone", "now", "expected"),
    [
        pytest.param("Asia/Tokyo", datetime(2026, 1, 14, 18, 0, tzinfo=UTC), True, id="3 o'clock in Tokyo"),
        pytest.param("UTC", datetime(2026, 1, 14, 18, 0, tzinfo=UTC), False, id="not in UTC"),
        pytest.param("Europe/Berlin", datetime(2026, 7, 1, 1, 0, tzinfo=UTC), True, id="3 o'clock in summer"),
        pytest.param("Europe/Berlin", datetime(2026, 1, 1, 2, 0, tzinfo=UTC), True, id="3 o'clock in winter"),
    ],
)
def test_a_schedule_follows_its_time_zone(zone: str, now: datetime, expected: bool):  # noqa: FBT001 - a row
    seen = Seen(CREATED, last_scheduled_at=now - HOUR)

    found = Schedule(cron="0 3 * * *", time_zone=zone).due(seen, now)

    assert isinstance(found, Firing) == expected


def test_a_schedule_that_slept_for_years_is_quick():
    found = Schedule(cron="* * * * *").due(Seen(NOON - timedelta(days=3650)), NOON)

    assert isinstance(found, Firing)
    assert found.scheduled_at == NOON


@pytest.mark.parametrize(
    ("cron", "sentence"),
    [
        ("every hour!", "has 2 fields"),
        ("0 0 3 * * *", "has 6 fields"),
        ("61 3 * * *", "no cron expression"),
        ("0 0 30 2 *", "Bad day-of-month"),
    ],
)
def test_a_schedule_that_cannot_be_read_is_refused(cron: str, sentence: str):
    with pytest.raises(ValidationError, match=sentence):
        Schedule(cron=cron)


def test_an_unknown_time_zone_is_refused():
    with pytest.raises(ValidationError, match="'Mars' is no time zone"):
        Schedule(cron="0 3 * * *", time_zone="Mars")


@pytest.mark.parametrize(
    ("head", "revision", "due"),
    [
        pytest.param(None, None, False, id="nothing is known of the code"),
        pytest.param("abc", None, True, id="first sight"),
        pytest.param("abc", "abc", False, id="run already"),
        pytest.param("def", "abc", True, id="a new commit"),
    ],
)
def test_the_source_is_due_for_a_commit_that_was_not_run(head: str | None, revision: str | None, due: bool):  # noqa: FBT001 - a row
    found = SourceTrigger().due(Seen(CREATED, head=head, revision=revision), NOON)

    assert isinstance(found, Firing) == due


def test_a_trigger_is_exactly_one_of_the_known_kinds():
    assert Trigger.model_validate({"name": "code", "source": {}}).trigger == SourceTrigger()
    with pytest.raises(ValidationError, match=f"known are: {', '.join(sorted(TRIGGERS))}"):
        Trigger.model_validate({"name": "code"})
    with pytest.raises(ValidationError, match=r"found (schedule, source|source, schedule)"):
        Trigger.model_validate({"name": "x", "source": {}, "schedule": {"cron": "0 3 * * *"}})
