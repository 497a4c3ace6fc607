"""Which MLflow run holds what this run logs."""

from kanaria.api.ml_pipeline_run import MLPipelineRunStatus, Tracking
from kanaria.decide.ml_pipeline_run.scene import EVERY, Scene, Turn, asked, going_on
from kanaria.vocabulary import Answered, RunMetrics, TrackingRun, tags


def track(scene: Scene) -> Turn:
    """Have an MLflow run made, once: its key is the run's uid, so that a repeated question finds it."""
    if scene.status.tracking is not None:
        return Turn(scene.status)
    resumes = scene.run.spec.resumes
    if resumes and resumes.tracking:
        return going_on(scene, tracking=resumes.tracking)
    question = tracking_run(scene)
    answer = asked(scene, question, "making the MLflow run")
    if not isinstance(answer, Answered):
        return answer
    return going_on(scene, tracking=Tracking(run_id=answer.value, experiment=question.experiment))


def tracking_run(scene: Scene) -> TrackingRun:
    """The MLflow run that is wanted: experiment NAMESPACE/PIPELINE, named and tagged after this run."""
    run = scene.run
    pipeline = f"{run.metadata.namespace}/{run.spec.pipeline_ref.name}"
    known = {tags.RUN: str(run.name), tags.PIPELINE: pipeline, tags.COMMIT: run.spec.revision}
    told = tuple((key, value) for key, value in known.items() if value)
    return TrackingRun(EVERY, experiment=pipeline, key=run.metadata.uid, name=run.metadata.name, tags=told)


def mlflow_run_id(status: MLPipelineRunStatus) -> str:
    """MLflow's id of the run; empty before it is made."""
    return status.tracking.run_id if status.tracking else ""


def logged(run_id: str) -> RunMetrics:
    """The question for the metrics of an MLflow run."""
    return RunMetrics(EVERY, run_id)
