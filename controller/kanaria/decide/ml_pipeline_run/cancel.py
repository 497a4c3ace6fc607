"""Whether the run is cancelled: by a person, or by a newer run that replaces it."""

from kanaria.api.conditions import Reason
from kanaria.api.ml_pipeline_run import FINAL, RunPhase, StepPhase, StepStatus
from kanaria.decide.ml_pipeline_run.endings import NOT_STARTED
from kanaria.decide.ml_pipeline_run.scene import Scene, Turn, failed
from kanaria.vocabulary import marks


def cancel(scene: Scene) -> Turn:
    """End the run, and every step of it, where somebody asked for that; its Jobs are deleted."""
    why = _why(scene)
    if not why or scene.status.phase in FINAL:
        return Turn(scene.status)
    steps = tuple(_ended(entry, scene) for entry in scene.status.steps)
    return failed(scene, Reason.CANCELLED, why, phase=RunPhase.CANCELLED, steps=steps)


def _why(scene: Scene) -> str:
    if scene.seen.cancelled == scene.run.metadata.name:
        return f"the annotation {marks.CANCEL} of the pipeline names it"
    replacing = [run for run in scene.seen.newer if run.spec.pipeline.concurrency_policy == "Replace"]
    return f"run {replacing[-1].metadata.name} replaces it, as spec.concurrencyPolicy says" if replacing else ""


def _ended(entry: StepStatus, scene: Scene) -> StepStatus:
    if entry.phase is StepPhase.RUNNING or (entry.phase is StepPhase.PENDING and entry.attempts):
        changes = {"phase": StepPhase.FAILED, "finished_at": scene.now, "retry_at": None, "message": "cancelled"}
        return entry.model_copy(update=changes)
    if entry.phase is StepPhase.PENDING:
        return entry.model_copy(update={"phase": StepPhase.SKIPPED, "message": f"{NOT_STARTED}the run was cancelled"})
    return entry
