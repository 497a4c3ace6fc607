"""A GitSync that depends on others: a new commit waits for them, and drift does not."""

from typing import Any

import pytest

from kanaria.vocabulary import ObjectRef
from synced_cluster import SyncedCluster, a_config_map, applied

API = "kanaria.dev/v1alpha1"
URL = "https://git.example.com/wine.git"
ELSEWHERE = "https://git.example.com/base.git"
FILES = {"deploy/a.yaml": a_config_map("a")}
CONFIG_MAP = ObjectRef("v1", "ConfigMap", "wine", "a")


def another(name: str, *, ready: str = "True", seen: int = 1, revision: str = "", **spec: Any) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "wine", "generation": 1}
    told = {"type": "Ready", "status": ready, "reason": "Why", "lastTransitionTime": "2026-01-15T11:00:00Z"}
    status = {"conditions": [told], "observedGeneration": seen, "lastAppliedRevision": f"main@sha1:{revision}"}
    return {
        "apiVersion": API,
        "kind": "GitSync",
        "metadata": metadata,
        "spec": {"url": ELSEWHERE, **spec},
        "status": status,
    }


@pytest.fixture
def cluster() -> SyncedCluster:
    """A sync with a first commit, which depends on base."""
    made = SyncedCluster.with_sync(dependsOn=[{"name": "base"}])
    made.commit(FILES, "c" * 40)
    return made


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        pytest.param([], "there is no GitSync base that can be read", id="none of that name"),
        pytest.param([another("base", url="nonsense")], "there is no GitSync base that can be read", id="unreadable"),
        pytest.param([another("base", ready="False")], "GitSync base is not ready (Why)", id="not ready"),
        pytest.param([another("base", ready="Unknown")], "GitSync base is not ready (Why)", id="on its way"),
        pytest.param([another("base", seen=0)], "GitSync base was not looked at yet", id="ready for another spec"),
        pytest.param(
            [another("base", url=URL, revision="b" * 40)],
            "GitSync base follows the same repository and has not applied it yet",
            id="ready for another commit of the same repository",
        ),
    ],
)
def test_a_commit_waits(cluster: SyncedCluster, others: list[dict[str, Any]], expected: str):
    for other in others:
        cluster.put(other)

    plan = cluster.settle()

    assert applied(plan) == []
    assert cluster.condition("Ready") == ("Unknown", "DependencyNotReady")
    assert f"commit {'c' * 12} is not applied yet: {expected}" in cluster.message()
    assert cluster.names() == []


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(another("base"), id="of another repository, ready"),
        pytest.param(another("base", url=URL, revision="c" * 40), id="of the same repository, at that commit"),
        pytest.param(another("base", url=URL, ref={"tag": "v1"}), id="of another ref of the same repository"),
    ],
)
def test_a_commit_is_applied_once_they_are_ready(cluster: SyncedCluster, other: dict[str, Any]):
    cluster.settle()
    cluster.put(other)

    cluster.settle()

    assert cluster.condition("Ready") == ("True", "Succeeded")
    assert cluster.names() == ["a"]


def test_drift_is_repaired_whatever_the_others_do(cluster: SyncedCluster):
    cluster.put(another("base"))
    cluster.settle()
    cluster.put(another("base", ready="False"))
    cluster.put({**cluster.objects[CONFIG_MAP], "data": {"value": "by hand"}})

    assert applied(cluster.visit()) == ["ConfigMap wine/a"]


def test_a_circle_stalls_with_the_way(cluster: SyncedCluster):
    cluster.put(another("base", dependsOn=[{"name": "below"}]))
    cluster.put(another("below", dependsOn=[{"name": "below"}, {"name": "team"}]))

    cluster.settle()

    assert cluster.condition("Stalled") == ("True", "DependencyNotReady")
    assert "(team → base → below → team): remove one of these" in cluster.message()
