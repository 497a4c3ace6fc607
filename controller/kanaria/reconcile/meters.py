"""What is counted while the operator works; docs/metrics.md says what each number means."""

from collections.abc import Mapping
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Histogram

from kanaria.cluster.client import Wrote
from kanaria.reconcile.workshops import GitWorkshop
from kanaria.reconcile.world import Mirrors
from kanaria.vocabulary import (
    Approval,
    ApprovalAsked,
    CommitEdits,
    CommitResult,
    GitHead,
    Question,
    SourceHead,
    TrustAsked,
)
from kanaria.vocabulary.objects import Manifest

VISIT_SECONDS = (0.001, 0.005, 0.02, 0.1, 0.5, 2.0, 10.0, 60.0)
BAD_REQUESTS = (0, 1, 3, 10, 30, 100, 300, 1000, 3000)
_FAILED = "Failed"


class Meters:
    """Counters of one registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(f"kanaria_{name}", text, labels, registry=registry)

        self._visits = counter("visits", "Visits of objects, by how they ended.", "kind", "result")
        self._seconds = Histogram(
            "kanaria_visit_duration_seconds",
            "How long a visit took, with its writes.",
            ("kind",),
            registry=registry,
            buckets=VISIT_SECONDS,
        )
        self._writes = counter("writes", "Writes to the API server.", "verb", "resource", "result")
        self._statuses = counter("status_writes", "Writes of a status that were done.", "kind")
        self._pushes = counter("git_pushes", "Pushes to repositories.", "result")
        self._fetches = counter("git_fetches", "Fetches of repositories.", "result")
        self._questions = counter("questions", "Questions asked of the world.", "kind", "result")
        self._trials = counter("trials", "Trials that are over.", "namespace", "name", "outcome")
        self._bad = Histogram(
            "kanaria_trial_bad_requests",
            "Bad requests that were counted of a candidate until it failed.",
            registry=registry,
            buckets=BAD_REQUESTS,
        )

    def visited(self, kind: str, result: str, seconds: float) -> None:
        """A visit ended."""
        self._visits.labels(kind, result).inc()
        self._seconds.labels(kind).observe(seconds)

    def wrote(self, wrote: Wrote) -> None:
        """A write to the API server ended."""
        resource, below = wrote.resource, f"/{wrote.subresource}" if wrote.subresource else ""
        self._writes.labels(wrote.verb, resource.plural + below, wrote.result).inc()
        if (wrote.subresource, wrote.result) == ("status", "ok"):
            self._statuses.labels(resource.kind).inc()

    def asked(self, question: Question, *, answered: bool) -> None:
        """A question was carried."""
        self._questions.labels(type(question).__name__, "answered" if answered else "unanswered").inc()

    def fetched(self, *, done: bool) -> None:
        """A repository was fetched, or could not be."""
        self._fetches.labels("done" if done else "failed").inc()

    def pushed(self, result: CommitResult) -> None:
        """A write-back ended: each refused push counts, and the last one if there was any."""
        if result.rejected:
            self._pushes.labels("rejected").inc(result.rejected)
        if result.commit or result.error:
            self._pushes.labels("done" if result.commit else "failed").inc()

    def changed(self, old: Manifest | None, new: Manifest | None) -> None:
        """A ModelDeployment changed: count the trials that are over since."""
        if old is None or new is None or new.get("kind") != "ModelDeployment":
            return
        before, metadata = _over(old), new["metadata"]
        for key, trial in _over(new).items():
            if key in before:
                continue
            self._trials.labels(metadata.get("namespace", ""), metadata["name"], str(trial.get("phase"))).inc()
            if trial.get("phase") == _FAILED:
                self._bad.observe(_bad_requests(trial))


class CountedGit:
    """A Git workshop whose fetches and pushes are counted."""

    def __init__(self, git: GitWorkshop, meters: Meters) -> None:
        self._git = git
        self._meters = meters

    @property
    def mirrors(self) -> Mirrors:
        """What was fetched."""
        return self._git.mirrors

    def committed(self, url: str, commit: str) -> datetime:
        """When a commit that was fetched was made."""
        return self._git.committed(url, commit)

    async def head(self, question: GitHead) -> str:
        """Fetch, and tell the commit at the head."""
        done = False
        try:
            found = await self._git.head(question)
            done = True
        finally:
            self._meters.fetched(done=done)
        return found

    async def source_head(self, question: SourceHead) -> str:
        """Fetch, and tell the newest commit that touched the path."""
        done = False
        try:
            found = await self._git.source_head(question)
            done = True
        finally:
            self._meters.fetched(done=done)
        return found

    async def trust(self, question: TrustAsked) -> str:
        """Why a fetched commit may not be applied; empty where it may."""
        return await self._git.trust(question)

    async def approval(self, question: ApprovalAsked) -> Approval:
        """Who proposed a candidate, and who approved it."""
        return await self._git.approval(question)

    async def commit(self, act: CommitEdits) -> CommitResult:
        """Edit, commit and push."""
        result = await self._git.commit(act)
        self._meters.pushed(result)
        return result


def _over(body: Manifest) -> Mapping[tuple[str, str], Manifest]:
    """The trials that are over, by id and end: one that is still in place has its checkpoint."""
    status = body.get("status") or {}
    trials = [*(status.get("history") or ()), *filter(None, [status.get("trial")])]
    return {(trial.get("id", ""), trial["endedAt"]): trial for trial in trials if trial.get("endedAt")}


def _bad_requests(trial: Manifest) -> int:
    """The most that any of its metrics counted: metrics look at the same requests."""
    counted = [(metric.get("candidate") or (0, 0))[1] for metric in (trial.get("checkpoint") or {}).values()]
    return max((int(bad) for bad in counted), default=0)
