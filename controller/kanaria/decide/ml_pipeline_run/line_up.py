"""Whether the run's turn has come."""

from kanaria.api.conditions import Reason
from kanaria.api.ml_pipeline_run import FINAL, RunPhase
from kanaria.decide.ml_pipeline_run.scene import Scene, Turn, going_on
from kanaria.vocabulary import Wait


def line_up(scene: Scene) -> Turn:
    """With Queue and Replace a run begins when those before it are over; its own time counts from then."""
    if scene.status.phase is not RunPhase.PENDING:
        return Turn(scene.status)
    if scene.pipeline.concurrency_policy in ("Queue", "Replace"):
        before = [run.metadata.name for run in scene.seen.older if run.status.phase not in FINAL]
        if before:
            waiting = going_on(scene, started_at=None)
            return Turn(waiting.status, Wait(Reason.PROGRESSING, f"it begins when run {before[0]} is over"))
    return Turn(scene.status) if scene.status.started_at else going_on(scene, started_at=scene.now)
