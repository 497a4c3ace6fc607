"""What is said of the pipeline: its newest run in short, and when the next one is due."""

from dataclasses import replace
from datetime import datetime

from kanaria.api import MLPipelineRun
from kanaria.api.conditions import ConditionType, Reason
from kanaria.api.ml_pipeline import LastRun
from kanaria.api.ml_pipeline_run import FINAL, RunPhase
from kanaria.api.resource import Condition
from kanaria.decide.ml_pipeline.scene import Scene
from kanaria.decide.ml_pipeline.start import must_wait
from kanaria.triggers.schedule import Schedule
from kanaria.vocabulary import Go, Outcome, Stall, Wait

SUSPENDED = "Suspended"


def summarise(scene: Scene) -> Scene:
    """The newest run decides what the pipeline says, where nothing of its own is in the way."""
    newest = scene.newest
    changes = {
        "phase": _phase(scene, newest),
        "last_run": _short(newest) if newest else scene.status.last_run,
        "next_run_at": None if scene.resting else _next(scene),
    }
    outcome = _outcome(scene, newest) if _is_minor(scene.outcome) else scene.outcome
    return replace(scene, status=scene.status.model_copy(update=changes), outcome=outcome)


def _is_minor(outcome: Outcome) -> bool:
    """Whether a run has more to say: that the newest commit is being looked for is no news."""
    return isinstance(outcome, Go) or (isinstance(outcome, Wait) and not outcome.retry)


def _phase(scene: Scene, newest: MLPipelineRun | None) -> str:
    if scene.active:
        return RunPhase.RUNNING
    if scene.pipeline.spec.suspend:
        return SUSPENDED
    return (newest.status.phase if newest else None) or RunPhase.PENDING


def _short(run: MLPipelineRun) -> LastRun:
    """The run in short. One that is not over is running, whatever it does: its steps are no news of the pipeline."""
    status = run.status
    over = status.phase in FINAL
    return LastRun(
        name=run.metadata.name,
        phase=(status.phase if over else None) or RunPhase.RUNNING,
        trigger=run.spec.cause.trigger,
        version=status.model.version if status.model and over else "",
        verdict=(status.verdict if over else None) or "",
        started_at=run.metadata.creation_timestamp,
    )


def _next(scene: Scene) -> datetime | None:
    schedules = (each.trigger for each in scene.pipeline.spec.triggers if isinstance(each.trigger, Schedule))
    return min((schedule.next_after(scene.now) for schedule in schedules), default=None)


def _outcome(scene: Scene, newest: MLPipelineRun | None) -> Outcome:
    active = scene.active
    if active:
        waiting = (
            f"; trigger {scene.due.trigger!r} is due and waits for its end" if scene.due and must_wait(scene) else ""
        )
        return Wait(Reason.RUNNING, f"run {active.metadata.name} is under way{waiting}")
    stalled = condition(newest, ConditionType.STALLED) if newest else None
    cancelled = newest is not None and newest.status.phase is RunPhase.CANCELLED
    if newest and stalled and not cancelled and not scene.pipeline.spec.suspend:
        return Stall(stalled.reason, f"run {newest.metadata.name}: {stalled.message}")
    return scene.outcome


def condition(run: MLPipelineRun, type_: str) -> Condition | None:
    """What a run says of itself."""
    return next((each for each in run.status.conditions if each.type == type_), None)
