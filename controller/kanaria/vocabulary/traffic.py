"""How requests are split between the stable model and the candidate, and what is sent past the split."""

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


@dataclass(frozen=True, slots=True)
class HeaderMatch:
    """A header that a request must have: this value, or one that the regular expression fits as a whole."""

    name: str
    value: str
    regex: bool = False


@dataclass(frozen=True, slots=True)
class Sent:
    """What a candidate gets beside its weight.

    Requests with all headers of one of these groups, and copies of this percent of all others, whose answers nobody
    sees; `compared` says that they go to who asks both models and compares their answers, not to the candidate itself.
    """

    headers: tuple[tuple[HeaderMatch, ...], ...] = ()
    mirrored: int = 0
    compared: bool = False

    def within(self, other: "Sent") -> "Sent":
        """As much of it as the other sends too."""
        copies = min(self.mirrored, other.mirrored) if self.compared == other.compared else 0
        groups = tuple(group for group in self.headers if group in other.headers)
        return Sent(groups, copies, compared=self.compared and copies > 0)


NOTHING_SENT = Sent()
