"""What runs tell that the pipeline's status does not say yet.

A run bears its number and its cause, so that a pass which made one and died is not repeated.
"""

from dataclasses import replace

from kanaria.api import MLPipelineRun
from kanaria.api.ml_pipeline import MLPipelineStatus
from kanaria.decide.ml_pipeline.scene import Scene


def remember(scene: Scene) -> Scene:
    """Take over what each run that is newer than the status acted on."""
    status = scene.status
    for run in scene.runs:
        if run.spec.number > status.runs:
            status = _after(status, run)
    return replace(scene, status=status)


def _after(status: MLPipelineStatus, run: MLPipelineRun) -> MLPipelineStatus:
    cause = run.spec.cause
    changes = {
        "runs": run.spec.number,
        "revision": run.spec.revision or status.revision,
        "last_scheduled_at": cause.scheduled_at or status.last_scheduled_at,
        "last_handled_run_request": cause.request or status.last_handled_run_request,
    }
    return status.model_copy(update=changes)
