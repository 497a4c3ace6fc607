"""The pass and the workshop together, on a real repository: what a trial ended with comes back by a commit."""

from collections.abc import AsyncGenerator, Mapping
from pathlib import Path
from typing import Any

import pytest

from deployments import a_trial_of
from kanaria.decide.git_sync import head_question
from kanaria.git.workshop import GitWorkshop
from kanaria.vocabulary import Answered, CommitEdits, ObjectRef
from synced_cluster import SyncedCluster, applied, deleted, kinds_of
from team_repository import WINE, TeamRepository

WINE_REF = ObjectRef("kanaria.dev/v1alpha1", "ModelDeployment", "wine", "wine")


async def no_secrets(namespace: str, name: str) -> Mapping[str, bytes]:
    raise AssertionError(f"nobody asked for {namespace}/{name}")


@pytest.fixture
def team(tmp_path: Path) -> TeamRepository:
    made = TeamRepository.make(tmp_path)
    made.commit({"deploy/wine.yaml": WINE})
    return made


@pytest.fixture
async def workshop(tmp_path: Path, cluster: SyncedCluster) -> AsyncGenerator[GitWorkshop]:
    made = GitWorkshop(tmp_path / "home", no_secrets, allow_file=True, now=lambda: cluster.now)
    cluster.mirrors = made.mirrors
    yield made
    made.close()


@pytest.fixture
def cluster(team: TeamRepository) -> SyncedCluster:
    return SyncedCluster.with_sync(url=team.url)


async def fetch(cluster: SyncedCluster, workshop: GitWorkshop) -> None:
    cluster.head = Answered(cluster.now, await workshop.head(head_question(cluster.sync)))


def ended(cluster: SyncedCluster, phase: str, **more: Any) -> None:
    """The trial of version 8 is over."""
    trial = a_trial_of(cluster.objects[WINE_REF], phase, **more)
    cluster.put({**cluster.objects[WINE_REF], "status": {"trial": trial}})


async def write_back(cluster: SyncedCluster, workshop: GitWorkshop) -> CommitEdits:
    (act,) = cluster.visit().acts
    assert isinstance(act, CommitEdits)
    cluster.result = await workshop.commit(act)
    return act


async def test_a_passed_candidate_is_promoted_by_a_commit_that_is_applied_at_once(
    cluster: SyncedCluster, workshop: GitWorkshop, team: TeamRepository
):
    await fetch(cluster, workshop)
    cluster.settle()
    ended(cluster, "Passed", evidence="no worse")

    await write_back(cluster, workshop)
    plan = cluster.visit()

    assert team.told("%s") == "Promote wine to version 8"
    assert applied(plan) == ["ModelDeployment wine/wine"]
    assert kinds_of(plan.acts) == ["Apply", "WriteStatus"]
    assert cluster.objects[WINE_REF]["spec"]["stable"]["version"] == "8"
    assert cluster.sync.status.last_applied_revision == f"main@sha1:{team.head()}"
    assert cluster.sync.status.last_write_back == f"{team.head()} Promote wine to version 8"


async def test_a_failed_candidate_is_removed_and_rejected_with_its_evidence(
    cluster: SyncedCluster, workshop: GitWorkshop, team: TeamRepository
):
    await fetch(cluster, workshop)
    cluster.settle()
    ended(cluster, "Failed", evidence="errors ×3.1 [2.0, 4.9]", endedAt="2026-01-15T13:00:00Z")

    await write_back(cluster, workshop)

    text = team.text("deploy/wine.yaml")
    assert "candidate" not in text
    assert 'evidence: "errors ×3.1 [2.0, 4.9]"' in text
    assert 'stable: {version: "7"}   # since spring' in text
    assert team.told("%(trailers:key=Kanaria-Evidence,valueonly)").strip() == "errors ×3.1 [2.0, 4.9]"


async def test_a_humans_newer_candidate_is_kept(cluster: SyncedCluster, workshop: GitWorkshop, team: TeamRepository):
    await fetch(cluster, workshop)
    cluster.settle()
    ended(cluster, "Passed")
    by_hand = team.commit({"deploy/wine.yaml": WINE.replace('"8"', '"9"')})

    await write_back(cluster, workshop)

    assert team.head() == by_hand
    assert cluster.result is not None
    assert 'spec.candidate.version is "9" there' in cluster.result.dropped[0][1]
    assert kinds_of(cluster.visit().acts) == ["WriteStatus"] or cluster.visit().acts == ()
    await fetch(cluster, workshop)
    assert applied(cluster.settle()) == ["ModelDeployment wine/wine"]
    assert cluster.objects[WINE_REF]["spec"]["candidate"]["version"] == "9"


async def test_a_moved_file_is_edited_where_it_is_now(
    cluster: SyncedCluster, workshop: GitWorkshop, team: TeamRepository
):
    await fetch(cluster, workshop)
    cluster.settle()
    team.commit({"deploy/wine.yaml": None, "deploy/red/wine.yaml": WINE})
    await fetch(cluster, workshop)
    assert deleted(cluster.settle()) == []
    ended(cluster, "Passed")

    await write_back(cluster, workshop)

    assert 'stable: {version: "8"}' in team.text("deploy/red/wine.yaml")


async def test_a_lost_mirror_is_waited_for(cluster: SyncedCluster, workshop: GitWorkshop):
    cluster.head = Answered(cluster.now, "0" * 40)

    cluster.settle()

    assert cluster.condition("Ready") == ("Unknown", "Progressing")
    await fetch(cluster, workshop)
    cluster.settle()
    assert cluster.condition("Ready") == ("True", "Succeeded")
