"""Which model version the run registered, and what it logged."""

import math

from kanaria.api.conditions import Reason
from kanaria.api.ml_pipeline_run import RegisteredModel, RunPhase
from kanaria.decide.ml_pipeline_run.scene import EVERY, Scene, Turn, asked, failed, going_on
from kanaria.decide.ml_pipeline_run.track import mlflow_run_id
from kanaria.vocabulary import Answered, RegisteredBy, RunMetrics

METRICS_MAX = 50


def register(scene: Scene) -> Turn:
    """Find the version of spec.model that was registered from the MLflow run."""
    wanted = scene.pipeline.model
    if wanted is None or scene.status.model is not None:
        return Turn(scene.status)
    run_id = mlflow_run_id(scene.status)
    answer = asked(scene, RegisteredBy(EVERY, wanted.name, run_id), f"looking for the registered {wanted.name}")
    if not isinstance(answer, Answered):
        return answer
    found = answer.value
    if found is None:
        return failed(
            scene,
            Reason.MODEL_NOT_REGISTERED,
            f"spec.model: step {wanted.step!r} registered no version of {wanted.name!r} from MLflow run {run_id}; "
            f"log the model with registered_model_name={wanted.name!r}, within the run that MLFLOW_RUN_ID names",
        )
    model = RegisteredModel(name=found.model, version=found.version, model_id=found.model_id, uri=found.uri)
    return going_on(scene, model=model)


def measure(scene: Scene) -> Turn:
    """Note the metrics that the MLflow run logged, as many as a status can bear."""
    if scene.status.phase is RunPhase.SUCCEEDED:
        return Turn(scene.status)
    answer = asked(scene, logged(mlflow_run_id(scene.status)), "reading the MLflow run's metrics")
    if not isinstance(answer, Answered):
        return answer
    finite = {name: value for name, value in sorted(answer.value.items()) if math.isfinite(value)}
    return going_on(scene, metrics=dict(list(finite.items())[:METRICS_MAX]))


def logged(run_id: str) -> RunMetrics:
    """The question for the metrics of an MLflow run."""
    return RunMetrics(EVERY, run_id)
