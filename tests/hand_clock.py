"""A clock that moves when a test says so, for what waits in an event loop."""

import asyncio
from datetime import datetime, timedelta

from fake_world import NOON


class HandClock:
    """It is noon until `pass_time`; who sleeps until a time wakes when the hand has come there."""

    def __init__(self) -> None:
        self.moment = NOON
        self._sleepers: list[tuple[datetime, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return (self.moment - NOON).total_seconds()

    async def sleep_until(self, at: datetime) -> None:
        if at > self.moment:
            waking = asyncio.get_running_loop().create_future()
            self._sleepers.append((at, waking))
            await waking

    async def pass_time(self, **passed: float) -> None:
        """Move the hand, and let everything run that this wakes."""
        self.moment += timedelta(**passed)
        for at, waking in self._sleepers:
            if at <= self.moment and not waking.done():
                waking.set_result(None)
        self._sleepers = [(at, waking) for at, waking in self._sleepers if not waking.done()]
        await let_run()


async def let_run(turns: int = 50) -> None:
    """Let all that is ready take its turns in the loop."""
    for _ in range(turns):
        await asyncio.sleep(0)
