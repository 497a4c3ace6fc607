"""What runs tell that the pipeline's status does not say yet.

A run bears its number and its cause, so that a pass which made one and died is not repeated.
"""

from dataclasses import replace
from datetime import datetime

from kanaria.api import MLPipelineRun
from kanaria.api.ml_pipeline import MLPipelineStatus, TriggerStatus
from kanaria.api.ml_pipeline_run import Cause
from kanaria.decide.ml_pipeline.hold import remembered
from kanaria.decide.ml_pipeline.scene import Scene


def remember(scene: Scene) -> Scene:
    """Take over what each run that is newer than the status acted on."""
    status = scene.status
    for run in scene.runs:
        if run.spec.number > status.runs:
            status = _after(scene, status, run)
    return replace(scene, status=status)


def _after(scene: Scene, status: MLPipelineStatus, run: MLPipelineRun) -> MLPipelineStatus:
    cause = run.spec.cause
    resumed, replays = run.spec.resumes, run.spec.replays  # they run code of the past
    began = run.metadata.creation_timestamp or scene.now
    changes = {
        "runs": run.spec.number,
        "revision": (None if resumed or replays else run.spec.revision) or status.revision,
        "last_handled_resume": resumed.run if resumed else status.last_handled_resume,
        # A replay that is resumed answers no wish anew: there may be a later one.
        "last_handled_replay": replays.request if replays and not resumed else status.last_handled_replay,
        "last_scheduled_at": cause.scheduled_at or status.last_scheduled_at,
        "last_handled_run_request": cause.request or status.last_handled_run_request,
        "triggers": _answered(scene, status, cause, began),
    }
    return status.model_copy(update=changes)


def _answered(scene: Scene, status: MLPipelineStatus, cause: Cause, began: datetime) -> tuple[TriggerStatus, ...]:
    """Each trigger's entry, with what the run acted on and when it began."""
    known = {entry.name: entry for entry in status.triggers}
    declared = {each.name: each for each in scene.pipeline.spec.triggers}
    for answer in cause.answers:
        before = known.get(answer.name) or TriggerStatus(name=answer.name, since=began)
        runs = remembered(declared.get(answer.name), before.runs, began)
        changes = {"acted_on": answer.acted_on or before.acted_on, "runs": runs, "held": ""}
        known[answer.name] = before.model_copy(update=changes)
    # Those that are not declared any more go here already: the rest would be too many for the status.
    return tuple(entry for name, entry in known.items() if name in declared)
