"""What is counted: visits, writes, pushes, questions, and trials that are over."""

from datetime import timedelta
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from fake_workshops import Bench
from fake_world import NOON
from kanaria.cluster.client import Wrote
from kanaria.cluster.resource import Resource
from kanaria.reconcile.meters import CountedGit, Meters
from kanaria.vocabulary import CommitEdits, CommitResult, GitHead, RunMetrics

SYNCS = Resource("kanaria.dev/v1alpha1", "GitSync", "gitsyncs")
HEAD = GitHead(timedelta(minutes=1), "https://git.example.com/wine.git", "main", "wine", None)
EDITS = CommitEdits("https://git.example.com/wine.git", "main", "wine", None, ("a", "b"), ())


class Counted:
    """Meters, and the value of one sample."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.meters = Meters(self.registry)

    def value(self, name: str, /, **labels: str) -> float:
        return self.registry.get_sample_value(f"kanaria_{name}", labels) or 0.0


@pytest.fixture
def counted() -> Counted:
    return Counted()


def a_deployment(trial: dict[str, Any] | None = None, *past: dict[str, Any]) -> dict[str, Any]:
    status = {"history": list(past)} | ({"trial": trial} if trial else {})
    return {"kind": "ModelDeployment", "metadata": {"name": "wine", "namespace": "team"}, "status": status}


def a_trial(phase: str, **more: Any) -> dict[str, Any]:
    over = phase not in {"Loading", "Stepping", "Passed"}
    return {"id": "8-abc", "phase": phase} | ({"endedAt": "2026-01-15T12:00:00Z"} if over else {}) | more


CHECKPOINT = {"p/errors": {"candidate": [400, 31]}, "p/latency": {"candidate": [400, 12]}}


@pytest.mark.parametrize(
    ("old", "new", "outcome"),
    [
        pytest.param(a_deployment(a_trial("Stepping")), a_deployment(a_trial("Failed")), "Failed", id="in its place"),
        pytest.param(
            a_deployment(a_trial("Passed")), a_deployment(None, a_trial("Promoted")), "Promoted", id="into history"
        ),
    ],
)
def test_a_trial_that_is_over_counts_once(counted: Counted, old: Any, new: Any, outcome: str):
    for before, after in ((old, new), (new, new), (new, a_deployment(None, a_trial(outcome)))):
        counted.meters.changed(before, after)

    assert counted.value("trials_total", namespace="team", name="wine", outcome=outcome) == 1


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(None, a_deployment(a_trial("Failed")), id="first seen after a restart"),
        pytest.param(a_deployment(a_trial("Failed")), None, id="gone"),
        pytest.param(a_deployment(a_trial("Stepping")), a_deployment(a_trial("Passed")), id="passed, not yet promoted"),
        pytest.param({"kind": "GitSync"}, {"kind": "GitSync"}, id="another kind"),
    ],
)
def test_nothing_counts_that_is_not_the_end_of_a_trial(counted: Counted, old: Any, new: Any):
    counted.meters.changed(old, new)

    assert [s for m in counted.registry.collect() if m.name == "kanaria_trials" for s in m.samples] == []


def test_bad_requests_are_those_that_its_metrics_counted_until_it_failed(counted: Counted):
    before = a_deployment(a_trial("Stepping", checkpoint=CHECKPOINT))
    counted.meters.changed(before, a_deployment(a_trial("Failed", checkpoint=CHECKPOINT)))
    counted.meters.changed(before, a_deployment(a_trial("Withdrawn", checkpoint=CHECKPOINT)))

    assert counted.value("trial_bad_requests_sum") == 31
    assert counted.value("trial_bad_requests_count") == 1


@pytest.mark.parametrize(
    ("result", "sums"),
    [
        pytest.param(CommitResult(NOON, "c0ffee"), {"done": 1}, id="pushed"),
        pytest.param(CommitResult(NOON, "c0ffee", rejected=2), {"done": 1, "rejected": 2}, id="at the third try"),
        pytest.param(CommitResult(NOON, "", rejected=10, error="no"), {"failed": 1, "rejected": 10}, id="given up"),
        pytest.param(CommitResult(NOON, ""), {}, id="nothing to push"),
    ],
)
async def test_pushes_are_counted_by_what_became_of_them(counted: Counted, result: CommitResult, sums: Any):
    git = CountedGit(Bench(commit_result=result), counted.meters)
    assert await git.commit(EDITS) == result

    assert {r: n for r in ("done", "rejected", "failed") if (n := counted.value("git_pushes_total", result=r))} == sums


async def test_fetches_are_counted_also_those_that_fail(counted: Counted):
    bench = Bench()
    git = CountedGit(bench, counted.meters)
    await git.head(HEAD)
    bench.head = _fails  # type: ignore[method-assign] # a workshop of the test's own
    with pytest.raises(ConnectionError):
        await git.head(HEAD)

    assert [counted.value("git_fetches_total", result=result) for result in ("done", "failed")] == [1, 1]


async def _fails(_: Any) -> Any:
    raise ConnectionError


@pytest.mark.parametrize(
    ("subresource", "result", "statuses"), [("status", "ok", 1), ("status", "conflict", 0), ("", "ok", 0)]
)
def test_writes_are_counted_and_those_of_a_status_apart(counted: Counted, subresource: str, result: str, statuses: int):
    counted.meters.wrote(Wrote("patch", SYNCS, subresource, result))
    resource = "gitsyncs/status" if subresource else "gitsyncs"

    assert counted.value("writes_total", verb="patch", resource=resource, result=result) == 1
    assert counted.value("status_writes_total", kind="GitSync") == statuses


def test_visits_and_questions_are_counted_by_how_they_ended(counted: Counted):
    counted.meters.visited("GitSync", "failed", 0.3)
    counted.meters.asked(RunMetrics(timedelta(minutes=1), run_id="r"), answered=False)

    assert counted.value("visits_total", kind="GitSync", result="failed") == 1
    assert counted.value("visit_duration_seconds_bucket", kind="GitSync", le="0.5") == 1
    assert counted.value("visit_duration_seconds_bucket", kind="GitSync", le="0.1") == 0
    assert counted.value("questions_total", kind="RunMetrics", result="unanswered") == 1
