"""How an MLPipeline is observed, and what its next plan is."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from pydantic import ValidationError

from kanaria.api import MetricPolicy, MLPipeline, MLPipelineRun, ModelDeployment
from kanaria.api.resource import API_VERSION
from kanaria.decide.ml_pipeline import Seen, decide
from kanaria.decide.ml_pipeline.failing import found_failing
from kanaria.decide.ml_pipeline.look import WATCHES
from kanaria.decide.ml_pipeline.scene import Looks
from kanaria.decide.ml_pipeline.upstream import all_before, newest_successes
from kanaria.decide.ml_pipeline_run.observe import by_job, jobs_of
from kanaria.decide.unreadable import readable, refuse
from kanaria.reconcile.world import World
from kanaria.vocabulary import ObjectName, ObjectRef, Plan, marks
from kanaria.vocabulary.objects import Manifest


def plan_for(name: ObjectName, world: World) -> Plan | None:
    """The next plan of a pipeline; None when it is gone."""
    body = world.objects.get(ObjectRef(API_VERSION, "MLPipeline", name.namespace, name.name))
    if body is None:
        return None
    try:
        pipeline = MLPipeline.read(body)
    except ValidationError as error:
        return refuse(body, error, world.now())
    # What costs as much as there are objects in the namespace is looked at only by who needs it.
    kinds = {trigger.trigger.key for trigger in pipeline.spec.triggers}
    deployments = world.objects.list(API_VERSION, ModelDeployment.__name__, name.namespace) if "metric" in kinds else ()
    others = world.objects.list(API_VERSION, MLPipelineRun.__name__, name.namespace) if "pipeline" in kinds else ()
    seen = Seen(
        answer=world.answer,
        runs=readable(MLPipelineRun, _runs(pipeline, world)),
        policies=_policies(pipeline, world),
        failure=world.failure(pipeline.ref),
        looks=_looks(pipeline, world),
        failing=found_failing(deployments),
        succeeded=newest_successes(others),
        before=all_before(body, partial(_pipeline, name.namespace, world)),
    )
    return decide(pipeline, seen, world.now())


def _pipeline(namespace: str, world: World, name: str) -> Manifest | None:
    return world.objects.get(ObjectRef(API_VERSION, MLPipeline.__name__, namespace, name))


def _policies(pipeline: MLPipeline, world: World) -> frozenset[str]:
    """Names of the policies that gates ask for; where one is missing, of all there are, so that it can be told."""
    namespace, named = pipeline.metadata.namespace, {gate.policy_ref.name for gate in pipeline.spec.gates}
    refs = {each: ObjectRef(API_VERSION, MetricPolicy.__name__, namespace, each) for each in named}
    if all(world.objects.get(ref) is not None for ref in refs.values()):
        return frozenset(named)
    found = world.objects.list(API_VERSION, MetricPolicy.__name__, namespace)
    return frozenset(policy["metadata"]["name"] for policy in found)


def _looks(pipeline: MLPipeline, world: World) -> Looks:
    """The Jobs that look at data for triggers, once the caches hold them, and what they are compared with."""
    settings, namespace, mine = world.settings, pipeline.metadata.namespace, marks.owned_by(pipeline.ref)
    basis = Looks(
        stable=_stable(pipeline, world), image=settings.data_image, tracking_uri=settings.mlflow_tracking_uri or ""
    )
    if not all(world.objects.synced(watch) for watch in WATCHES):
        return basis
    jobs = jobs_of(pipeline, world.objects.list("batch/v1", "Job", namespace, mine))
    return replace(basis, jobs=jobs, pods=by_job(jobs, world.objects.list("v1", "Pod", namespace, mine)))


def _stable(pipeline: MLPipeline, world: World) -> tuple[str, str] | None:
    """Model and version that is stable in the first target, where there is one."""
    for proposal in pipeline.spec.promote[:1]:
        target = proposal.model_deployment
        namespace = target.namespace or pipeline.metadata.namespace
        found = world.objects.get(ObjectRef(API_VERSION, ModelDeployment.__name__, namespace, target.name))
        for deployment in readable(ModelDeployment, [found]):
            if deployment.spec.stable:
                return deployment.spec.model.name, deployment.spec.stable.version
    return None


def _runs(pipeline: MLPipeline, world: World) -> Iterator[Manifest]:
    """The pipeline's own runs: those of a pipeline of this name that was deleted go with it."""
    of_name = world.objects.list(
        API_VERSION, MLPipelineRun.__name__, pipeline.metadata.namespace, marks.owned_by(pipeline.ref)
    )
    for body in of_name:
        owners = body["metadata"].get("ownerReferences") or ()
        if any(owner.get("uid") == pipeline.metadata.uid for owner in owners):
            yield body
