"""What the passes of ModelDeployment and MetricPolicy gather from the caches."""

from dataclasses import replace
from typing import Any

import pytest

from deployments import a_bound, a_spec, serving, trying
from fake_world import FakeMirrors, a_world
from kanaria.decide.model_deployment.preflight import PODS
from kanaria.decide.model_deployment.wishes import edits_due
from kanaria.reconcile.metric_policy import plan_for as policy_plan
from kanaria.reconcile.model_deployment import ModelDeploymentPass
from kanaria.reconcile.world import Settings, World
from kanaria.vocabulary import (
    Answered,
    Apply,
    CommitResult,
    Delete,
    Edit,
    EditClass,
    GitHead,
    ModelVersionAsked,
    ObjectName,
    ObjectRef,
    marks,
)
from model_world import SECOND, ModelWorld

WINE = ObjectName("cellar", "wine")
SYNC = {
    "apiVersion": "kanaria.dev/v1alpha1",
    "kind": "GitSync",
    "metadata": {"name": "team", "namespace": "cellar"},
    "spec": {"url": "https://git.example/team.git"},
    "status": {"lastAppliedRevision": "main@sha1:abcdef0123"},
}
POLICY: dict[str, Any] = {
    "apiVersion": "kanaria.dev/v1alpha1",
    "kind": "MetricPolicy",
    "metadata": {"name": "online", "namespace": "cellar", "generation": 1},
    "spec": {"metrics": [{"name": "errors", "counter": {"interval": "5s"}, "sequential": {}}]},
}


def cached(world: ModelWorld, *more: dict[str, Any], **settings: Any) -> World:
    """The model world's objects as the caches would hold them."""
    md = {**world.md, "apiVersion": "kanaria.dev/v1alpha1"}
    deployments = [
        {**d, "apiVersion": "apps/v1", "metadata": {**d["metadata"], "namespace": "cellar"}}
        for d in world.deployments.values()
    ]
    rest = [thing for thing in (world.service, world.route) if thing is not None]
    return a_world([md, *deployments, *rest, POLICY, *more], now=world.now, settings=Settings(**settings))


def conditions(plan: Any) -> dict[str, tuple[str, str]]:
    return {c["type"]: (c["reason"], c["message"]) for c in plan.status["conditions"]}


def test_an_object_that_is_gone_has_no_plan():
    assert ModelDeploymentPass().plan_for(WINE, a_world()) is None
    assert policy_plan(WINE, a_world()) is None


def test_a_new_deployment_asks_where_its_model_is():
    md = {
        "apiVersion": "kanaria.dev/v1alpha1",
        "kind": "ModelDeployment",
        "metadata": {"name": "wine", "namespace": "cellar", "uid": "u", "generation": 1},
        "spec": a_spec(stable={"version": "7"}),
    }

    plan = ModelDeploymentPass().plan_for(WINE, a_world([md]))

    assert [type(question) for question in plan.questions] == [ModelVersionAsked]
    assert conditions(plan)["Ready"][0] == "Progressing"


def test_what_serves_and_is_at_rest_is_found_so_in_the_caches():
    plan = ModelDeploymentPass().plan_for(WINE, cached(serving("7")))

    assert (plan.acts, plan.questions) == ((), ())


@pytest.mark.parametrize(
    ("owner", "gone"), [("ModelDeployment", ["wine-old-shadow"]), ("InferenceService", [])], ids=["its own", "KServe's"]
)
def test_a_service_that_nobody_needs_goes_where_it_is_its_own(owner: str, gone: list[str]):
    world = serving("7")
    labels = marks.owned_by(world.read_md().ref)
    metadata = {
        "name": "wine-old-shadow",
        "namespace": "cellar",
        "labels": labels,
        "ownerReferences": [{"kind": owner}],
    }
    service = {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {}}

    plan = ModelDeploymentPass().plan_for(WINE, cached(world, service))

    assert [act.target.name for act in plan.acts if isinstance(act, Delete)] == gone


def test_a_trial_asks_the_gateway_for_both_arms():
    world = cached(trying("8"), gateway_metrics_url="http://gateway/metrics")

    (question,) = ModelDeploymentPass().plan_for(WINE, world).questions

    assert question.url == "http://gateway/metrics"
    assert question.candidate.endswith("/backend/1")
    assert question.stable.endswith("/backend/0")


def test_the_serving_url_of_the_settings_is_told():
    plan = ModelDeploymentPass().plan_for(WINE, cached(serving("7"), serving_url="http://127.0.0.1:8080/"))

    assert plan.status["url"] == "http://127.0.0.1:8080/serving/cellar/wine"


def test_a_trial_names_the_commit_that_was_applied():
    world = serving("7").spec(candidate={"version": "8"})
    world.md["metadata"]["labels"] = {"kanaria.dev/git-sync": "team"}
    question = ModelVersionAsked(every=world.decide().plan.questions[0].every, model="wine-quality", version="8")
    known = world.answer(question)
    caches = cached(world, SYNC)
    caches = World(
        objects=caches.objects,
        mirrors=caches.mirrors,
        now=caches.now,
        answer={question: known}.get,
        failure=caches.failure,
        commit_result=caches.commit_result,
    )

    assert ModelDeploymentPass().plan_for(WINE, caches).status["trial"]["revision"] == "abcdef0123"


def test_a_commit_that_landed_and_is_not_applied_is_told():
    world = trying("8").spec(analysis=None).run(240)
    world.md["metadata"]["labels"] = {"kanaria.dev/git-sync": "team"}
    caches = cached(world, SYNC)
    target = ObjectRef("kanaria.dev/v1alpha1", "ModelDeployment", "cellar", "wine")
    edit = Edit(target, EditClass.PROPOSE, (), (), "Promote wine to version 8")
    caches = World(
        objects=caches.objects,
        mirrors=caches.mirrors,
        now=caches.now,
        answer=caches.answer,
        failure=caches.failure,
        commit_result=lambda _ref: CommitResult(world.now, "fedcba9876", landed=(edit,)),
    )

    assert conditions(ModelDeploymentPass().plan_for(WINE, caches))["Ready"][0] == "AwaitingSync"


HEADS = {"held": '  stable: {version: "7"}\n  candidate: {version: "8"}\n', "promoted": '  stable: {version: "8"}\n'}


@pytest.mark.parametrize(
    ("text", "newer", "found"),
    [
        pytest.param(HEADS["held"], False, "AwaitingMerge", id="to be committed"),
        pytest.param(HEADS["promoted"], False, "AwaitingSync", id="committed"),
        pytest.param(HEADS["promoted"], True, "AwaitingSync", id="committed, and something else after it"),
        pytest.param(HEADS["held"], True, "Reverted", id="taken back"),
    ],
)
def test_where_somebody_else_applies_the_file_at_the_head_tells_what_landed(text: str, *, newer: bool, found: str):
    world = trying("8").spec(analysis=None, git={"syncRef": {"name": "team"}, "path": "wine.yaml"}).run(240)
    (edit,) = edits_due(world.read_md())
    head = Answered(world.now + (SECOND if newer else -SECOND), "abcdef0123")
    named = "apiVersion: kanaria.dev/v1alpha1\nkind: ModelDeployment\nmetadata: {name: wine}\nspec:\n"
    file = {"wine.yaml": named + text}
    caches = cached(world, {**SYNC, "spec": {**SYNC["spec"], "apply": "Disabled"}})
    caches = replace(
        caches,
        mirrors=FakeMirrors({"abcdef0123": file, "fedcba9876": file}),
        answer=lambda question: head if isinstance(question, GitHead) else caches.answer(question),
        commit_result=lambda _ref: CommitResult(
            world.now, "fedcba9876" if text == HEADS["promoted"] or newer else "", landed=(edit,)
        ),
    )

    status = ModelDeploymentPass().plan_for(WINE, caches).status or world.md["status"]

    assert found in (status["conditions"][0]["reason"], status["trial"]["phase"])


@pytest.mark.parametrize(
    ("failing", "becomes", "rejected"),
    [
        pytest.param(False, "Reverted", True, id="a promotion: the candidate is taken back"),
        pytest.param(True, "Loading", False, id="a removal: the candidate is tried again"),
    ],
)
def test_a_commit_that_a_person_took_back_before_it_was_applied_is_not_made_again(
    failing: bool,  # noqa: FBT001 # a table's column
    becomes: str,
    rejected: bool,  # noqa: FBT001 # a table's column
):
    world = trying("8")
    world.bad |= {"-v8-": 0.9} if failing else {}
    world.run(240)
    world.md["metadata"]["labels"] = {"kanaria.dev/git-sync": "team"}
    (edit,) = edits_due(world.read_md())
    head = Answered(world.now + SECOND, "abcdef0123")
    caches = cached(world, SYNC)
    caches = replace(
        caches,
        answer=lambda question: head if isinstance(question, GitHead) else caches.answer(question),
        commit_result=lambda _ref: CommitResult(world.now, "fedcba9876", landed=(edit,)),
    )

    world.md["status"] = ModelDeploymentPass().plan_for(WINE, caches).status

    assert world.md["status"]["trial"]["phase"] == becomes
    assert [len(due.changes) == 2 for due in edits_due(world.read_md())] == ([True] if rejected else [])


def test_a_spec_that_cannot_be_read_is_told_and_what_serves_stays():
    world = serving("7")
    world.md["spec"] = {**world.md["spec"], "strategy": {"canary": {"steps": [{}]}}}

    plan = ModelDeploymentPass().plan_for(WINE, cached(world))

    reason, message = conditions(plan)["Stalled"]
    assert (reason, [act for act in plan.acts if isinstance(act, Apply)]) == ("InvalidSpec", [])
    assert "spec.strategy.canary.steps[0]: a step is one of setWeight, pause" in message
    assert plan.status["stable"]["version"] == "7"


def test_a_spec_that_cannot_be_read_does_not_blind_the_judge():
    world = trying("8")
    world.md["spec"] = {**world.md["spec"], "strategy": {"canary": {"steps": [{}]}}}

    plan = ModelDeploymentPass().plan_for(WINE, cached(world, gateway_metrics_url="http://gateway/metrics"))

    assert len(plan.questions) == 1
    assert plan.status["trial"]["weight"] == 10


def test_what_a_job_said_while_the_operator_was_away_is_not_lost_before_its_pod_is_read():
    counted = a_bound(job={"image": "team/measure:1", "command": ["measure"]})
    world = serving("7", policies=(counted,)).spec(candidate={"version": "8"}).run(60)
    while all("status" in job for job in world.jobs.values()):
        world.visit()
        world.tick(1) if all("status" in job for job in world.jobs.values()) else None
    world.tick(90)
    known = {"apiVersion": "batch/v1", "kind": "Job"}
    jobs = [{**job, **known} for job in world.jobs.values()]
    policy = {**POLICY, "spec": counted.spec.model_dump(mode="json", by_alias=True, exclude_none=True)}
    caches = cached(world, *jobs, policy)
    waiting = replace(caches, objects=replace(caches.objects, unsynced=frozenset({PODS})))

    plan = ModelDeploymentPass().plan_for(WINE, waiting)

    assert plan.look_again == world.now + SECOND


def test_memory_ends_with_the_object():
    passes, world = ModelDeploymentPass(), trying("8")
    caches = cached(world, gateway_metrics_url="http://gateway/metrics")
    passes.plan_for(WINE, caches)

    assert passes.plan_for(WINE, a_world()) is None
    assert passes.plan_for(WINE, caches).questions


def test_a_policy_that_can_be_read_is_ready_and_names_its_metrics():
    plan = policy_plan(ObjectName("cellar", "online"), a_world([POLICY]))

    assert (conditions(plan)["Ready"][0], plan.status["metrics"]) == ("Succeeded", "errors")
    again = policy_plan(ObjectName("cellar", "online"), a_world([{**POLICY, "status": dict(plan.status)}]))
    assert again.acts == ()


def test_a_policy_with_a_gate_that_does_not_suit_its_source_is_stalled():
    metric = {"name": "errors", "mlflow": {"key": "errors"}, "sequential": {}}
    plan = policy_plan(ObjectName("cellar", "online"), a_world([{**POLICY, "spec": {"metrics": [metric]}}]))

    reason, message = conditions(plan)["Stalled"]
    assert (reason, "sequential does not judge mlflow" in message) == ("InvalidSpec", True)


def test_two_candidates_that_could_begin_in_one_moment_do_not_both():
    world = serving("7").spec(candidate={"version": "8"})
    asked = next(q for q in world.decide().plan.questions if isinstance(q, ModelVersionAsked))
    caches = cached(world, trials_max=1)
    manifests = dict(caches.objects.manifests)
    for ref, manifest in tuple(manifests.items()):
        twin = replace(ref, namespace="barn")
        owned = {**manifest["metadata"], "namespace": "barn", "uid": f"{manifest['metadata'].get('uid', '')}-2"}
        manifests[twin] = {**manifest, "metadata": owned}
    both = replace(
        caches, objects=replace(caches.objects, manifests=manifests), answer={asked: world.answer(asked)}.get
    )
    passes = ModelDeploymentPass()

    first, second = (passes.plan_for(ObjectName(where, "wine"), both) for where in ("cellar", "barn"))

    assert first.status["trial"]["phase"] == "Loading"
    assert (second.status.get("trial"), conditions(second)["Reconciling"][0]) == (None, "Queued")
    assert "KANARIA_MAX_TRIALS" in conditions(second)["Reconciling"][1]


@pytest.mark.parametrize(("most", "expected"), [(0, None), (1, "Loading")], ids=["no room", "room"])
def test_a_candidate_after_one_that_failed_needs_room_too(most: int, expected: str | None):
    world = serving("7")
    world.md["status"]["trial"] = {"id": "8@x", "version": "8", "phase": "Failed", "startedAt": world.now.isoformat()}
    world.spec(candidate={"version": "9"})
    asked = next(q for q in world.decide().plan.questions if isinstance(q, ModelVersionAsked))
    caches = replace(cached(world, trials_max=most), answer={asked: world.answer(asked)}.get)

    plan = ModelDeploymentPass().plan_for(WINE, caches)

    assert (plan.status.get("trial") or {}).get("phase") == expected
