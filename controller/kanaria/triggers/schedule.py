"""Whether a cron schedule has come round."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, ClassVar
from zoneinfo import ZoneInfo, available_timezones

from cronsim import CronSim, CronSimError
from pydantic import Field, field_validator

from kanaria.triggers.kind import Firing, NotYet, Seen, TriggerKind
from kanaria.vocabulary.durations import seconds_of


class Schedule(TriggerKind):
    """At the times of a cron expression."""

    key: ClassVar[str] = "schedule"

    cron: Annotated[str, Field(min_length=9, max_length=128)]
    """Five fields: minute, hour, day of month, month, day of week."""
    time_zone: Annotated[str, Field(max_length=64)] = "UTC"
    """Name of the time zone, e.g. Asia/Tokyo."""
    starting_deadline_seconds: Annotated[int, Field(ge=1)] | None = None
    """How late a run may start; a time that is longer past is passed over."""

    @field_validator("cron")
    @classmethod
    def _readable(cls, cron: str) -> str:
        if len(cron.split()) != 5:
            raise ValueError(f"{cron!r} has {len(cron.split())} fields; write five fields such as 0 3 * * *")
        try:
            CronSim(cron, datetime(2026, 1, 1, tzinfo=ZoneInfo("UTC")))
        except CronSimError as error:
            raise ValueError(
                f"{cron!r} is no cron expression ({error}); write five fields such as 0 3 * * *"
            ) from error
        return cron

    @field_validator("time_zone")
    @classmethod
    def _known(cls, time_zone: str) -> str:
        if time_zone not in available_timezones():
            raise ValueError(f"{time_zone!r} is no time zone; write a name such as Asia/Tokyo")
        return time_zone

    def due(self, seen: Seen, now: datetime) -> Firing | NotYet:
        """Due once for the newest time that has passed; missed ones before it are not made up for."""
        newest = self._newest_until(now)
        if newest is None or newest <= seen.acted_at or self._is_too_late(newest, now):
            return NotYet(until=self.next_after(now))
        told = newest.isoformat().replace("+00:00", "Z")
        reason = f"the schedule {self.cron!r} ({self.time_zone}) came round"
        return Firing(reason, acted_on=told, value=told, scheduled_at=newest)

    def _is_too_late(self, newest: datetime, now: datetime) -> bool:
        late = self.starting_deadline_seconds
        return late is not None and now > newest + seconds_of(late)

    def next_after(self, now: datetime) -> datetime:
        """The next time of the schedule, in UTC."""
        coming: datetime = next(CronSim(self.cron, now.astimezone(ZoneInfo(self.time_zone))))
        return coming.astimezone(UTC)

    def _newest_until(self, now: datetime) -> datetime | None:
        # Backwards, from the second after: the time itself counts, and a pipeline that slept for a year costs nothing.
        after = (now + timedelta(seconds=1)).replace(microsecond=0).astimezone(ZoneInfo(self.time_zone))
        newest: datetime | None = next(CronSim(self.cron, after, reverse=True), None)
        return newest.astimezone(UTC) if newest else None
