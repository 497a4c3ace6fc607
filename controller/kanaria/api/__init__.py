"""THE CONTRACT: the five kinds as models, the source of crds/."""

from kanaria.api.git_sync import GitSync
from kanaria.api.metric_policy import MetricPolicy
from kanaria.api.ml_pipeline import MLPipeline
from kanaria.api.ml_pipeline_run import MLPipelineRun
from kanaria.api.model_deployment import ModelDeployment
from kanaria.api.resource import Resource

KINDS: tuple[type[Resource], ...] = (GitSync, MLPipeline, MLPipelineRun, MetricPolicy, ModelDeployment)

__all__ = ["KINDS", "GitSync", "MLPipeline", "MLPipelineRun", "MetricPolicy", "ModelDeployment", "Resource"]
