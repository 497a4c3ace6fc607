"""A GitSync keeps the cluster as the head says: scenarios on a cluster and a repository in memory."""

from datetime import timedelta

import pytest

from fake_world import NOON, a_world
from kanaria.reconcile.world import World
from kanaria.vocabulary import Apply, DryRun, Failure, FailureKind, GitHead, Notice, ObjectRef, Plan, Unanswered, Watch
from synced_cluster import SYNC, SyncedCluster, a_config_map, applied, deleted, kinds_of

FILES = {"deploy/a.yaml": a_config_map("a"), "deploy/b.yaml": a_config_map("b"), "README.md": "# wine"}
WATCH = Watch("v1", "ConfigMap", "kanaria.dev/git-sync")


def config_map(name: str) -> ObjectRef:
    return ObjectRef("v1", "ConfigMap", "wine", name)


@pytest.fixture
def cluster() -> SyncedCluster:
    """A sync at rest with two objects."""
    made = SyncedCluster.with_sync()
    made.commit(FILES)
    made.settle()
    return made


def warnings(plan: Plan) -> list[Notice]:
    return [notice for notice in plan.notices if notice.type == "Warning"]


def test_a_new_sync_says_that_it_fetches():
    cluster = SyncedCluster.with_sync()

    plan = cluster.visit()

    assert cluster.condition("Ready") == ("Unknown", "Progressing")
    assert "fetching main from git.example.com" in cluster.message()
    assert [asked.url for asked in plan.questions if isinstance(asked, GitHead)] == ["https://git.example.com/wine.git"]
    assert cluster.sync.status.observed_generation == 1


def test_a_commit_is_rehearsed_applied_as_the_teams_account_and_then_told():
    cluster = SyncedCluster.with_sync()
    sha = cluster.commit(FILES)

    plan = cluster.visit()

    assert kinds_of(plan.acts) == ["DryRun", "Apply", "Apply", "WriteStatus"]
    assert {act.account.user for act in plan.acts if isinstance(act, Apply)} == {
        "system:serviceaccount:wine:kanaria-sync"
    }
    assert cluster.objects[config_map("a")]["metadata"]["labels"] == {"kanaria.dev/git-sync": "team"}
    assert cluster.condition("Ready") == ("True", "Succeeded")
    assert cluster.sync.status.last_applied_revision == f"main@sha1:{sha}"
    assert (cluster.sync.status.inventory.count, cluster.sync.status.inventory.kinds) == (2, ("v1/ConfigMap",))
    assert plan.watches == (WATCH,)


def test_at_rest_nothing_is_written(cluster: SyncedCluster):
    cluster.now += timedelta(hours=1)

    assert cluster.visit().acts == ()


def test_a_restart_finds_all_as_it_should_be(cluster: SyncedCluster):
    cluster.run = type(cluster.run)()

    assert cluster.visit().acts == ()


def test_a_commit_applies_only_what_it_changed(cluster: SyncedCluster):
    cluster.commit({**FILES, "deploy/a.yaml": a_config_map("a", "2")})

    plan = cluster.visit()

    assert applied(plan) == ["ConfigMap wine/a"]
    assert not any(isinstance(act, DryRun) for act in plan.acts)
    assert warnings(plan) == []


@pytest.mark.parametrize("restarted", [pytest.param(False, id="running"), pytest.param(True, id="after a restart")])
def test_a_field_that_left_the_file_leaves_the_object(cluster: SyncedCluster, *, restarted: bool):
    cluster.put({**cluster.objects[config_map("a")], "data": {"value": "1", "theirs": "kept"}})
    cluster.commit({**FILES, "deploy/a.yaml": a_config_map("a").partition("data: ")[0]})
    cluster.run = type(cluster.run)() if restarted else cluster.run

    plan = cluster.settle()

    assert applied(plan) == ["ConfigMap wine/a"]
    assert cluster.objects[config_map("a")]["data"] == {"theirs": "kept"}


def test_when_it_is_not_known_what_was_applied_all_is_applied_once(cluster: SyncedCluster):
    cluster.commits.clear()
    cluster.run = type(cluster.run)()
    cluster.commit({**FILES, "deploy/c.yaml": a_config_map("c")}, "f" * 40)

    assert len(applied(cluster.settle())) == 3


def test_a_commit_elsewhere_costs_one_status_write(cluster: SyncedCluster):
    before = cluster.status_writes
    cluster.commit({**FILES, "training/train.py": "print(1)"})

    plan = cluster.settle()

    assert kinds_of(plan.acts) == ["WriteStatus"]
    assert cluster.status_writes == before + 1


def test_an_object_that_left_the_path_is_deleted_after_all_else_is_applied(cluster: SyncedCluster):
    cluster.commit({"deploy/a.yaml": a_config_map("a", "2"), "deploy/c.yaml": a_config_map("c")})

    plan = cluster.visit()

    assert kinds_of(plan.acts) == ["DryRun", "Apply", "Apply", "Delete", "WriteStatus"]
    assert deleted(plan) == ["ConfigMap wine/b"]
    assert cluster.names() == ["a", "c"]


def test_moving_a_file_deletes_nothing(cluster: SyncedCluster):
    cluster.commit({"deploy/all/both.yaml": "---\n".join([FILES["deploy/b.yaml"], FILES["deploy/a.yaml"]])})

    assert kinds_of(cluster.visit().acts) == ["WriteStatus"]


def test_a_new_version_of_an_api_is_not_another_object():
    cluster = SyncedCluster.with_sync()
    thing = "apiVersion: example.com/v1beta1\nkind: Thing\nmetadata: {name: x}\n"
    cluster.commit({"deploy/x.yaml": thing})
    cluster.settle()
    cluster.commit({"deploy/x.yaml": thing.replace("v1beta1", "v1")})

    assert deleted(cluster.visit()) == []


def test_without_prune_what_left_the_path_stays():
    cluster = SyncedCluster.with_sync(prune=False)
    cluster.commit(FILES)
    cluster.settle()
    cluster.commit({"deploy/a.yaml": FILES["deploy/a.yaml"]})

    cluster.settle()

    assert cluster.names() == ["a", "b"]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        pytest.param({"README.md": "gone"}, "deploy is not in commit", id="the path is gone"),
        pytest.param({"deploy/.gitkeep": ""}, "deploy holds no manifest any more", id="the path is empty"),
        pytest.param({"deploy/a.yaml": "# nothing\n"}, "deploy holds no manifest any more", id="the files are empty"),
    ],
)
def test_an_emptied_path_deletes_nothing_and_waits_for_a_person(
    cluster: SyncedCluster, files: dict[str, str], message: str
):
    cluster.commit(files)

    cluster.settle()

    assert cluster.names() == ["a", "b"]
    assert cluster.condition("Stalled") == ("True", "PathNotFound")
    assert message in cluster.message()


def test_a_bad_file_stalls_with_its_place_and_what_runs_keeps_running(cluster: SyncedCluster):
    before = cluster.sync.status.last_applied_revision
    sha = cluster.commit({"deploy/a.yaml": a_config_map("a", "2"), "deploy/c.yaml": "kind: [\n"})

    plan = cluster.visit()

    assert kinds_of(plan.acts) == ["WriteStatus"]
    assert cluster.condition("Stalled") == ("True", "BuildFailed")
    assert cluster.message().startswith("deploy/c.yaml, line 2: ")
    assert cluster.sync.status.last_applied_revision == before
    assert cluster.sync.status.last_attempted_revision == f"main@sha1:{sha}"
    assert cluster.names() == ["a", "b"]


def test_a_mended_file_ends_the_stall(cluster: SyncedCluster):
    cluster.commit({**FILES, "deploy/c.yaml": "kind: [\n"})
    cluster.settle()
    cluster.commit({**FILES, "deploy/c.yaml": a_config_map("c")})

    cluster.settle()

    assert cluster.condition("Ready") == ("True", "Succeeded")
    assert cluster.condition("Stalled") == ("", "")


def test_drift_is_put_back_and_told_with_field_and_manager(cluster: SyncedCluster):
    entries = [{"manager": "kanaria", "time": "1"}, {"manager": "kubectl-edit", "time": "2"}]
    changed = {**cluster.objects[config_map("a")], "data": {"value": "9", "other": "kept"}}
    cluster.put({**changed, "metadata": {**changed["metadata"], "managedFields": entries}})

    plan = cluster.visit()

    assert applied(plan) == ["ConfigMap wine/a"]
    assert [(notice.reason, notice.message) for notice in plan.notices] == [
        ("DriftRepaired", "data.value of ConfigMap wine/a was changed by kubectl-edit: Git's state is put back")
    ]
    assert kinds_of(plan.acts) == ["Apply"]
    assert cluster.objects[config_map("a")]["data"] == {"value": "1", "other": "kept"}


def test_what_was_deleted_by_hand_comes_back(cluster: SyncedCluster):
    del cluster.objects[config_map("a")]
    del cluster.objects[config_map("b")]

    plan = cluster.settle()

    assert cluster.names() == ["a", "b"]
    assert plan.notices[0].message == (
        "ConfigMap wine/a was deleted by hand, and 1 more objects: Git's state is put back"
    )


def test_fields_of_others_are_no_drift(cluster: SyncedCluster):
    cluster.put({**cluster.objects[config_map("a")], "status": {"phase": "x"}, "extra": {"of": "others"}})

    assert cluster.visit().acts == ()


def test_a_value_that_the_server_stores_otherwise_is_applied_once_only(cluster: SyncedCluster):
    cluster.commit({**FILES, "deploy/a.yaml": a_config_map("a", "Value")})
    cluster.visit()
    stored = cluster.objects[config_map("a")]
    cluster.put({**stored, "data": {"value": "value"}})

    assert cluster.visit().acts == ()
    cluster.put({**stored, "data": {"value": "by hand"}})
    assert applied(cluster.visit()) == ["ConfigMap wine/a"]


def test_an_object_of_another_sync_is_left_alone(cluster: SyncedCluster):
    other = {**cluster.objects[SYNC], "metadata": {"name": "other", "namespace": "wine"}}
    theirs = {"name": "c", "namespace": "wine", "labels": {"kanaria.dev/git-sync": "other"}}
    cluster.put(other)
    cluster.put({"apiVersion": "v1", "kind": "ConfigMap", "metadata": theirs, "data": {}})
    cluster.commit({**FILES, "deploy/c.yaml": a_config_map("c")})

    cluster.settle()

    assert cluster.condition("Stalled") == ("True", "OwnedByAnother")
    assert "deploy/c.yaml, line 1: ConfigMap wine/c is applied by the GitSync other" in cluster.message()
    del cluster.objects[ObjectRef.of(other)]
    cluster.settle()
    assert cluster.condition("Ready") == ("True", "Succeeded")


def test_a_cluster_wide_object_is_not_pruned_by_a_sync_of_the_same_name(cluster: SyncedCluster):
    role = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: r}\nrules: []\n"
    cluster.commit({**FILES, "deploy/r.yaml": role})
    cluster.settle()
    theirs = {"name": "theirs", "labels": {"kanaria.dev/git-sync": "beer.team"}}
    cluster.put({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": theirs})

    assert cluster.visit().acts == ()
    assert cluster.objects[ObjectRef("rbac.authorization.k8s.io/v1", "ClusterRole", "", "r")]["metadata"]["labels"] == {
        "kanaria.dev/git-sync": "wine.team"
    }


def test_nothing_is_done_before_the_caches_are_there(cluster: SyncedCluster):
    cluster.unsynced = (WATCH,)
    cluster.commit({"deploy/c.yaml": a_config_map("c")})

    plan = cluster.visit()

    assert plan.acts == ()
    assert plan.look_again is not None
    cluster.unsynced = ()
    cluster.settle()
    assert cluster.names() == ["c"]


def test_a_kind_that_the_operator_may_not_watch_is_neither_applied_nor_pruned(cluster: SyncedCluster):
    cluster.unsynced, cluster.refused = (WATCH,), {WATCH: "configmaps is forbidden"}
    cluster.commit({"deploy/c.yaml": a_config_map("c")})

    plans = [cluster.visit(), cluster.visit()]

    assert [kinds_of(plan.acts) for plan in plans] == [["WriteStatus"], []]
    assert plans[1].look_again is None
    assert cluster.condition("Stalled") == ("True", "Forbidden")
    assert cluster.message("Stalled").startswith(
        "deploy/c.yaml, line 1: the operator may not watch ConfigMap of v1: configmaps is forbidden; have its role"
    )
    cluster.unsynced, cluster.refused = (), {}
    cluster.settle()
    assert cluster.names() == ["c"]


def test_a_remote_that_is_away_is_told_once_and_drift_is_repaired_meanwhile(cluster: SyncedCluster):
    cluster.head = Unanswered(cluster.now, "git.example.com: it cannot be reached")

    assert kinds_of(cluster.visit().acts) == ["WriteStatus"]
    assert cluster.condition("Ready") == ("True", "Succeeded")
    assert cluster.condition("Reconciling") == ("True", "ProgressingWithRetry")
    assert "git.example.com: it cannot be reached" in cluster.message("Reconciling")
    del cluster.objects[config_map("a")]
    assert applied(cluster.visit()) == ["ConfigMap wine/a"]
    assert cluster.visit().acts == ()


@pytest.mark.parametrize(
    ("kind", "condition", "message"),
    [
        pytest.param(
            FailureKind.FORBIDDEN,
            ("Stalled", ("True", "Forbidden")),
            "deploy/c.yaml, line 1: ServiceAccount wine/kanaria-sync may not have ConfigMap wine/c applied: no; no",
            id="not allowed",
        ),
        pytest.param(
            FailureKind.INVALID,
            ("Stalled", ("True", "ApplyFailed")),
            "deploy/c.yaml, line 1: ConfigMap wine/c is refused: no; mend it in Git",
            id="refused",
        ),
        pytest.param(
            FailureKind.UNREACHABLE,
            ("Reconciling", ("True", "ProgressingWithRetry")),
            "deploy/c.yaml, line 1: ConfigMap wine/c could not be applied: no",
            id="unreachable",
        ),
    ],
)
def test_an_object_that_cannot_be_applied_is_told_and_tried_again(
    cluster: SyncedCluster, kind: FailureKind, condition: tuple[str, tuple[str, str]], message: str
):
    cluster.refuse = {config_map("c"): kind}
    cluster.commit({**FILES, "deploy/c.yaml": a_config_map("c")})
    cluster.visit()

    plan = cluster.visit()

    assert kinds_of(plan.acts) == ["WriteStatus", "Apply"]
    assert cluster.condition(condition[0]) == condition[1]
    assert cluster.message(condition[0]).startswith(message)
    assert kinds_of(cluster.visit().acts) == ["Apply"]
    cluster.refuse = {}
    cluster.settle()
    assert cluster.condition("Ready") == ("True", "Succeeded")


def test_a_failure_that_does_not_matter_any_more_is_forgotten(cluster: SyncedCluster):
    cluster.failure = Failure(Apply({"metadata": {"name": "gone"}}), FailureKind.INVALID, "no", NOON)

    assert cluster.visit().acts == ()


def test_a_suspended_sync_does_nothing(cluster: SyncedCluster):
    body = cluster.objects[SYNC]
    cluster.put({**body, "spec": {**body["spec"], "suspend": True}})
    cluster.commit({"deploy/c.yaml": a_config_map("c")})

    plan = cluster.visit()

    assert (kinds_of(plan.acts), plan.questions, plan.watches) == (["WriteStatus"], (), ())
    assert cluster.condition("Ready") == ("True", "Suspended")


def test_a_sync_that_cannot_be_read_says_which_field():
    cluster = SyncedCluster.with_sync()
    body = cluster.objects[SYNC]
    cluster.objects[SYNC] = {**body, "spec": {**body["spec"], "path": "../up"}}
    plan = cluster.run(SYNC.object_name, _world(cluster))

    assert plan is not None
    assert plan.status is not None
    assert "remove '..'" in plan.status["conditions"][0]["message"]


def test_a_sync_that_is_gone_has_no_plan():
    assert SyncedCluster().run(SYNC.object_name, _world(SyncedCluster())) is None


def _world(cluster: SyncedCluster) -> World:
    return a_world(cluster.objects.values())
