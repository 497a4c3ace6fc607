"""A large repository is read some files at a time, so that others are served meanwhile."""

from kanaria.reconcile.git_memory import READ_AT_ONCE
from synced_cluster import SyncedCluster, a_config_map, applied, kinds_of


def many(count: int, value: str = "1") -> dict[str, str]:
    return {f"deploy/{number:03}.yaml": a_config_map(f"c{number:03}", value) for number in range(count)}


def test_files_are_read_in_parts_and_applied_once_all_are_read():
    cluster = SyncedCluster.with_sync()
    cluster.commit(many(2 * READ_AT_ONCE + 1))

    plans = [cluster.visit() for _ in range(3)]

    assert [kinds_of(plan.acts)[:1] for plan in plans] == [[], [], ["DryRun"]]
    assert [plan.look_again is not None and plan.questions != () for plan in plans[:2]] == [True, True]
    assert len(cluster.names()) == 2 * READ_AT_ONCE + 1


def test_a_commit_that_changes_one_file_is_applied_at_once():
    cluster = SyncedCluster.with_sync()
    files = many(2 * READ_AT_ONCE)
    cluster.commit(files)
    for _ in range(4):
        cluster.visit()

    cluster.commit({**files, "deploy/007.yaml": a_config_map("c007", "2")})

    assert applied(cluster.visit()) == ["ConfigMap wine/c007"]


def test_while_a_commit_is_read_what_is_watched_stays_watched():
    cluster = SyncedCluster.with_sync()
    cluster.commit(many(2))
    watched = cluster.settle().watches
    cluster.commit(many(2 * READ_AT_ONCE, "2"))

    plan = cluster.visit()

    assert plan.acts == ()
    assert plan.watches == watched
