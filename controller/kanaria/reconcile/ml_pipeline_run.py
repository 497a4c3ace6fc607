"""How an MLPipelineRun is observed, and what its next plan is."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from pydantic import ValidationError

from kanaria.api import GitSync, MetricPolicy, MLPipelineRun, ModelDeployment
from kanaria.api.ml_pipeline_run import FINAL
from kanaria.api.resource import API_VERSION
from kanaria.decide.git_sync import head_question
from kanaria.decide.ml_pipeline_run import Ground, Seen, decide, watches
from kanaria.decide.ml_pipeline_run.observe import around, by_job, jobs_of, of_same_pipeline
from kanaria.decide.ml_pipeline_run.propose import targets_of
from kanaria.decide.ml_pipeline_run.wishes import is_of
from kanaria.decide.unreadable import readable, refuse
from kanaria.decide.written_by import written_by
from kanaria.reconcile.git_named import document_at_head
from kanaria.reconcile.world import World
from kanaria.vocabulary import Answered, CommitResult, ObjectName, ObjectRef, Plan, marks
from kanaria.vocabulary.documents import field_at


def plan_for(name: ObjectName, world: World) -> Plan | None:
    """The next plan of a run; None when it is gone."""
    body = world.objects.get(ObjectRef(API_VERSION, "MLPipelineRun", name.namespace, name.name))
    if body is None:
        return None
    try:
        run = MLPipelineRun.read(body)
    except ValidationError as error:
        return refuse(body, error, world.now())
    over = run.status.phase in FINAL  # then its Jobs are no longer watched
    wanted = watches(run.spec.pipeline)
    if not over and not all(world.objects.synced(watch) or world.objects.refused(watch) for watch in wanted):
        return Plan(watches=wanted, look_again=world.now() + timedelta(seconds=1))
    return decide(run, _seen(run, world), world.now())


def _seen(run: MLPipelineRun, world: World) -> Seen:
    namespace, mine = run.metadata.namespace, marks.owned_by(run.ref)
    refs = (ObjectRef(API_VERSION, "ModelDeployment", name.namespace, name.name) for name in targets_of(run))
    found = {target.name: target for target in readable(ModelDeployment, map(world.objects.get, refs))}
    # Only what is looked at is parsed: of 1,000 objects beside it that takes a second, and the Lease waits meanwhile.
    named = {gate.policy_ref.name for gate in run.spec.pipeline.gates}
    gates = (ObjectRef(API_VERSION, "MetricPolicy", namespace, each) for each in sorted(named))
    policies = readable(MetricPolicy, map(world.objects.get, gates))
    family = world.objects.list(API_VERSION, "MLPipelineRun", namespace, marks.owned_by(_pipeline(run)))
    siblings = of_same_pipeline(run, family)
    older, newer = around(run, readable(MLPipelineRun, siblings))
    settings = world.settings
    wanted = watches(run.spec.pipeline)
    kinds = dict.fromkeys((watch.api_version, watch.kind) for watch in wanted if watch.kind != "Pod")
    jobs = jobs_of(run, (made for kind in kinds for made in world.objects.list(*kind, namespace, mine)))
    return Seen(
        answer=world.answer,
        jobs=jobs,
        pods=by_job(jobs, world.objects.list("v1", "Pod", namespace, mine)),
        policies={policy.metadata.name: policy for policy in policies},
        absent=frozenset(watch.kind for watch in wanted if not world.objects.served(watch)),
        refused={watch.kind: why for watch in wanted if (why := world.objects.refused(watch))},
        targets=found,
        newer=newer,
        older=older,
        cancelled=_cancelled(run, world),
        landed=dict(_landed(run, found.values(), world)),
        applied_at=dict(_applied_at(run, found.values(), world)),
        failure=world.failure(run.ref),
        ground=Ground(
            settings.mlflow_tracking_uri or "", settings.runner_image, settings.data_image, settings.allow_file_remotes
        ),
    )


def _pipeline(run: MLPipelineRun) -> ObjectRef:
    return ObjectRef(API_VERSION, "MLPipeline", run.metadata.namespace, run.spec.pipeline_ref.name)


def _cancelled(run: MLPipelineRun, world: World) -> str:
    body = world.objects.get(_pipeline(run))
    return str(((body or {}).get("metadata", {}).get("annotations") or {}).get(marks.CANCEL, ""))


def _landed(
    run: MLPipelineRun, targets: Iterable[ModelDeployment], world: World
) -> Iterator[tuple[ObjectName, CommitResult]]:
    """What the newest write-back of a target's GitSync committed of this run."""
    for target in targets:
        result = world.commit_result(_sync_of(target))
        if result is not None and any(is_of(edit, run, target) for edit in result.landed):
            yield target.name, result


def _applied_at(
    run: MLPipelineRun, targets: Iterable[ModelDeployment], world: World
) -> Iterator[tuple[ObjectName, datetime]]:
    for target in targets:
        for sync in readable(GitSync, [world.objects.get(_sync_of(target))]):
            at = _taken_back_at(run, target, sync, world) if target.spec.git else sync.status.last_applied_at
            if at is not None:
                yield target.name, at


def _taken_back_at(run: MLPipelineRun, target: ModelDeployment, sync: GitSync, world: World) -> datetime | None:
    """Since when the target's own file is known not to hold what was proposed, where somebody else applies it."""
    head, model = world.answer(head_question(sync)), run.status.model
    document = document_at_head(target, sync, world)
    if not isinstance(head, Answered) or document is None or model is None:
        return None
    held = (field_at(document.manifest, ("spec", which, "version")) for which in ("candidate", "stable"))
    return None if model.version in held else head.at


def _sync_of(target: ModelDeployment) -> ObjectRef:
    return ObjectRef(API_VERSION, "GitSync", target.metadata.namespace, written_by(target))
