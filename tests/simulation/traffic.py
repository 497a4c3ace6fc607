"""Who gets users' requests, how many go wrong, and what a gateway and a metric server tell of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from kanaria.measure.servers import MetricServer
from kanaria.vocabulary import (
    Counters,
    CountersAsked,
    CountersQueried,
    Measurement,
    QueriesAsked,
    SeriesCount,
)
from simulation.faults import Faults

PER_SECOND = 400.0
USUAL = 0.01
SERVERS = (MetricServer(name="main", url="http://127.0.0.1:9"),)


class OutageError(Exception):
    """A server of metrics does not answer."""


@dataclass
class Traffic:
    """Requests flow all the time; they are counted when something changes, and when somebody looks."""

    faults: Faults
    moment: Callable[[], float]
    now: Callable[[], datetime]
    bad: dict[str, float] = field(default_factory=dict)
    """The part of its requests that goes wrong, by a part of a backend's name."""
    numbers: dict[str, float] = field(default_factory=dict)
    weights: dict[str, int] = field(default_factory=dict)
    counts: dict[int, list[float]] = field(default_factory=dict)
    unserved: dict[str, float] = field(default_factory=dict)
    """Requests that found no server since the first that did, by the backend that was to have them."""
    _up: set[str] = field(default_factory=set)
    _since: float = 0.0

    def sends(self, weights: Mapping[str, int], up: set[str]) -> None:
        """From now on the gateway sends so, to these that have servers."""
        self.count()
        self.weights, self._up = dict(weights), up

    def count(self) -> None:
        seconds, self._since = self.moment() - self._since, self.moment()
        for place, (backend, weight) in enumerate(self.weights.items()):
            share = seconds * PER_SECOND * weight / 100
            if backend not in self._up:
                if share and self.counts:
                    self.unserved[backend] = self.unserved.get(backend, 0.0) + share
                continue
            known = self.counts.setdefault(place, [0.0, 0.0])
            known[0] += share
            known[1] += share * _of(self.bad, backend, USUAL)

    async def counters(self, question: CountersAsked | CountersQueried) -> Counters:
        if self.faults.metrics_down:
            raise OutageError("the gateway cannot be reached")
        self.count()
        arms = [self._series(arm) for arm in (question.candidate, question.stable)]
        return Counters(self.now(), *arms)

    async def measure(self, question: QueriesAsked) -> Measurement:
        if self.faults.servers_down:
            raise OutageError("metric server main cannot be reached")
        arms = [self._number(query) for query in (question.candidate, question.stable)]
        return Measurement(self.now(), *arms, "" if arms[0] is not None else "the query finds no data")

    def _series(self, arm: Any) -> Mapping[str, SeriesCount]:
        cluster = arm if isinstance(arm, str) else arm.total.split('"')[1]
        total, bad = self.counts.get(int(cluster.rpartition("/")[2]), (0.0, 0.0)) if cluster else (0.0, 0.0)
        return {"": SeriesCount(int(total), int(bad))}

    def _number(self, query: str) -> float | None:
        backend = next((name for name, weight in self.weights.items() if weight and name in query), "")
        return _of(self.numbers, backend, 0.1) if backend else None


def _of(known: Mapping[str, float], backend: str, usual: float) -> float:
    return next((value for part, value in known.items() if part in backend), usual)
