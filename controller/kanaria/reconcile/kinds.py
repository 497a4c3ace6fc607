"""Which pass belongs to which kind, and what the passes need at hand."""

from collections.abc import Callable, Mapping

from kanaria.api import KINDS
from kanaria.api.resource import API_VERSION
from kanaria.reconcile import metric_policy, ml_pipeline, ml_pipeline_run
from kanaria.reconcile.git_sync import GitSyncPass
from kanaria.reconcile.model_deployment import ModelDeploymentPass
from kanaria.reconcile.pokes import SERVICE, SERVICE_LABEL
from kanaria.reconcile.world import World
from kanaria.vocabulary import ObjectName, Plan, Watch, marks

PlanFor = Callable[[ObjectName, World], Plan | None]
ROUTE = ("gateway.networking.k8s.io/v1", "HTTPRoute")


def passes() -> Mapping[str, PlanFor]:
    """The pass of each kind; some remember what they would have to read again."""
    return {
        "GitSync": GitSyncPass(),
        "MLPipeline": ml_pipeline.plan_for,
        "MLPipelineRun": ml_pipeline_run.plan_for,
        "MetricPolicy": metric_policy.plan_for,
        "ModelDeployment": ModelDeploymentPass().plan_for,
    }


def watches() -> tuple[Watch, ...]:
    """What is always at hand: the five kinds, their children, and what KServe makes of InferenceServices."""
    return (
        *(Watch(API_VERSION, kind.model_fields["kind"].default) for kind in KINDS),
        Watch("batch/v1", "Job", marks.OWNER),
        Watch(*SERVICE, marks.OWNER),
        Watch("v1", "Service", marks.OWNER),
        Watch("v1", "Service", SERVICE_LABEL),
        Watch("apps/v1", "Deployment", SERVICE_LABEL),
        Watch(*ROUTE, marks.OWNER),
        Watch(*ROUTE, SERVICE_LABEL),
    )
