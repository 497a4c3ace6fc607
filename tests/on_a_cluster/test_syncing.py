"""A repository kept in a cluster: what a commit does, what a hand does, and what is left alone."""

import pytest

from kanaria.local.api_client import CONFIG_MAPS
from synced_cluster import a_config_map
from synced_team import GIT_SYNCS, SYNC, SyncedTeam, condition
from waiting import eventually_now

TWO = {"deploy/a.yaml": a_config_map("a"), "deploy/b.yaml": a_config_map("b")}
A_SERVICE = "apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec: {ports: [{port: 80}]}\n"
A_POLICY = (
    "apiVersion: kanaria.dev/v1alpha1\nkind: MetricPolicy\nmetadata: {name: p}\n"
    "spec: {metrics: [{name: accuracy, mlflow: {key: accuracy}, threshold: {min: 0.9}}]}\n"
)
A_MODEL_THAT_IS_NOWHERE = (
    "apiVersion: kanaria.dev/v1alpha1\nkind: ModelDeployment\nmetadata: {name: wine}\nspec:\n"
    "  model: {name: wine}\n  stable: {version: '7'}\n"
    "  predictor: {model: {modelFormat: {name: sklearn}}}\n  strategy: {canary: {steps: [{setWeight: 5}]}}\n"
)
A_SECRET = "apiVersion: v1\nkind: Secret\nmetadata: {name: token}\nstringData: {token: shh}\n"


@pytest.fixture
def two(team: SyncedTeam) -> SyncedTeam:
    """A team whose repository has two ConfigMaps, applied."""
    team.repository.commit(TWO)
    team.follow().applied(team.repository.head())
    return team


def uids(team: SyncedTeam) -> dict[str, str]:
    return {name: team.get(CONFIG_MAPS, name)["metadata"]["uid"] for name in team.names(CONFIG_MAPS)}


def test_a_commit_is_applied(two: SyncedTeam):
    assert two.names(CONFIG_MAPS) == ["a", "b"]


def test_a_changed_file_changes_that_object_only(two: SyncedTeam):
    before = two.get(CONFIG_MAPS, "b")

    two.commit({"deploy/a.yaml": a_config_map("a", "2")})

    assert (two.value("a"), two.get(CONFIG_MAPS, "b")) == ("2", before)


def test_a_moved_file_deletes_nothing(two: SyncedTeam):
    before = uids(two)

    two.commit({"deploy/a.yaml": None, "deploy/below/a.yaml": a_config_map("a")})

    assert uids(two) == before


def test_a_removed_file_takes_its_object_with_it(two: SyncedTeam):
    two.commit({"deploy/a.yaml": None})

    assert two.names(CONFIG_MAPS) == ["b"]


def test_a_field_that_was_changed_by_hand_is_put_back_and_told(two: SyncedTeam):
    patch = ("patch", "configmap", "a", "-n", two.namespace, "--field-manager", "hasty-hand")
    two.cluster.kubectl(*patch, "--type=merge", "-p", '{"data": {"value": "9"}}')

    eventually_now(lambda: two.value("a") == "1")
    told = eventually_now(lambda: two.events("DriftRepaired"))

    assert "data.value" in told[0]
    assert "hasty-hand" in told[0]


def test_a_bad_file_stalls_with_its_place_and_nothing_of_the_commit_is_applied(two: SyncedTeam):
    bad = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c\n name: d\n"
    two.repository.commit({"deploy/a.yaml": a_config_map("a", "2"), "deploy/c.yaml": bad})

    stalled = two.stalled()

    assert stalled["reason"] == "BuildFailed"
    assert "deploy/c.yaml, line 5" in stalled["message"]
    assert two.value("a") == "1"


@pytest.mark.parametrize(
    ("manifest", "told"),
    [
        pytest.param(A_SERVICE, "kanaria-sync", id="what the team's account may not apply"),
        pytest.param(A_SECRET, "Secret", id="a kind that the operator may not watch"),
    ],
)
def test_what_is_forbidden_stalls_and_nothing_of_the_commit_is_applied(two: SyncedTeam, manifest: str, told: str):
    if two.cluster.name == "local":
        pytest.skip("the local cluster knows but one user, who may do everything")
    two.repository.commit({"deploy/a.yaml": a_config_map("a", "2"), "deploy/more.yaml": manifest})

    stalled = two.stalled()

    assert stalled["reason"] == "Forbidden"
    assert told in stalled["message"]
    assert two.value("a") == "1"


def test_an_emptied_path_waits_for_a_person(two: SyncedTeam):
    two.repository.commit({"deploy/a.yaml": None, "deploy/b.yaml": None, "deploy/README": "moved\n"})

    assert two.stalled()["reason"] == "PathNotFound"
    assert two.names(CONFIG_MAPS) == ["a", "b"]


def test_a_sync_waits_for_the_one_it_depends_on(team: SyncedTeam):
    team.repository.commit({**TWO, "base/p.yaml": "kind: ["})
    team.follow("base", path="base").follow(dependsOn=[{"name": "base"}])
    eventually_now(lambda: condition(team.get(GIT_SYNCS, SYNC), "Ready").get("reason") == "DependencyNotReady")

    assert team.names(CONFIG_MAPS) == []

    commit = team.commit({"base/p.yaml": A_POLICY}, "Mend it")

    assert team.names(CONFIG_MAPS) == ["a", "b"]
    assert team.get(GIT_SYNCS, "base")["status"]["lastAppliedRevision"].endswith(commit)


def test_ready_waits_until_what_was_applied_works(team: SyncedTeam):
    team.repository.commit({"deploy/p.yaml": A_POLICY})
    team.follow(health={})
    eventually_now(lambda: condition(team.get(GIT_SYNCS, SYNC), "Healthy").get("status") == "True")
    team.commit({"deploy/wine.yaml": A_MODEL_THAT_IS_NOWHERE}, "Serve what is not there")

    stalled = team.stalled()

    assert stalled["reason"] == "HealthCheckFailed"
    assert "ModelDeployment" in stalled["message"]
    assert "MLflow has no version 7" in stalled["message"]


def test_a_sync_that_is_deleted_takes_its_objects_with_it_where_it_says_so(team: SyncedTeam):
    team.repository.commit(TWO)
    team.follow(deletionPolicy="Delete").applied(team.repository.head())

    team.cluster.kubectl("delete", "gitsync", SYNC, "-n", team.namespace, "--wait=false")

    eventually_now(lambda: not team.get(GIT_SYNCS, SYNC))
    eventually_now(lambda: not team.names(CONFIG_MAPS))


def test_a_sync_that_is_deleted_leaves_its_objects_by_default(two: SyncedTeam):
    two.cluster.kubectl("delete", "gitsync", SYNC, "-n", two.namespace)

    assert two.names(CONFIG_MAPS) == ["a", "b"]
