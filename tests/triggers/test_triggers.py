"""When each trigger is due."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from kanaria.triggers import TRIGGERS, Trigger
from kanaria.triggers.kind import Failing, Firing, NotYet, Seen, Success
from kanaria.triggers.metric import MetricTrigger
from kanaria.triggers.pipeline import PipelineTrigger
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
    found = Schedule(cron="0 * * * *").due(Seen(CREATED, acted_on=last.isoformat() if last else None), now)

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
    seen = Seen(now - HOUR)

    found = Schedule(cron="0 3 * * *", time_zone=zone).due(seen, now)

    assert isinstance(found, Firing) == expected


BERLIN = "Europe/Berlin"


@pytest.mark.parametrize(
    ("cron", "since", "hours", "expected"),
    [
        pytest.param(
            "30 2 * * *", datetime(2026, 3, 28, 12, tzinfo=UTC), 20, ["29 01:00"], id="an hour that is left out"
        ),
        pytest.param(
            "30 2 * * *", datetime(2026, 10, 24, 12, tzinfo=UTC), 20, ["25 00:30"], id="an hour that comes twice"
        ),
        pytest.param(
            "0 * * * *",
            datetime(2026, 10, 24, 23, 30, tzinfo=UTC),
            3,
            ["25 00:00", "25 01:00", "25 02:00"],
            id="each of two like hours",
        ),
    ],
)
def test_a_schedule_runs_once_when_the_clocks_change(cron: str, since: datetime, hours: int, expected: list[str]):
    schedule, seen, fired = Schedule(cron=cron, time_zone=BERLIN), Seen(since), []
    for minutes in range(0, hours * 60 + 1, 10):
        found = schedule.due(seen, since + timedelta(minutes=minutes))
        if isinstance(found, Firing):
            fired.append(found.scheduled_at)
            seen = Seen(since, acted_on=found.acted_on)

    assert [f"{at:%d %H:%M}" for at in fired] == expected


@pytest.mark.parametrize(
    ("late", "due"), [pytest.param(60, True, id="in time"), pytest.param(61, False, id="a second too late")]
)
def test_a_time_that_is_too_long_past_is_passed_over(late: int, due: bool):  # noqa: FBT001 - a row
    schedule = Schedule(cron="0 * * * *", starting_deadline_seconds=60)

    found = schedule.due(Seen(CREATED), NOON + timedelta(seconds=late))

    assert isinstance(found, Firing) == due
    if isinstance(found, NotYet):
        assert found.until == NOON + HOUR


def upstream(at: datetime, run: str = "features-3-abc") -> dict[str, Success]:
    return {"features": Success(run, at, version="3")}


@pytest.mark.parametrize(
    ("succeeded", "acted_on", "due"),
    [
        pytest.param({}, None, False, id="it never succeeded"),
        pytest.param({"beer": Success("beer-1", NOON)}, None, False, id="another pipeline did"),
        pytest.param(upstream(CREATED - HOUR), None, False, id="before the trigger was declared"),
        pytest.param(upstream(NOON), None, True, id="it succeeded"),
        pytest.param(upstream(NOON), NOON.isoformat(), False, id="that run was answered"),
        pytest.param(upstream(NOON), (NOON - HOUR).isoformat(), True, id="a newer run"),
        pytest.param(upstream(NOON - HOUR), NOON.isoformat(), False, id="the newest run was deleted"),
    ],
)
def test_the_success_of_another_pipeline_is_due_once(succeeded: Any, acted_on: str | None, due: bool):  # noqa: FBT001 - a row
    found = PipelineTrigger(name="features").due(Seen(CREATED, acted_on, succeeded=succeeded), NOON)

    assert isinstance(found, Firing) == due
    if isinstance(found, Firing):
        assert found.reason == "run features-3-abc of pipeline 'features' succeeded and registered version 3"
        assert (found.value, found.link) == ("3", "MLPipelineRun features-3-abc")


def failing(since: datetime = NOON - HOUR) -> dict[tuple[str, str], Failing]:
    return {("wine", "online"): Failing("errors", since, "7", "errors ×2.1 [1.4, 3.0]")}


MARK = f"errors of version 7 since {(NOON - HOUR).isoformat()}"


@pytest.mark.parametrize(
    ("seen", "due"),
    [
        pytest.param(Seen(CREATED), NotYet(), id="nothing fails"),
        pytest.param(Seen(CREATED, failing=failing()), MARK, id="it has failed long enough"),
        pytest.param(Seen(CREATED, failing=failing(NOON)), NotYet(NOON + HOUR / 2), id="not long enough"),
        pytest.param(Seen(CREATED, MARK, failing=failing()), NotYet(), id="that failure was acted on"),
        pytest.param(Seen(CREATED, MARK, failing=failing(), repeats=True), MARK, id="again after a cooldown"),
        pytest.param(Seen(CREATED, "another", failing=failing()), MARK, id="another failure was acted on"),
    ],
)
def test_a_stable_model_that_is_worse_is_due_once(seen: Seen, due: object):
    refs = {"policyRef": {"name": "online"}, "modelDeployment": {"name": "wine"}, "for": "30m"}

    found = MetricTrigger.model_validate(refs).due(seen, NOON)

    assert (found.acted_on if isinstance(found, Firing) else found) == due
    if isinstance(found, Firing):
        assert (found.value, found.link) == ("errors ×2.1 [1.4, 3.0]", "ModelDeployment wine")


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
