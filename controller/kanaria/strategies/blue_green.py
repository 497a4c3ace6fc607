"""How a candidate stands ready at its full size, to be looked at, before a commit gives it everything."""

from datetime import datetime, timedelta
from typing import Annotated, ClassVar

from pydantic import Field

from kanaria.strategies.kind import At, Next, Scale, StrategyKind
from kanaria.vocabulary.durations import seconds_of

PREVIEW = "preview"


class BlueGreen(StrategyKind):
    """The candidate comes up at the size of stable, without traffic, is looked at, and takes over by its promotion."""

    key: ClassVar[str] = "blueGreen"
    judges: ClassVar[bool] = False

    auto_promotion_enabled: bool = True
    """Whether it is promoted without a person's commit (kanaria promote)."""
    auto_promotion_seconds: Annotated[int, Field(ge=0, le=2_592_000)] = 0
    """For how long it stands ready before that."""

    def next(self, at: At, now: datetime) -> Next:
        """Ready at once, after a while, or by a commit."""
        if not at.step and not at.scaled:
            return Next(0, 0, PREVIEW, paused=True)
        until = at.since + seconds_of(self.auto_promotion_seconds) if self.auto_promotion_enabled else None
        if at.step or at.waived or (until is not None and now >= until):
            return Next(1, 0, "done", done=True)
        return Next(0, 0, PREVIEW, until=until, paused=True)

    def resume(self, step: int) -> Next:
        """It goes on where it was: it had no traffic to lose."""
        return Next(step, 0, PREVIEW)

    def scale(self, step: int) -> Scale:
        """As many servers as stable has, from the first moment."""
        del step
        return Scale(percent=100)

    @property
    def words(self) -> tuple[str, ...]:
        """One step: it stands ready."""
        return (PREVIEW,)

    def open_pause(self, after: int) -> int | None:
        """It waits for a person where it is told so."""
        return 0 if not after and not self.auto_promotion_enabled else None

    @property
    def longest(self) -> timedelta | None:
        """A person may take their time."""
        return None

    @property
    def when_inconclusive(self) -> str:
        """Nothing is asked that could stay open."""
        return "Promote"
