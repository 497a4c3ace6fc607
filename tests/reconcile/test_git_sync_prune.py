"""Many deletions at once wait for a person who means them."""

import pytest

from synced_cluster import SYNC, SyncedCluster, a_config_map


def many(count: int) -> dict[str, str]:
    return {f"deploy/{number:02}.yaml": a_config_map(f"c{number:02}") for number in range(count)}


@pytest.fixture
def full() -> SyncedCluster:
    made = SyncedCluster.with_sync(pruneLimit=3)
    made.commit(many(12))
    made.settle()
    return made


def test_many_deletions_wait_for_a_confirming_commit(full: SyncedCluster):
    full.commit(many(8))

    full.settle()

    assert len(full.names()) == 12
    assert full.condition("Stalled") == ("True", "PruneLimit")
    assert "would delete 4 objects (ConfigMap wine/c08" in full.message()
    full.commit({**many(8), "deploy/note.yaml": a_config_map("note")})
    full.settle()
    assert len(full.names()) == 9
    assert full.condition("Ready") == ("True", "Succeeded")
    assert full.sync.status.prune_waiting is None


def test_the_same_commit_after_a_restart_confirms_nothing(full: SyncedCluster):
    full.commit(many(8))
    full.settle()
    full.run = type(full.run)()

    full.settle()

    assert len(full.names()) == 12


def test_a_commit_that_deletes_yet_more_is_a_new_question(full: SyncedCluster):
    full.commit(many(8))
    full.settle()
    full.commit(many(7))

    full.settle()

    assert len(full.names()) == 12
    assert "would delete 5 objects" in full.message()


def test_a_commit_of_kanarias_own_confirms_nothing(full: SyncedCluster):
    full.commit(many(8))
    full.settle()
    own = full.commit({**many(8), "x": ""})
    body = full.objects[SYNC]
    full.put({**body, "status": {**body["status"], "lastWriteBack": f"{own} Promote wine"}})

    full.settle()

    assert len(full.names()) == 12
    full.commit(many(8))
    full.settle()
    assert len(full.names()) == 8


@pytest.mark.parametrize(
    ("kept", "left"), [pytest.param(9, 9, id="at the limit"), pytest.param(12, 12, id="brought back")]
)
def test_few_deletions_need_no_confirmation(full: SyncedCluster, kept: int, left: int):
    full.commit(many(kept))

    full.settle()

    assert len(full.names()) == left
    assert full.condition("Stalled") == ("", "")


def test_more_than_the_limit_is_fine_if_it_is_few_of_many():
    cluster = SyncedCluster.with_sync(pruneLimit=3)
    cluster.commit(many(30))
    cluster.settle()
    cluster.commit(many(25))

    cluster.settle()

    assert len(cluster.names()) == 25


KEPT = a_config_map("kept").replace("metadata:\n", "metadata:\n  annotations: {kanaria.dev/prune: disabled}\n")


def test_an_object_that_is_to_be_kept_stays_when_its_file_goes():
    cluster = SyncedCluster.with_sync()
    cluster.commit({"deploy/a.yaml": a_config_map("a"), "deploy/b.yaml": a_config_map("b"), "deploy/kept.yaml": KEPT})
    cluster.settle()
    cluster.commit({"deploy/a.yaml": a_config_map("a")})

    cluster.settle()

    assert cluster.names() == ["a", "kept"]
    assert cluster.condition("Ready") == ("True", "Succeeded")


def test_an_object_that_is_to_be_kept_stays_when_the_sync_goes():
    cluster = SyncedCluster.with_sync(deletionPolicy="Delete")
    cluster.commit({"deploy/a.yaml": a_config_map("a"), "deploy/kept.yaml": KEPT})
    cluster.settle()
    cluster.delete_sync()

    while SYNC in cluster.objects:
        cluster.visit()

    assert cluster.names() == ["kept"]


def test_a_slip_in_what_is_to_be_kept_is_told():
    cluster = SyncedCluster.with_sync()
    cluster.commit({"deploy/kept.yaml": KEPT.replace("disabled", "Disabled")})

    cluster.settle()

    assert cluster.condition("Stalled") == ("True", "BuildFailed")
    assert "deploy/kept.yaml, line 4: the annotation kanaria.dev/prune knows one value: write dis" in cluster.message()
