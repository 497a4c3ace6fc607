"""What is wrong with the world at this moment; a history turns it on and off."""

from dataclasses import dataclass, field
from random import Random


@dataclass
class Faults:
    """Chances are of each request; seconds are virtual.

    What can go wrong with a write is told apart: refused before it is done, or done while its answer is lost.
    """

    chance: Random
    refused: float = 0.0
    lost: float = 0.0
    throttled: float = 0.0
    api_down: bool = False
    stale: float = 0.0
    twice: bool = False
    forbidden: set[str] = field(default_factory=set)
    git_down: bool = False
    git_loses: int = 0
    git_races: int = 0
    mlflow_down: bool = False
    metrics_down: bool = False
    servers_down: bool = False
    kserve_slow: float = 0.0
    kserve_lies: bool = False
    kserve_stuck: bool = False
    gateway_stuck: bool = False
    pods_lost: bool = False
    longest_lag: float = 0.0

    def happens(self, likely: float) -> bool:
        return likely > 0 and self.chance.random() < likely

    def lag(self, seconds: float) -> None:
        """Caches are behind by this much from now on."""
        self.stale = seconds
        self.longest_lag = max(self.longest_lag, seconds)

    def heal(self) -> None:
        """Nothing is wrong any more; what the caches missed stays a reason for what was done meanwhile."""
        fresh = Faults(self.chance, longest_lag=self.longest_lag)
        for name in self.__dataclass_fields__:
            setattr(self, name, getattr(fresh, name))
