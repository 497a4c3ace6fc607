"""One path of a repository has one cluster that commits to it."""

from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from kanaria.cluster.client import Client
from kanaria.cluster.errors import ForbiddenError, InvalidError, UnknownKindError, UnreachableError
from kanaria.reconcile.cluster_uid import cluster_uid
from kanaria.reconcile.opening import opened
from kanaria.reconcile.world import Settings
from kanaria.vocabulary import ClusterAsked, CommitEdits, ObjectRef, Writer
from kanaria.vocabulary.writer import record_of
from named_file import FILE, OVERLAY, TARGET, a_proposing_run, stored
from pipelines import a_target
from synced_cluster import SyncedCluster, a_config_map, applied

THEIRS = Writer(".kanaria/deploy.writer", "other", "wine/team").text
DISABLED = {"writeBack": {"propose": "Disabled", "settle": "Disabled"}}


def a_cluster(record: str = "", called: str = "here", **spec: Any) -> SyncedCluster:
    made = SyncedCluster.with_sync(**spec)
    made.cluster = called
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
        pytest.param(a_cluster(THEIRS, called=""), id="it has no name, as without the right to list kube-system"),
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


def committing(*told: str | None) -> list[CommitEdits]:
    """What is committed at the last visit, when the cluster was told these names, one before each."""
    made = SyncedCluster.with_sync(apply="Disabled", path=".")
    made.put(stored(a_target(**TARGET)))
    made.put(a_proposing_run())
    made.commit(OVERLAY)
    for made.cluster in told:
        plan = made.visit()
    return [act for act in plan.acts if isinstance(act, CommitEdits)]


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


def test_what_the_cluster_is_called_is_not_forgotten_when_nobody_answers_any_more():
    (act,) = committing("here", None)

    assert act.writer == Writer(".kanaria/.writer", "here", "wine/team")


def test_files_outside_the_path_are_not_committed_to():
    made = SyncedCluster.with_sync(apply="Disabled", path="overlays/dev")
    made.put(stored(a_target(**{**TARGET, "git": FILE})))
    made.commit(OVERLAY)

    made.settle()

    assert "overlays/prod/wine.yaml is not below overlays/dev, the spec.path of GitSync team" in made.message()


ASKED = ClusterAsked(timedelta(hours=1))


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
        pytest.param(UnknownKindError("no"), "", id="namespaces are not served"),
        pytest.param(InvalidError("no"), "", id="the question is refused"),
    ],
)
async def test_a_cluster_tells_itself_by_kube_system(found: Any, uid: str):
    assert await cluster_uid(Namespaces(found), "", ASKED) == uid


async def test_an_api_server_that_does_not_answer_is_asked_again():
    with pytest.raises(UnreachableError):
        await cluster_uid(Namespaces(UnreachableError("no")), "", ASKED)


async def test_a_cluster_that_was_given_a_name_reads_nothing(tmp_path: Path):
    nothing_is_read = cast("Client", Namespaces(AssertionError("it was read")))

    async with opened(nothing_is_read, Settings(cluster_name="prod-tokyo"), tmp_path) as workshops:
        assert await workshops.carriers()[ClusterAsked](ASKED) == "prod-tokyo"
