"""Where Argo CD or Flux applies, Kanaria writes back to the files that objects name, and nothing else."""

import json
from typing import Any

import pytest

from fake_world import NOON, a_world
from kanaria.api import MLPipelineRun
from kanaria.decide.git_sync import head_question
from kanaria.decide.ml_pipeline_run.wishes import edits_due
from kanaria.reconcile import ml_pipeline_run
from kanaria.reconcile.pokes import to_visit
from kanaria.vocabulary import Answered, CommitEdits, CommitResult, ObjectRef, Plan, WriteStatus
from named_file import FILE, OVERLAY, PATCH, RUN, TARGET, a_proposing_run, stored
from pipelines import a_target
from synced_cluster import SYNC, SyncedCluster, applied


def a_cluster(target: dict[str, Any], **spec: Any) -> SyncedCluster:
    made = SyncedCluster.with_sync(apply="Disabled", path=".", **spec)
    made.put(stored(a_target(**target)))
    made.put(a_proposing_run())
    made.commit(OVERLAY)
    return made


def commits(plan: Plan) -> list[tuple[str, str]]:
    acts = (act for act in plan.acts if isinstance(act, CommitEdits))
    return [(each.path, each.edit.subject) for act in acts for each in act.edits]


def test_an_edit_goes_to_the_file_that_the_object_names_and_nothing_is_applied():
    cluster = a_cluster(TARGET)

    plan = cluster.visit()

    assert commits(plan) == [("overlays/prod/wine.yaml", "Propose wine version 8")]
    assert (applied(plan), plan.watches) == ([], ())


@pytest.mark.parametrize(
    "target",
    [
        pytest.param({"stable": {"version": "7"}}, id="it names no file"),
        pytest.param({**TARGET, "git": {**FILE, "syncRef": {"name": "other"}}}, id="it names another GitSync"),
        pytest.param({**TARGET, "git": {**FILE, "path": "overlays/prod"}}, id="it names a folder"),
        pytest.param({**TARGET, "git": {**FILE, "path": "overlays/prod/kustomization.yaml"}}, id="another file"),
    ],
)
def test_nothing_is_committed_for_an_object_whose_file_is_not_known(target: dict[str, Any]):
    assert commits(a_cluster(target).visit()) == []


def test_a_file_that_does_not_hold_its_object_is_told():
    cluster = a_cluster({**TARGET, "git": {**FILE, "path": "gone.yaml"}})

    cluster.settle()

    assert cluster.condition("Stalled") == ("True", "PathNotFound")
    told = f"ModelDeployment wine/wine: gone.yaml is no file at commit {'0' * 12}: mend its spec.git.path"
    assert cluster.message().startswith(told)


def test_a_sync_that_only_writes_back_says_so():
    cluster = a_cluster(TARGET)
    cluster.commit({"overlays/prod/wine.yaml": PATCH + '  candidate: {version: "8"}\n'})

    cluster.settle()

    assert cluster.condition("Ready") == ("True", "Succeeded")
    assert cluster.message() == "main at 000000000000 is read; spec.apply is Disabled: 1 objects are written back to"
    assert cluster.sync.status.last_applied_revision is None
    assert cluster.visit().acts == ()


def test_an_object_that_names_a_file_elsewhere_is_not_edited_in_the_path_that_is_applied():
    cluster = SyncedCluster.with_sync()
    cluster.put(stored(a_target(**{**TARGET, "git": {**FILE, "syncRef": {"name": "other"}}})))
    cluster.put(a_proposing_run())
    whole = stored(a_target(**TARGET), status={})
    cluster.commit({"deploy/wine.json": json.dumps(whole)})

    assert commits(cluster.plan()) == []


def proposal(cluster: SyncedCluster) -> str:
    world = a_world(
        cluster.objects.values(),
        cluster.answers(),
        cluster.commits,
        now=cluster.now,
        commit_results={SYNC: cluster.result} if cluster.result else {},
    )
    plan = ml_pipeline_run.plan_for(RUN, world)
    assert plan is not None
    writes = [act for act in plan.acts if isinstance(act, WriteStatus)]
    return str(writes[0].status["proposals"][0]["state"])


def test_a_run_sees_that_its_proposal_was_taken_back_in_the_file():
    cluster = a_cluster(TARGET)
    target, run = a_target(**TARGET), MLPipelineRun.read(a_proposing_run())
    cluster.result = CommitResult(cluster.now, "c" * 40, landed=edits_due(run, {target.name: target}))
    cluster.commits["c" * 40] = {"overlays/prod/wine.yaml": PATCH + '  candidate: {version: "8"}\n'}
    assert proposal(cluster) == "Landed"
    body = cluster.objects[ObjectRef("kanaria.dev/v1alpha1", "MLPipelineRun", RUN.namespace, RUN.name)]
    told = {**body["status"]["proposals"][0], "commit": "c" * 40, "landedAt": NOON.isoformat(), "state": "Landed"}
    cluster.put({**body, "status": {**body["status"], "proposals": [told]}})

    cluster.commit(OVERLAY)
    head = cluster.answers()[head_question(cluster.sync)]
    assert isinstance(head, Answered)
    cluster.now = head.at + (head.at - NOON) * 100

    assert proposal(cluster) == "Dropped"


def test_what_the_sync_does_wakes_the_objects_that_name_it():
    target = stored(a_target(**TARGET), status={"trial": {"version": "8"}})
    objects = a_world([target]).objects
    sync = SyncedCluster.with_sync().objects[SYNC]

    assert ObjectRef.of(target) in to_visit(sync, replace_status(sync), objects)


def replace_status(sync: Any) -> Any:
    return {**sync, "status": {"lastWriteBack": "x"}}
