"""A GitSync is deleted: its objects stay, or go with it, as its deletionPolicy says."""

from typing import Any

import pytest

from kanaria.decide.git_sync.leave import leave
from kanaria.decide.git_sync.scene import Seen
from kanaria.vocabulary import Delete, FailureKind, Hold, ObjectRef, Watch
from synced_cluster import SYNC, SyncedCluster, a_config_map, deleted, kinds_of

FILES = {"deploy/a.yaml": a_config_map("a"), "deploy/b.yaml": a_config_map("b")}
WATCH = Watch("v1", "ConfigMap", "kanaria.dev/git-sync")
RBAC = "rbac.authorization.k8s.io/v1"


def a_cluster(**spec: Any) -> SyncedCluster:
    made = SyncedCluster.with_sync(**spec)
    made.commit(FILES)
    made.settle()
    return made


@pytest.fixture
def cluster() -> SyncedCluster:
    """A sync at rest that takes its objects with it."""
    return a_cluster(deletionPolicy="Delete")


def gone(cluster: SyncedCluster) -> bool:
    """Whether the sync is gone within a few visits."""
    for _ in range(3):
        if SYNC not in cluster.objects:
            return True
        cluster.visit()
    return SYNC not in cluster.objects


def test_it_is_held_before_the_first_object_is_applied():
    cluster = SyncedCluster.with_sync(deletionPolicy="Delete")
    cluster.visit()
    cluster.commit(FILES)

    cluster.settle()

    assert cluster.sync.metadata.finalizers == ("kanaria.dev/git-sync",)
    assert cluster.names() == ["a", "b"]


def test_its_objects_go_and_then_it_goes(cluster: SyncedCluster):
    cluster.delete_sync()

    first, second = cluster.visit(), cluster.visit()

    assert deleted(first) == ["ConfigMap wine/a", "ConfigMap wine/b"]
    assert all(act.only_if_label == ("kanaria.dev/git-sync", "team") for act in first.acts if isinstance(act, Delete))
    assert second.acts == (Hold(held=False),)
    assert SYNC not in cluster.objects
    assert cluster.names() == []


def test_a_restart_in_between_deletes_what_is_left(cluster: SyncedCluster):
    cluster.delete_sync()
    cluster.refuse = {ObjectRef("v1", "ConfigMap", "wine", "b"): FailureKind.UNREACHABLE}
    cluster.visit()
    cluster.refuse, cluster.failure, cluster.run = {}, None, type(cluster.run)()
    cluster.commits.clear()  # the mirror is lost as well

    assert deleted(cluster.visit()) == ["ConfigMap wine/b"]
    assert gone(cluster)


def test_it_waits_until_it_sees_what_there_is(cluster: SyncedCluster):
    cluster.delete_sync()
    cluster.unsynced = (WATCH,)

    plan = cluster.visit()

    assert plan.acts == ()
    assert plan.look_again is not None


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param({}, id="by default"),
        pytest.param({"deletionPolicy": "Orphan"}, id="Orphan"),
        pytest.param({"deletionPolicy": "Delete", "prune": False}, id="Delete without prune"),
    ],
)
def test_its_objects_stay(spec: dict[str, Any]):
    cluster = a_cluster(**spec)

    cluster.delete_sync()

    assert gone(cluster)
    assert cluster.names() == ["a", "b"]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"deletionPolicy": "Orphan"}, id="Orphan after all"),
        pytest.param({"suspend": True}, id="suspended"),
    ],
)
def test_it_is_let_go_and_its_objects_stay(cluster: SyncedCluster, change: dict[str, Any]):
    body = cluster.objects[SYNC]
    cluster.delete_sync()
    cluster.put({**cluster.objects[SYNC], "spec": {**body["spec"], **change}})

    assert gone(cluster)
    assert cluster.names() == ["a", "b"]


def test_a_change_of_mind_before_takes_the_finalizer_away(cluster: SyncedCluster):
    body = cluster.objects[SYNC]
    cluster.put({**body, "spec": {**body["spec"], "deletionPolicy": "Orphan"}})

    assert cluster.settle().acts[0] == Hold(held=False)
    assert cluster.sync.metadata.finalizers == ()


def test_what_is_forbidden_is_told_with_both_ways_out(cluster: SyncedCluster):
    cluster.refuse = {ObjectRef("v1", "ConfigMap", "wine", "a"): FailureKind.FORBIDDEN}
    cluster.delete_sync()
    cluster.visit()

    plan = cluster.visit()

    assert kinds_of(plan.acts) == ["WriteStatus", "Delete", "Delete"]
    assert cluster.condition("Stalled") == ("True", "Forbidden")
    assert cluster.message().endswith(
        "or set spec.deletionPolicy to Orphan, which keeps the objects and lets the GitSync go"
    )


def test_a_kind_that_may_not_be_watched_is_told(cluster: SyncedCluster):
    cluster.delete_sync()
    cluster.unsynced, cluster.refused = (WATCH,), {WATCH: "no right"}

    cluster.visit()

    assert cluster.condition("Stalled") == ("True", "Forbidden")
    assert "may not watch ConfigMap of v1: no right" in cluster.message()


def test_an_operator_that_may_not_hold_it_applies_nothing_and_says_so():
    cluster = SyncedCluster.with_sync(deletionPolicy="Delete")
    cluster.refuse_holding = True
    cluster.commit(FILES)
    cluster.visit()
    cluster.visit()

    assert cluster.condition("Stalled") == ("True", "Forbidden")
    assert "have the operator's role grant patch on gitsyncs" in cluster.message()
    assert cluster.names() == []


def test_the_account_s_rights_go_last(cluster: SyncedCluster):
    cluster.delete_sync()
    kinds = [
        (RBAC, "RoleBinding"),
        (RBAC, "Role"),
        ("v1", "ServiceAccount"),
        ("v1", "Service"),
        ("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
    ]
    objects = frozenset(ObjectRef(api, kind, "wine", "x") for api, kind in kinds)

    acts = leave(cluster.sync, Seen(unwanted=objects))

    assert [act.target.kind for act in acts if isinstance(act, Delete)] == [
        "Service",
        "CustomResourceDefinition",
        "ServiceAccount",
        "Role",
        "RoleBinding",
    ]
