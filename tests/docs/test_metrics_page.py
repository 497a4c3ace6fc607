"""The page of metrics names what is exported, with its labels and type, and nothing else."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry

from fake_world import NOON, FakeObjects
from kanaria.cluster.client import Wrote
from kanaria.cluster.resource import Resource
from kanaria.reconcile.gauges import Gauges
from kanaria.reconcile.meters import Meters
from kanaria.vocabulary import CommitResult, ObjectRef, RunMetrics

PAGE = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text()
ROW = re.compile(r"^\| `(kanaria_\w+)` \|([^|]*)\| (\w+) \|", re.MULTILINE)
API = "kanaria.dev/v1alpha1"


class OneOfEach:
    """An operator that leads, with objects enough for a sample of each family."""

    def __init__(self) -> None:
        self.objects = FakeObjects({ObjectRef.of(body): body for body in (a_sync(), a_deployment("Stepping"))})
        self.term = self.visits = self.asking = self
        self.depth, self.oldest = 1, NOON

    def may_write(self) -> bool:
        return True

    def answer(self, _: Any) -> None:
        return None


def a_sync() -> dict[str, Any]:
    status = {"lastAttemptedRevision": "main@sha1:a", "lastAppliedRevision": "main@sha1:a"}
    spec = {"url": "https://git.example.com/wine.git"}
    return {"apiVersion": API, "kind": "GitSync", "metadata": named(), "spec": spec, "status": status}


def a_deployment(phase: str, **more: str) -> dict[str, Any]:
    trial = {"id": "8", "phase": phase, "weight": 5, **more}
    return {"apiVersion": API, "kind": "ModelDeployment", "metadata": named(), "status": {"trial": trial}}


def named() -> dict[str, str]:
    return {"name": "wine", "namespace": "wine"}


def exported() -> dict[str, tuple[set[str], str]]:
    """Every family with its labels and type, once everything has happened."""
    registry = CollectorRegistry()
    meters = Meters(registry)
    registry.register(Gauges(OneOfEach(), lambda: NOON))  # type: ignore[arg-type] # as much of one as is looked at
    meters.visited("GitSync", "done", 0.1)
    meters.wrote(Wrote("patch", Resource(API, "GitSync", "gitsyncs"), "status", "ok"))
    meters.asked(RunMetrics(timedelta(minutes=1), run_id="r"), answered=True)
    meters.fetched(done=True)
    meters.pushed(CommitResult(NOON, "c0ffee"))
    meters.changed(a_deployment("Stepping"), a_deployment("Failed", endedAt="now"))
    return {
        family.name + {"counter": "_total", "info": "_info"}.get(family.type, ""): (
            set().union(*(sample.labels for sample in family.samples)) - {"le"},
            "gauge" if family.type == "info" else family.type,
        )
        for family in registry.collect()
    }


def documented() -> dict[str, tuple[set[str], str]]:
    return {name: (set(re.findall(r"`(\w+)`", labels)), type_) for name, labels, type_ in ROW.findall(PAGE)}


def test_each_metric_of_the_page_is_exported_as_it_says_and_vice_versa():
    assert documented() == exported()
