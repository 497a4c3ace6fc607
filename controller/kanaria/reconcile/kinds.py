"""Which pass belongs to which kind, and what the passes need at hand."""

import importlib
import importlib.util
from collections.abc import Callable, Mapping

from kanaria.api import KINDS
from kanaria.api.resource import API_VERSION
from kanaria.reconcile.pokes import SERVICE, SERVICE_LABEL
from kanaria.reconcile.world import World
from kanaria.vocabulary import ObjectName, Plan, Watch, marks

PlanFor = Callable[[ObjectName, World], Plan | None]
_FILES = {
    "GitSync": "git_sync",
    "MLPipeline": "ml_pipeline",
    "MLPipelineRun": "ml_pipeline_run",
    "MetricPolicy": "metric_policy",
    "ModelDeployment": "model_deployment",
}
ROUTE = ("gateway.networking.k8s.io/v1", "HTTPRoute")


def passes() -> Mapping[str, PlanFor]:
    """The pass of each kind."""
    names = {kind: f"kanaria.reconcile.{file}" for kind, file in _FILES.items()}
    return {
        kind: importlib.import_module(name).plan_for for kind, name in names.items() if importlib.util.find_spec(name)
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
