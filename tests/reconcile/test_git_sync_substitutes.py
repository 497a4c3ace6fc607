"""Values of ConfigMaps are put into manifests: known before anything is read, and followed where they change."""

from typing import Any

import pytest

from kanaria.cluster.errors import ForbiddenError, NotFoundError
from kanaria.decide.git_sync import variables_question
from kanaria.reconcile.variables import variables_of
from kanaria.vocabulary import Account, Answered, DryRun, ObjectRef, Unanswered, VariablesAsked
from kanaria.vocabulary.objects import Manifest
from synced_cluster import SyncedCluster, a_config_map, applied, kinds_of

FILES = {"deploy/a.yaml": a_config_map("a", "${size}"), "deploy/b.yaml": a_config_map("b")}
A = ObjectRef("v1", "ConfigMap", "wine", "a")


@pytest.fixture
def cluster() -> SyncedCluster:
    """A sync at rest; size is 3."""
    made = SyncedCluster.with_sync(substituteFrom=[{"name": "sizes"}])
    made.variables = Answered(made.now, {"size": "3"})
    made.commit(FILES)
    made.settle()
    return made


def test_the_values_are_applied(cluster: SyncedCluster):
    assert cluster.objects[A]["data"] == {"value": "3"}
    assert cluster.condition("Ready") == ("True", "Succeeded")


def test_they_are_asked_for_as_the_team_s_account(cluster: SyncedCluster):
    asked = variables_question(cluster.sync)

    assert asked in cluster.plan().questions
    assert asked is not None
    assert (asked.account.name, asked.config_maps) == ("kanaria-sync", ("sizes",))


def test_a_value_that_changes_is_applied_without_a_commit_and_is_no_drift(cluster: SyncedCluster):
    cluster.variables = Answered(cluster.now, {"size": "4"})

    plan = cluster.settle()

    assert applied(plan) == ["ConfigMap wine/a"]
    assert not any(isinstance(act, DryRun) for act in plan.acts)
    assert plan.notices == ()
    assert cluster.objects[A]["data"] == {"value": "4"}


def test_at_rest_nothing_is_written_and_drift_is_still_drift(cluster: SyncedCluster):
    assert cluster.visit().acts == ()
    cluster.put({**cluster.objects[A], "data": {"value": "by hand"}})

    assert [notice.reason for notice in cluster.visit().notices] == ["DriftRepaired"]


def test_a_restart_writes_nothing(cluster: SyncedCluster):
    answer, cluster.variables, cluster.run = cluster.variables, None, type(cluster.run)()

    assert cluster.visit().acts == ()
    cluster.variables = answer
    assert cluster.visit().acts == ()


def test_a_name_that_stands_for_nothing_stalls_with_its_place(cluster: SyncedCluster):
    cluster.commit({**FILES, "deploy/c.yaml": a_config_map("c", "${colour}")})

    cluster.settle()

    assert cluster.condition("Stalled") == ("True", "BuildFailed")
    assert cluster.message().startswith("deploy/c.yaml, line 5: ${colour} stands for nothing")
    assert cluster.names() == ["a", "b"]


@pytest.mark.parametrize("known", [pytest.param(True, id="known before"), pytest.param(False, id="never known")])
def test_values_that_cannot_be_read_are_told_and_nothing_is_undone(cluster: SyncedCluster, *, known: bool):
    cluster.run = cluster.run if known else type(cluster.run)()
    cluster.variables = Unanswered(cluster.now, "ConfigMap wine/sizes does not exist")

    plan = cluster.settle()

    assert kinds_of(plan.acts) == ["WriteStatus"]
    assert cluster.condition("Reconciling") == ("True", "ProgressingWithRetry")
    assert "substituteFrom cannot be read: ConfigMap wine/sizes does not exist" in cluster.message("Reconciling")
    assert cluster.objects[A]["data"] == {"value": "3"}


def test_drift_is_repaired_while_the_values_known_before_cannot_be_read(cluster: SyncedCluster):
    cluster.variables = Unanswered(cluster.now, "ConfigMap wine/sizes does not exist")
    cluster.settle()
    cluster.put({**cluster.objects[A], "data": {"value": "by hand"}})

    cluster.settle()

    assert cluster.objects[A]["data"] == {"value": "3"}


def test_nothing_is_read_before_the_values_are_known():
    cluster = SyncedCluster.with_sync(substituteFrom=[{"name": "sizes"}])
    cluster.commit(FILES)

    cluster.visit()
    plan = cluster.visit()

    assert plan.acts == ()
    assert cluster.names() == []


class Maps:
    """ConfigMaps by name; `asked` are those who asked."""

    def __init__(self, **maps: Any) -> None:
        self.maps = maps
        self.asked: list[Account | None] = []

    async def get(self, ref: ObjectRef, *, account: Account | None = None) -> Manifest:
        self.asked.append(account)
        if ref.name == "secret":
            raise ForbiddenError(
                'User "system:serviceaccount:wine:kanaria-sync" cannot get resource "configmaps" in API group "" '
                'in the namespace "wine"'
            )
        if ref.name not in self.maps:
            raise NotFoundError("not found")
        return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": ref.name}, **self.maps[ref.name]}


def question(*names: str) -> VariablesAsked:
    found = variables_question(SyncedCluster.with_sync(substituteFrom=[{"name": name} for name in names]).sync)
    assert found is not None
    return found


async def test_of_one_name_the_last_config_map_wins():
    maps = Maps(one={"data": {"a": "1", "b": "1"}}, two={"data": {"b": "2"}}, none={})

    found = await variables_of(maps, question("one", "two", "none"))

    assert found == {"a": "1", "b": "2"}
    assert maps.asked == [Account("wine", "kanaria-sync")] * 3


@pytest.mark.parametrize(
    ("name", "told"),
    [
        pytest.param("none", "ConfigMap wine/none does not exist: make it, or remove it", id="none of that name"),
        pytest.param(
            "secret", "grant get on configmaps in namespace wine to ServiceAccount wine/kanaria-sync", id="no"
        ),
    ],
)
async def test_a_config_map_that_cannot_be_read_is_told(name: str, told: str):
    with pytest.raises((NotFoundError, ForbiddenError), match=told):
        await variables_of(Maps(), question(name))
