"""Whether a cron schedule has come round."""

from datetime import datetime
from typing import Annotated, ClassVar
from zoneinfo import ZoneInfo, available_timezones

from cronsim import CronSim, CronSimError
from pydantic import Field, field_validator

from kanaria.triggers.kind import Firing, NotYet, Seen, TriggerKind


class Schedule(TriggerKind):
    """At the times of a cron expression."""

    key: ClassVar[str] = "schedule"

    cron: Annotated[str, Field(min_length=9, max_length=128)]
    """Five fields: minute, hour, day of month, month, day of week."""
    time_zone: Annotated[str, Field(max_length=64)] = "UTC"
    """Name of the time zone, e.g. Asia/Tokyo."""

    @field_validator("cron")
    @classmethod
    def _readable(cls, cron: str) -> str:
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
        after = seen.last_scheduled_at or seen.created_at
        coming = CronSim(self.cron, after.astimezone(ZoneInfo(self.time_zone)))
        newest: datetime | None = None
        for at in coming:
            if at > now:
                break
            newest = at
        if newest is None:
            return NotYet(until=at)
        return Firing(f"the schedule {self.cron!r} ({self.time_zone}) came round", scheduled_at=newest)

    def next_after(self, now: datetime) -> datetime:
        """The next time of the schedule."""
        coming: datetime = next(CronSim(self.cron, now.astimezone(ZoneInfo(self.time_zone))))
        return coming
