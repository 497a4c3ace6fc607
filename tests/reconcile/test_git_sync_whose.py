"""Whose an object is: of this sync or another, of its namespace or of none."""

from kanaria.vocabulary import ObjectRef, Watch
from synced_cluster import SYNC, SyncedCluster, a_config_map, applied


def test_a_sync_elsewhere_cannot_own_an_object_here_whatever_its_label_says():
    cluster = SyncedCluster.with_sync()
    elsewhere = {**cluster.objects[SYNC], "metadata": {"name": "other", "namespace": "beer"}}
    stale = {"name": "c", "namespace": "wine", "labels": {"kanaria.dev/git-sync": "other"}}
    cluster.put(elsewhere)
    cluster.put({"apiVersion": "v1", "kind": "ConfigMap", "metadata": stale, "data": {}})
    cluster.commit({"deploy/c.yaml": a_config_map("c")})

    cluster.settle()

    assert cluster.condition("Ready") == ("True", "Succeeded")


def test_an_object_elsewhere_that_bears_the_label_is_not_pruned():
    cluster = SyncedCluster.with_sync()
    forged = {"name": "x", "namespace": "beer", "labels": {"kanaria.dev/git-sync": "team"}}
    cluster.put({"apiVersion": "v1", "kind": "ConfigMap", "metadata": forged, "data": {}})
    cluster.commit({"deploy/a.yaml": a_config_map("a")})
    cluster.settle()

    assert ObjectRef("v1", "ConfigMap", "beer", "x") in cluster.objects


def test_a_kind_that_turns_out_to_be_namespaced_is_applied_where_it_belongs():
    cluster = SyncedCluster.with_sync()
    kind = ("postgresql.cnpg.io/v1", "Cluster")
    cluster.commit({"deploy/db.yaml": "apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {name: db}\n"})
    cluster.unsynced = (Watch(*kind, "kanaria.dev/git-sync"),)
    assert applied(cluster.settle()) == []

    cluster.unsynced, cluster.scopes = (), {kind: True}

    assert applied(cluster.visit()) == ["Cluster wine/db"]
    assert cluster.settle() is not None
    assert cluster.condition("Ready") == ("True", "Succeeded")
