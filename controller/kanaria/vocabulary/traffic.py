"""How requests are split between the stable model and the candidate."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Traffic:
    """Percent of requests for each arm; always sums to 100.

    Raises:
        ValueError: if the candidate's weight is not within 0 to 100.
    """

    candidate: int

    def __post_init__(self) -> None:
        if not 0 <= self.candidate <= 100:
            raise ValueError(f"the candidate's weight is {self.candidate}; it must be within 0 to 100 percent")

    @property
    def stable(self) -> int:
        """What is left for the stable model."""
        return 100 - self.candidate
