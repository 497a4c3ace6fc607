"""What time it is: the only place that asks the machine."""

import asyncio
import time
from datetime import UTC, datetime

LONGEST_NAP = 60.0


class Clock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The time, in UTC."""
        return datetime.now(UTC)  # noqa: TID251 # this is the one place

    def monotonic(self) -> float:
        """Seconds of a clock that nobody sets, and that goes on while a process is stopped: for how long ago it was."""
        return time.monotonic()

    async def sleep_until(self, at: datetime) -> None:
        """Return at the time, or soon after the machine's clock was set past it."""
        while (left := (at - self.now()).total_seconds()) > 0:  # noqa: ASYNC110 # a clock has nothing else to wait for
            await asyncio.sleep(min(left, LONGEST_NAP))
