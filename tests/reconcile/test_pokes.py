"""Which objects are to be visited when an object changed."""

from typing import Any

import pytest

from fake_world import a_world
from kanaria.reconcile.pokes import to_visit
from kanaria.vocabulary import ObjectRef, label_safe

API = "kanaria.dev/v1alpha1"
LONG = "a-model-deployment-with-a-name-that-does-not-fit-into-a-label"


def thing(kind: str, name: str, *, api: str = API, namespace: str = "wine", **rest: Any) -> dict[str, Any]:
    labels, owners = rest.pop("labels", {}), rest.pop("owners", [])
    metadata = {"name": name, "namespace": namespace, "labels": labels, "ownerReferences": owners}
    return {"apiVersion": api, "kind": kind, "metadata": metadata, **rest}


def owner(kind: str, name: str) -> dict[str, Any]:
    return {"apiVersion": API, "kind": kind, "name": name, "uid": "u", "controller": True}


def run(name: str, phase: str = "Running", **proposal: str) -> dict[str, Any]:
    proposals = [{"namespace": "wine", "modelDeployment": "wine", "state": "Due", **proposal}] if proposal else []
    return thing("MLPipelineRun", name, namespace="lab", status={"phase": phase, "proposals": proposals})


WORLD = [
    thing("ModelDeployment", "wine"),
    thing("ModelDeployment", LONG),
    thing("ModelDeployment", "beer", namespace="beer"),
    thing("GitSync", "sync"),
    thing("GitSync", "other", namespace="beer"),
    thing("MetricPolicy", "online"),
    thing("MLPipeline", "train"),
    thing("MLPipeline", "after", spec={"triggers": [{"name": "up", "pipeline": {"name": "features"}}]}),
    thing("MLPipeline", "decays", spec={"triggers": [{"metric": {"modelDeployment": {"name": "beer"}}}]}),
    thing("MLPipelineRun", "going", status={"phase": "Running"}),
    thing("MLPipelineRun", "over", status={"phase": "Succeeded"}),
    run("proposes", "Succeeded", state="Due"),
    run("proposed", "Succeeded", state="Applied"),
    thing(
        "InferenceService",
        "wine",
        api="serving.kserve.io/v1beta1",
        labels={"kanaria.dev/owner": "modeldeployment.wine"},
        owners=[owner("ModelDeployment", "wine")],
    ),
]
OBJECTS = a_world(WORLD).objects


def poked(old: dict[str, Any] | None, new: dict[str, Any] | None) -> set[str]:
    return {f"{ref.kind} {ref.namespace}/{ref.name}" for ref in to_visit(old, new, OBJECTS)}


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        pytest.param(
            thing("Job", "j", api="batch/v1", owners=[owner("MLPipelineRun", "going")]),
            {"MLPipelineRun wine/going"},
            id="a Job: the run that owns it",
        ),
        pytest.param(
            thing("Job", "j", api="batch/v1", owners=[{**owner("CronJob", "x"), "apiVersion": "batch/v1"}]),
            set(),
            id="a Job of somebody else: nobody",
        ),
        pytest.param(
            thing("Service", "s", api="v1", labels={"kanaria.dev/owner": "modeldeployment.wine"}),
            {"ModelDeployment wine/wine"},
            id="a child without a reference: by its label",
        ),
        pytest.param(
            thing("Service", "s", api="v1", labels={"kanaria.dev/owner": label_safe(f"modeldeployment.{LONG}")}),
            {f"ModelDeployment wine/{LONG}"},
            id="a label that was cut: by its hash",
        ),
        pytest.param(
            thing("Service", "s", api="v1", labels={"kanaria.dev/owner": "nonsense"}),
            set(),
            id="a label that names no kind: nobody",
        ),
        pytest.param(
            thing("Deployment", "d", api="apps/v1", labels={"serving.kserve.io/inferenceservice": "wine"}),
            {"ModelDeployment wine/wine"},
            id="what KServe made: the owner of the InferenceService",
        ),
        pytest.param(
            thing("Deployment", "d", api="apps/v1", labels={"serving.kserve.io/inferenceservice": "else"}),
            set(),
            id="what KServe made for others: nobody",
        ),
        pytest.param(
            thing("MetricPolicy", "online"),
            {
                "MetricPolicy wine/online",
                "ModelDeployment wine/wine",
                f"ModelDeployment wine/{LONG}",
                "MLPipeline wine/train",
                "MLPipeline wine/after",
                "MLPipeline wine/decays",
                "MLPipelineRun wine/going",
            },
            id="a policy: whom it judges and pipelines that may name it, not runs that are over",
        ),
        pytest.param(
            thing("GitSync", "sync"),
            {"GitSync wine/sync", "MLPipelineRun lab/proposes"},
            id="a GitSync: runs whose proposal it may have committed",
        ),
        pytest.param(
            thing("ModelDeployment", "wine", spec={"stable": {"version": "8"}}),
            {"ModelDeployment wine/wine", "GitSync wine/sync", "MLPipelineRun lab/proposes"},
            id="a ModelDeployment: itself, its syncs, runs with a proposal that is due",
        ),
        pytest.param(
            run("proposes", "Succeeded", state="Due"),
            {"MLPipelineRun lab/proposes", "GitSync wine/sync"},
            id="a run with a proposal: the syncs where it proposes",
        ),
        pytest.param(
            thing("MLPipelineRun", "going", owners=[owner("MLPipeline", "wine")]),
            {"MLPipelineRun wine/going", "MLPipeline wine/wine"},
            id="a run: its pipeline",
        ),
        pytest.param(
            thing("ModelDeployment", "beer", status={"watch": [{"metric": "errors", "verdict": "Failed"}]}),
            {"ModelDeployment wine/beer", "GitSync wine/sync", "MLPipeline wine/decays"},
            id="a watched ModelDeployment: the pipelines that run when it gets worse",
        ),
        pytest.param(
            thing("MLPipelineRun", "f-1", spec={"pipelineRef": {"name": "features"}}, status={"phase": "Succeeded"}),
            {"MLPipelineRun wine/f-1", "MLPipeline wine/after"},
            id="a run that succeeded: pipelines that run after it",
        ),
        pytest.param(
            thing("MLPipelineRun", "f-1", spec={"pipelineRef": {"name": "features"}}, status={"phase": "Running"}),
            {"MLPipelineRun wine/f-1"},
            id="a run that goes on: itself",
        ),
        pytest.param(
            thing("ConfigMap", "c", api="v1", labels={"kanaria.dev/git-sync": "sync"}),
            {"GitSync wine/sync"},
            id="an applied object: the sync that repairs it",
        ),
        pytest.param(
            thing("ClusterRole", "c", api="v1", namespace="", labels={"kanaria.dev/git-sync": "other"}),
            {"GitSync beer/other"},
            id="an applied object of the whole cluster: the sync, wherever it is",
        ),
        pytest.param(thing("MLPipeline", "wine"), {"MLPipeline wine/wine"}, id="a pipeline: itself"),
    ],
)
def test_a_new_object_pokes(changed: dict[str, Any], expected: set[str]):
    assert poked(None, changed) == expected


@pytest.mark.parametrize("gone", [False, True], ids=["changed", "gone"])
def test_a_child_that_changed_or_went_pokes_its_owner(gone: bool):  # noqa: FBT001 # a table's column
    job = thing("Job", "j", api="batch/v1", owners=[owner("MLPipelineRun", "going")])

    assert poked(job, None if gone else {**job, "status": {"succeeded": 1}}) == {"MLPipelineRun wine/going"}


def test_a_status_alone_is_no_drift():
    before = thing("Deployment", "d", api="apps/v1", labels={"kanaria.dev/git-sync": "sync"})

    assert poked(before, {**before, "status": {"replicas": 2}}) == set()


def test_a_label_that_was_removed_by_hand_is_drift():
    before = thing("ConfigMap", "d", api="v1", labels={"kanaria.dev/git-sync": "sync"})
    after = thing("ConfigMap", "d", api="v1")

    assert poked(before, after) == {"GitSync wine/sync"}


def test_a_status_of_a_deployment_pokes_its_syncs_but_no_runs():
    before = thing("ModelDeployment", "wine", spec={}, status={})

    assert poked(before, {**before, "status": {"phase": "Healthy"}}) == {
        "ModelDeployment wine/wine",
        "GitSync wine/sync",
    }


def test_a_sync_pokes_what_it_applied_and_what_has_a_trial():
    tried = thing("ModelDeployment", "wine", labels={"kanaria.dev/git-sync": "sync"}, status={"trial": {"id": "8@1"}})
    others = [thing("ModelDeployment", "rest", labels={"kanaria.dev/git-sync": "sync"}), thing("GitSync", "sync")]
    objects = a_world([tried, *others]).objects

    found = {str(ref) for ref in to_visit(None, thing("GitSync", "sync"), objects)}

    assert found == {"GitSync wine/sync", "ModelDeployment wine/wine"}


def test_every_answer_is_a_reference_that_can_be_visited():
    refs = to_visit(None, thing("MetricPolicy", "online"), OBJECTS)

    assert all(isinstance(ref, ObjectRef) and ref.api_version == API for ref in refs)


STAGING = thing(
    "ModelDeployment",
    "wine",
    namespace="staging",
    spec={"promote": [{"modelDeployment": {"name": "beer", "namespace": "beer"}}]},
)


def test_a_version_that_goes_on_is_told_to_the_sync_of_the_next_environment():
    objects = a_world([*WORLD, STAGING]).objects

    assert ObjectRef(API, "GitSync", "beer", "other") in to_visit(STAGING, {**STAGING, "status": {}}, objects)


def test_what_the_next_environment_says_is_told_to_the_one_before():
    objects = a_world([*WORLD, STAGING]).objects
    after = thing("ModelDeployment", "beer", namespace="beer", spec={"suspend": True})

    assert ObjectRef.of(STAGING) in to_visit(thing("ModelDeployment", "beer", namespace="beer"), after, objects)


def test_the_status_of_a_policy_pokes_nobody_else():
    policy = thing("MetricPolicy", "online")

    assert poked(policy, policy | {"status": {"conditions": []}}) == {"MetricPolicy wine/online"}


def test_a_sync_pokes_those_that_depend_on_it():
    base = thing("GitSync", "base")
    waiting = thing("GitSync", "waiting", spec={"dependsOn": [{"name": "base"}]})
    elsewhere = thing("GitSync", "elsewhere", namespace="beer", spec={"dependsOn": [{"name": "base"}]})
    objects = a_world([base, waiting, elsewhere, thing("GitSync", "other")]).objects

    found = {ref.name for ref in to_visit(base, {**base, "status": {"observedGeneration": 1}}, objects)}

    assert found == {"base", "waiting"}


def test_a_status_alone_pokes_the_sync_that_waits_for_health():
    old = thing("ConfigMap", "c", api="v1", labels={"kanaria.dev/git-sync": "sync"})
    new = {**old, "status": {"x": 1}}
    heeding, heedless = thing("GitSync", "sync", spec={"health": {}}), thing("GitSync", "sync")

    assert {ref.name for ref in to_visit(old, new, a_world([heeding]).objects)} == {"sync"}
    assert to_visit(old, new, a_world([heedless]).objects) == frozenset()


def after(name: str, *upstream: str, status: str = "") -> dict[str, Any]:
    triggers = [{"name": f"after-{each}", "pipeline": {"name": each}} for each in upstream]
    return thing("MLPipeline", name, spec={"triggers": triggers}, status={"phase": status})


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        pytest.param(None, after("a", "c"), {"a", "b", "c"}, id="a trigger that closes it"),
        pytest.param(after("a", "c"), after("a"), {"a", "b", "c"}, id="a trigger that is removed"),
        pytest.param(after("a", "c"), None, {"a", "b", "c"}, id="a pipeline that goes"),
        pytest.param(after("a", "c"), after("a", "c", status="Running"), {"a"}, id="nothing of its triggers"),
    ],
)
def test_a_change_of_a_pipelines_triggers_pokes_those_before_it_near_and_far(
    old: dict[str, Any] | None, new: dict[str, Any] | None, expected: set[str]
):
    # b runs after a, c after b; d is a neighbour without triggers, and x exists nowhere
    objects = a_world([after("b", "a"), after("c", "b", "x"), after("d"), *([new] if new else [])]).objects

    found = {ref.name for ref in to_visit(old, new, objects)}

    assert found - {"a"} == expected - {"a"}
    assert "a" in found
