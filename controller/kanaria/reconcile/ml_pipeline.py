"""How an MLPipeline is observed, and what its next plan is."""

from collections.abc import Iterator

from pydantic import ValidationError

from kanaria.api import MetricPolicy, MLPipeline, MLPipelineRun
from kanaria.api.resource import API_VERSION
from kanaria.decide.ml_pipeline import Seen, decide
from kanaria.decide.ml_pipeline.upstream import newest_successes
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
    policies = world.objects.list(API_VERSION, MetricPolicy.__name__, name.namespace)
    seen = Seen(
        answer=world.answer,
        runs=readable(MLPipelineRun, _runs(pipeline, world)),
        policies=frozenset(policy["metadata"]["name"] for policy in policies),
        failure=world.failure(pipeline.ref),
        succeeded=newest_successes(world.objects.list(API_VERSION, MLPipelineRun.__name__, name.namespace)),
    )
    return decide(pipeline, seen, world.now())


def _runs(pipeline: MLPipeline, world: World) -> Iterator[Manifest]:
    """The pipeline's own runs: those of a pipeline of this name that was deleted go with it."""
    of_name = world.objects.list(
        API_VERSION, MLPipelineRun.__name__, pipeline.metadata.namespace, marks.owned_by(pipeline.ref)
    )
    for body in of_name:
        owners = body["metadata"].get("ownerReferences") or ()
        if any(owner.get("uid") == pipeline.metadata.uid for owner in owners):
            yield body
