"""Which model version the run registered, and what it logged."""

import math

from kanaria.api.conditions import Reason
from kanaria.api.ml_pipeline_run import RegisteredModel, RunPhase
from kanaria.decide.ml_pipeline_run.inquire import makes_no_model, registered
from kanaria.decide.ml_pipeline_run.scene import READING, Scene, Turn, asked, failed, going_on
from kanaria.decide.ml_pipeline_run.track import logged, mlflow_run_id
from kanaria.vocabulary import Answered

METRICS_MAX = 50


def register(scene: Scene) -> Turn:
    """Find the version of spec.model that was registered from the MLflow run."""
    wanted = scene.pipeline.model
    question = registered(scene)
    if wanted is None or question is None or scene.status.model is not None or makes_no_model(scene):
        return Turn(scene.status)
    answer = asked(scene, question, READING)
    if not isinstance(answer, Answered):
        return answer
    found = answer.value
    if found is None:
        return failed(
            scene,
            Reason.MODEL_NOT_REGISTERED,
            f"spec.model: step {wanted.step!r} registered no version of {wanted.name!r} from MLflow run "
            f"{question.run_id}; log the model with registered_model_name={wanted.name!r}, "
            "within the run that MLFLOW_RUN_ID names",
        )
    model = RegisteredModel(name=found.model, version=found.version, model_id=found.model_id, uri=found.uri)
    return going_on(scene, model=model)


def measure(scene: Scene) -> Turn:
    """Note the metrics that the MLflow run logged, as many as a status can bear."""
    if scene.status.phase is RunPhase.SUCCEEDED:
        return Turn(scene.status)
    answer = asked(scene, logged(mlflow_run_id(scene.status)), READING)
    if not isinstance(answer, Answered):
        return answer
    finite = {name: value for name, value in sorted(answer.value.items()) if math.isfinite(value)}
    return going_on(scene, metrics=dict(list(finite.items())[:METRICS_MAX]))
