"""Bad input that a GitSync meets: a condition with place, fact and remedy; the cluster stays as it is."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from deployments import a_trial_of
from fake_world import a_world
from kanaria.decide.git_sync import head_question
from kanaria.git.trouble import trouble
from kanaria.git.workshop import GitWorkshop
from kanaria.vocabulary import Answered, CommitEdits, Failure, FailureKind, ObjectRef, Unanswered
from synced_cluster import SYNC, SyncedCluster
from team_repository import WINE, TeamRepository
from told import Told, acts_but_status, check, retried, stalled

FILE = "deploy/wine.yaml"
POLICY = """\
apiVersion: kanaria.dev/v1alpha1
kind: MetricPolicy
metadata: {name: offline}
spec: {metrics: [{name: accuracy, mlflow: {key: accuracy}, threshold: {min: 0.9}}]}
"""
GOOD = {FILE: WINE, "deploy/policy.yaml": POLICY}
WINE_REF = ObjectRef("kanaria.dev/v1alpha1", "ModelDeployment", "wine", "wine")


@pytest.fixture
def cluster() -> SyncedCluster:
    """A team's sync at rest, with a ModelDeployment that serves."""
    made = SyncedCluster.with_sync()
    made.commit(GOOD)
    made.settle()
    return made


@pytest.mark.parametrize(
    ("files", "told"),
    [
        pytest.param(
            {**GOOD, FILE: WINE.replace("stable:", "stabel:")},
            stalled("BuildFailed", f"{FILE}, line 7: spec.stabel", "there is no such field", "mend its spelling"),
            id="an unknown field",
        ),
        pytest.param(
            {**GOOD, FILE: WINE.replace("setWeight: 5", "setWeight: five")},
            stalled("BuildFailed", f"{FILE}, line 12", "setWeight: a whole number is needed", "not 'five'"),
            id="a wrong type",
        ),
        pytest.param(
            {**GOOD, FILE: WINE + "  analysis: [\n"},
            stalled("BuildFailed", f"{FILE}, line 14", "no YAML", "mend brackets, quotes or indentation"),
            id="invalid YAML",
        ),
        pytest.param(
            {**GOOD, "deploy/twice.yaml": WINE},
            stalled("BuildFailed", f"{FILE}, line 2", "stands also in deploy/twice.yaml, line 2", "remove one"),
            id="two documents of one name",
        ),
        pytest.param(
            {"README.md": "moved away"},
            stalled("PathNotFound", "deploy is not in commit", "nothing is deleted", "bring the folder back"),
            id="a path that is gone",
        ),
        pytest.param(
            {"deploy/.gitkeep": ""},
            stalled("PathNotFound", "deploy holds no manifest", "nothing is deleted", "bring the manifests back"),
            id="an emptied path",
        ),
    ],
)
def test_a_bad_commit_stalls_the_sync_and_changes_nothing(cluster: SyncedCluster, files: Mapping[str, str], told: Told):
    before, objects = cluster.sync.status, others(cluster)
    commit = cluster.commit(files)

    plan = cluster.visit()

    after = cluster.sync.status
    check(cluster.objects[SYNC]["status"], told)
    assert acts_but_status(plan) == []
    assert others(cluster) == objects
    assert (after.last_applied_revision, after.inventory) == (before.last_applied_revision, before.inventory)
    assert after.last_attempted_revision == f"main@sha1:{commit}"
    assert cluster.visit().acts == ()


def others(cluster: SyncedCluster) -> dict[ObjectRef, Any]:
    return {ref: body for ref, body in cluster.objects.items() if ref != SYNC}


@pytest.mark.parametrize(
    ("said", "fact"),
    [
        pytest.param("fatal: unable to access 'https://git.example.com/': Connection refused", "reached", id="away"),
        pytest.param("fatal: Authentication failed for 'https://git.example.com/'", "secretRef", id="credentials"),
        pytest.param("error: something git never said before", "something git never said", id="something else"),
    ],
)
def test_an_unreachable_repository_is_tried_again_and_what_is_applied_stays(
    cluster: SyncedCluster, said: str, fact: str
):
    before, objects = cluster.sync.status, others(cluster)
    cluster.head = Unanswered(cluster.now, str(trouble("git.example.com", said)))

    plan = cluster.visit()

    check(cluster.objects[SYNC]["status"], retried("git.example.com", fact, "it is tried again"))
    assert (acts_but_status(plan), others(cluster)) == ([], objects)
    assert cluster.sync.status.last_applied_revision == before.last_applied_revision
    assert cluster.condition("Ready") == ("True", "Succeeded")


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        pytest.param(
            {"interval": "soon"},
            stalled("InvalidSpec", "spec.interval", "must be a duration such as 30s", "not 'soon'"),
            id="a wrong type",
        ),
        pytest.param(
            {"path": "../other"},
            stalled("InvalidSpec", "spec.path", "must not leave the repository", "remove '..'"),
            id="a path that leaves the repository",
        ),
    ],
)
def test_a_wrong_spec_is_told_and_the_status_keeps_the_rest(cluster: SyncedCluster, spec: dict[str, Any], told: Told):
    before, body = cluster.sync.status, cluster.objects[SYNC]
    cluster.put({**body, "spec": {**body["spec"], **spec}})

    plan = cluster.run(SYNC.object_name, a_world(cluster.objects.values()))

    assert plan is not None
    assert plan.status is not None
    check(plan.status, told)
    assert acts_but_status(plan) == []
    assert plan.status["lastAppliedRevision"] == before.last_applied_revision


async def no_secrets(namespace: str, name: str) -> Mapping[str, bytes]:
    raise AssertionError(f"nobody asked for {namespace}/{name}")


async def no_pause(seconds: float) -> None:
    await asyncio.sleep(0 * seconds)


async def test_a_push_that_is_rejected_ten_times_is_tried_again_and_nothing_is_lost(tmp_path: Path):
    team = TeamRepository.make(tmp_path)
    by_hand = team.commit(GOOD)
    cluster = SyncedCluster.with_sync(url=team.url)
    workshop = GitWorkshop(tmp_path / "home", no_secrets, allow_file=True, now=lambda: cluster.now, pause=no_pause)
    cluster.mirrors = workshop.mirrors
    cluster.head = Answered(cluster.now, await workshop.head(head_question(cluster.sync)))
    cluster.settle()
    trial = a_trial_of(cluster.objects[WINE_REF], "Passed")
    cluster.put({**cluster.objects[WINE_REF], "status": {"trial": trial}})
    team.refuse_pushes()

    (act,) = cluster.visit().acts
    assert isinstance(act, CommitEdits)
    cluster.result = await workshop.commit(act)
    workshop.close()
    cluster.failure = Failure(act, FailureKind.UNREACHABLE, cluster.result.error, cluster.now)
    again = cluster.visit()

    check(cluster.objects[SYNC]["status"], retried("edits to main", "took none of 10 pushes", "let Kanaria's"))
    assert (cluster.result.rejected, team.head()) == (10, by_hand)
    assert acts_but_status(again) == ["CommitEdits"]
    assert cluster.objects[WINE_REF]["status"]["trial"] == trial
