"""How a candidate answers copies of real requests, whose answers nobody sees, before a commit gives it everything."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field, model_validator

from kanaria.strategies.kind import At, Next, Scale, StrategyKind
from kanaria.vocabulary.durations import Duration, duration_of
from kanaria.vocabulary.json_path import parts
from kanaria.vocabulary.traffic import NOTHING_SENT, Sent


def _readable(path: str) -> str:
    parts(path)
    return path


JsonPath = Annotated[str, Field(min_length=1, max_length=256), AfterValidator(_readable)]


class Shadow(StrategyKind):
    """Copies of requests go to both models, and their answers are compared; users see stable's only."""

    key: ClassVar[str] = "shadow"
    judges: ClassVar[bool] = False

    percentage: Annotated[int, Field(ge=1, le=100)] = 10
    """Percent of the requests that are copied; stable answers each copy too, a second time."""
    duration: Duration = "10m"
    """How long one look takes: a Job compares, and tells what it saw at its end. Looks follow until there is proof."""
    prediction: JsonPath | None = None
    """What of an answer is compared, such as $.outputs[0].data; where absent its outputs, its predictions, or all."""
    tolerance: Annotated[float, Field(ge=0, le=1)] = 1e-6
    """Numbers agree that differ by no more, or by no larger part of the greater."""
    max_disagreement: Annotated[float, Field(gt=0, lt=1)] = 0.01
    """The share of answers that may differ; an error of the candidate where stable answers is a difference."""
    score: JsonPath | None = None
    """A number of each answer whose distribution is compared too, such as $.outputs[1].data[0]."""
    max_psi: Annotated[float, Field(gt=0, le=10)] | None = None
    """How far the distributions may be apart, by the population stability index; needs score. Usual is 0.2."""
    p99: Duration | None = None
    """In which time the candidate must answer 99 of 100 copies."""
    max_duration: Duration = "6h"
    """How long a trial may take in all."""
    on_inconclusive: Literal["Rollback", "Pause"] = "Rollback"
    """What a trial without proof comes to. It is never rejected for it."""
    resources: Mapping[str, Any] = {}
    """Resources of the container that compares, where a quota asks for them."""

    @model_validator(mode="after")
    def _of_a_score(self) -> "Shadow":
        if (self.score is None) != (self.max_psi is None):
            raise ValueError("score names the number, and maxPsi says how far apart it may be: set both, or neither")
        if not timedelta(seconds=1) <= duration_of(self.duration) <= timedelta(days=1):
            raise ValueError("duration is one look of a Job: between 1s and 1d")
        return self

    def next(self, at: At, now: datetime) -> Next:
        """Copies are compared until there is proof, or a person needs none: that waives more than this one step."""
        del now
        if at.step or at.proven or at.waived > len(self.words):
            return Next(1, 0, "done", done=True)
        return Next(0, 0, self.words[0])

    def resume(self, step: int) -> Next:
        """It goes on where it was: it had no traffic to lose."""
        return Next(step, 0, self.words[0] if not step else "done")

    def scale(self, step: int) -> Scale:
        """As many servers as that part of the requests needs."""
        del step
        return Scale(percent=self.percentage)

    def sends(self, step: int) -> Sent:
        """Copies for those who compare, until that is done."""
        return Sent(mirrored=self.percentage, compared=True) if not step else NOTHING_SENT

    @property
    def selects(self) -> str:
        """All that it does is sending copies."""
        return "percentage"

    @property
    def words(self) -> tuple[str, ...]:
        """One step: copies are compared."""
        return (f"shadow {self.percentage} %",)

    def open_pause(self, after: int) -> int | None:
        """It waits for proof, of which a person can need none (promote: Full), and for nobody."""
        del after
        return None

    @property
    def longest(self) -> timedelta | None:
        """The whole trial's time."""
        return duration_of(self.max_duration)

    @property
    def when_inconclusive(self) -> str:
        """What happens when that is over."""
        return self.on_inconclusive
