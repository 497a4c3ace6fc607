"""What a measurement says of a candidate."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """The four answers; a number that could not be read is neither failed nor passed."""

    PASSED = "Passed"  # within its bound, or proven no worse
    FAILED = "Failed"  # outside its bound, or proven worse
    INCONCLUSIVE = "Inconclusive"  # read, and not (yet) telling
    UNMEASURED = "Unmeasured"  # could not be read

    @classmethod
    def worst(cls, verdicts: "list[Verdict]") -> "Verdict":
        """Of several verdicts the one that counts: Failed, then Unmeasured, then Inconclusive, then Passed."""
        for verdict in (cls.FAILED, cls.UNMEASURED, cls.INCONCLUSIVE):
            if verdict in verdicts:
                return verdict
        return cls.PASSED


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict on one metric with the sentence that explains it; `value` is None where nothing was read.

    `baseline` is what it was compared with, where it was.
    """

    metric: str
    verdict: Verdict
    sentence: str
    value: float | None = None
    baseline: float | None = None
