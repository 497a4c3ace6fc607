"""What every gate can do: say which sources it judges."""

from abc import abstractmethod
from typing import ClassVar

from kanaria.vocabulary.kinds import Kind, Union
from kanaria.vocabulary.verdict import Judgement


class GateKind(Kind):
    """What a metric must be."""

    takes: ClassVar[frozenset[str]]
    """Keys of the sources that it judges."""

    def misfit(self, source: str, address: str) -> str:
        """Why it cannot judge what that source reads there, in a sentence; empty where it can."""
        if source not in self.takes:
            return f"{self.key} does not judge {source}; it judges: {', '.join(sorted(self.takes))}"
        if "*" in address and source == "mlflow":
            return f"{address!r} names many metrics, which only slices judges; name one, or use slices"
        return ""


class NumberGate(GateKind):
    """A gate that judges one number, offline."""

    @abstractmethod
    def judge(self, metric: str, value: float | None, baseline: float | None) -> Judgement:
        """The verdict on a value; `baseline` is the stable model's, None where nothing is stable or it has none."""


class GateUnion(Union):
    """A gate among others."""

    @property
    def gate(self) -> GateKind:
        """The gate that is set."""
        member: GateKind = self.member("gate")
        return member
