"""How a candidate takes over all at once: its servers come up beside stable, and a commit gives it everything."""

from datetime import datetime, timedelta
from typing import ClassVar

from kanaria.strategies.kind import At, Next, StrategyKind


class AllAtOnce(StrategyKind):
    """The candidate comes up without traffic, and its promotion gives it all; nothing judges it before."""

    key: ClassVar[str] = "allAtOnce"
    judges: ClassVar[bool] = False

    def next(self, at: At, now: datetime) -> Next:
        """Once its servers are up there is nothing more to wait for."""
        del at, now
        return Next(0, 0, "done", done=True)

    def resume(self, step: int) -> Next:
        """There is no weight to go back to."""
        del step
        return Next(0, 0, "done", done=True)

    @property
    def words(self) -> tuple[str, ...]:
        """It takes no steps."""
        return ()

    def open_pause(self, after: int) -> int | None:
        """It waits for nobody."""
        del after
        return None

    @property
    def longest(self) -> timedelta | None:
        """As long as its servers need, for which there is another deadline."""
        return None

    @property
    def when_inconclusive(self) -> str:
        """Nothing is asked that could stay open."""
        return "Promote"
