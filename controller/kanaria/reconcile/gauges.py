"""What is so at the moment of a scrape: read off the caches then, and kept nowhere.

Gauges about objects are told by the replica that leads only, so that a sum over replicas is true.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily
from prometheus_client.registry import Collector

from kanaria import __version__
from kanaria.api import KINDS, GitSync
from kanaria.api.resource import API_VERSION
from kanaria.decide import unreadable
from kanaria.decide.git_sync import head_question
from kanaria.git.trouble import GitTrouble
from kanaria.reconcile.operator import Operator
from kanaria.reconcile.term import Term
from kanaria.vocabulary import Answered
from kanaria.vocabulary.objects import Manifest

Families = Iterator[GaugeMetricFamily]


class Gauges(Collector):
    """Gauges of one operator."""

    def __init__(self, operator: Operator, now: Callable[[], datetime]) -> None:
        self._operator = operator
        self._now = now

    def collect(self) -> Iterable[GaugeMetricFamily | InfoMetricFamily]:
        """Every family at every scrape, with samples where there are any."""
        yield InfoMetricFamily("kanaria", "The operator's version.", value={"version": __version__})
        leads = GaugeMetricFamily("kanaria_leader", "Whether this replica leads and may write.")
        leads.add_metric([], float(self._operator.may_write()))
        yield leads
        term = self._operator.term
        yield from self._queue(term)
        yield self._objects(term)
        yield self._weights(term)
        yield self._lags(term)

    def _queue(self, term: Term | None) -> Families:
        depth = GaugeMetricFamily("kanaria_queue_depth", "Objects that wait for a visit.")
        depth.add_metric([], term.visits.depth if term else 0)
        yield depth
        oldest = GaugeMetricFamily("kanaria_queue_oldest_seconds", "How long the first of them waits.")
        since = term.visits.oldest if term else None
        oldest.add_metric([], max(0.0, (self._now() - since).total_seconds()) if since else 0.0)
        yield oldest

    def _objects(self, term: Term | None) -> GaugeMetricFamily:
        family = GaugeMetricFamily("kanaria_objects", "Objects of Kanaria.", labels=["kind", "ready", "phase"])
        for kind in (kind.model_fields["kind"].default for kind in KINDS):
            states = Counter(_state(body) for body in self._of(kind, term))
            for (ready, phase), count in sorted(states.items()):
                family.add_metric([kind, ready, phase], count)
        return family

    def _weights(self, term: Term | None) -> GaugeMetricFamily:
        labels = ["namespace", "name"]
        family = GaugeMetricFamily("kanaria_canary_weight", "Percent of requests of a candidate.", labels=labels)
        for body in self._of("ModelDeployment", term):
            trial = (body.get("status") or {}).get("trial")
            if trial and not trial.get("endedAt"):
                metadata = body["metadata"]
                family.add_metric([metadata["namespace"], metadata["name"]], trial.get("weight", 0))
        return family

    def _lags(self, term: Term | None) -> GaugeMetricFamily:
        family = GaugeMetricFamily(
            "kanaria_sync_lag_seconds",
            "Age of the newest commit while it is not applied.",
            labels=["namespace", "name"],
        )
        for sync in unreadable.readable(GitSync, self._of("GitSync", term)):
            lag = self._lag(sync, term) if term else None
            if lag is not None:
                family.add_metric([sync.metadata.namespace, sync.metadata.name], lag)
        return family

    def _lag(self, sync: GitSync, term: Term) -> float | None:
        """None where no commit is known, nothing is applied, or a lost mirror cannot tell how old it is."""
        if not sync.spec.applies:
            return None
        head = term.asking.answer(head_question(sync))
        newest = head.value if isinstance(head, Answered) else _sha(sync.status.last_attempted_revision)
        if not newest:
            return None
        if newest == _sha(sync.status.last_applied_revision):
            return 0.0
        try:
            return max(0.0, (self._now() - self._operator.committed(sync.spec.url, newest)).total_seconds())
        except GitTrouble:
            return None

    def _of(self, kind: str, term: Term | None) -> tuple[Manifest, ...]:
        return self._operator.objects.list(API_VERSION, kind) if term else ()


def _state(body: Manifest) -> tuple[str, str]:
    status = body.get("status") or {}
    ready = next((each["status"] for each in status.get("conditions") or () if each["type"] == "Ready"), "Unknown")
    return ready, str(status.get("phase") or "")


def _sha(revision: str | None) -> str:
    return (revision or "").rpartition(":")[2]
