"""One path of a repository has one cluster that commits to it."""

from typing import Any

import pytest

from kanaria.cluster.errors import ForbiddenError
from kanaria.reconcile.cluster_uid import cluster_uid
from kanaria.vocabulary import ClusterAsked, CommitEdits, ObjectRef, Writer
from kanaria.vocabulary.writer import record_of
from named_file import FILE, OVERLAY, TARGET, a_proposing_run, stored
from pipelines import a_target
from synced_cluster import SyncedCluster, a_config_map, applied

THEIRS = Writer(".kanaria/deploy.writer", "other", "wine/team").text
DISABLED = {"writeBack": {"propose": "Disabled", "settle": "Disabled"}}


def a_cluster(record: str = "", **spec: Any) -> SyncedCluster:
    made = SyncedCluster.with_sync(**spec)
    made.cluster = "here"
    made.commit({"deploy/a.yaml": a_config_map("a")} | ({".kanaria/deploy.writer": record} if record else {}))
    return made


def test_a_path_that_another_cluster_commits_to_is_not_applied():
    cluster = a_cluster(THEIRS)

    assert applied(cluster.visit()) == []
    cluster.settle()

    assert cluster.condition("Stalled") == ("True", "AnotherWriter")
    told = ".kanaria/deploy.writer: cluster other commits to deploy, and this is here; nothing is applied "
    assert cluster.message().startswith(told)


@pytest.mark.parametrize(
    "cluster",
    [
        pytest.param(a_cluster(), id="nobody is recorded"),
        pytest.param(a_cluster(THEIRS.replace("other", "here")), id="it is this one"),
        pytest.param(a_cluster("cluster:\n"), id="the record names none"),
        pytest.param(a_cluster(THEIRS, **DISABLED), id="nothing is committed here"),
        pytest.param(a_cluster(THEIRS, ref={"tag": "v1"}), id="a tag is followed"),
        pytest.param(a_cluster(THEIRS, path="./deploy/"), id="another way to write it, another record is none"),
    ],
)
def test_others_are_applied(cluster: SyncedCluster, request: pytest.FixtureRequest):
    stalls = "another way" in request.node.callspec.id

    cluster.settle()

    assert (cluster.names() == []) is stalls


@pytest.mark.parametrize(
    ("path", "record"),
    [
        pytest.param("deploy/prod", ".kanaria/deploy/prod.writer", id="a folder"),
        pytest.param("./deploy//prod/", ".kanaria/deploy/prod.writer", id="written otherwise"),
        pytest.param(".", ".kanaria/.writer", id="the whole repository"),
    ],
)
def test_a_path_has_one_record(path: str, record: str):
    assert record_of(path) == record


def committing(cluster: str | None) -> list[CommitEdits]:
    made = SyncedCluster.with_sync(apply="Disabled", path=".")
    made.cluster = cluster
    made.put(stored(a_target(**TARGET)))
    made.put(a_proposing_run())
    made.commit(OVERLAY)
    return [act for act in made.visit().acts if isinstance(act, CommitEdits)]


def test_nothing_is_committed_before_the_cluster_knows_what_it_is_called():
    assert committing(None) == []


@pytest.mark.parametrize(
    ("cluster", "writer"),
    [
        pytest.param("here", Writer(".kanaria/.writer", "here", "wine/team"), id="it has a name"),
        pytest.param("", None, id="it has none"),
    ],
)
def test_a_commit_says_who_writes(cluster: str, writer: Writer | None):
    (act,) = committing(cluster)

    assert act.writer == writer


def test_files_outside_the_path_are_not_committed_to():
    made = SyncedCluster.with_sync(apply="Disabled", path="overlays/dev")
    made.put(stored(a_target(**{**TARGET, "git": FILE})))
    made.commit(OVERLAY)

    made.settle()

    assert "overlays/prod/wine.yaml is not below overlays/dev, the spec.path of GitSync team" in made.message()


class Namespaces:
    def __init__(self, found: Any) -> None:
        self._found = found

    async def find(self, ref: ObjectRef) -> Any:
        assert str(ref) == "Namespace kube-system"
        if isinstance(self._found, Exception):
            raise self._found
        return self._found


@pytest.mark.parametrize(
    ("found", "uid"),
    [
        pytest.param({"metadata": {"uid": "u-1"}}, "u-1", id="there"),
        pytest.param(None, "", id="not there"),
        pytest.param(ForbiddenError("no"), "", id="not allowed"),
    ],
)
async def test_a_cluster_tells_itself_by_kube_system(found: Any, uid: str):
    assert await cluster_uid(Namespaces(found), ClusterAsked(None)) == uid  # type: ignore[arg-type]
