"""How durations are written in manifests, and read."""

import re
from datetime import timedelta
from typing import Annotated

from pydantic import Field

PATTERN = r"^([0-9]+(ms|s|m|h|d))+$"
_PART = re.compile(r"([0-9]+)(ms|s|m|h|d)")
_UNITS = {
    "ms": timedelta(milliseconds=1),
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
}

LONGEST = timedelta(days=36_500)
"""A hundred years."""

Duration = Annotated[str, Field(pattern=PATTERN, max_length=32, examples=["30s", "1h30m"])]
"""A duration as it stands in YAML, e.g. "30s" or "1h30m"."""


def duration_of(duration: Duration) -> timedelta:
    """Read a duration that matches PATTERN, up to the longest that there is.

    Raises:
        ValueError: if it does not.
    """
    if not re.fullmatch(PATTERN.strip("^$"), duration):
        raise ValueError(f"{duration!r} is no duration; write numbers with ms, s, m, h or d, such as 1h30m")
    return seconds_of(sum(int(number) * _UNITS[unit].total_seconds() for number, unit in _PART.findall(duration)))


def seconds_of(seconds: float) -> timedelta:
    """So many seconds, and no more than can be added to any time: whoever writes 9999999999d means never."""
    return timedelta(seconds=min(seconds, LONGEST.total_seconds()))


def spoken(span: timedelta) -> str:
    """A duration as people say it: 45s, 5m, 2h10m, 3d."""
    total = int(span.total_seconds())
    days, rest = divmod(total, 86400)
    hours, rest = divmod(rest, 3600)
    minutes, seconds = divmod(rest, 60)
    parts = [f"{value}{unit}" for value, unit in ((days, "d"), (hours, "h"), (minutes, "m"), (seconds, "s")) if value]
    return "".join(parts[:2]) or "0s"
