"""Which old runs go."""

from dataclasses import replace

from kanaria.api import MLPipelineRun
from kanaria.api.ml_pipeline_run import RunPhase
from kanaria.decide.ml_pipeline.scene import Scene
from kanaria.vocabulary import Delete, marks

_OPEN = ("Due", "Landed")


def retire(scene: Scene) -> Scene:
    """Delete the oldest runs beyond the limits; the newest run, and one whose proposal is open, are kept."""
    spec = scene.pipeline.spec
    limits = {
        RunPhase.SUCCEEDED: spec.successful_runs_history_limit,
        RunPhase.FAILED: spec.failed_runs_history_limit,
    }
    old = [run for phase, limit in limits.items() for run in _beyond(scene, phase, limit)]
    label = next(iter(marks.owned_by(scene.pipeline.ref).items()))
    return replace(scene, acts=(*scene.acts, *(Delete(run.ref, only_if_label=label) for run in old)))


def _beyond(scene: Scene, phase: RunPhase, limit: int) -> tuple[MLPipelineRun, ...]:
    ended = [run for run in scene.runs if run.status.phase is phase]
    old = ended[: max(0, len(ended) - limit)]
    return tuple(run for run in old if run is not scene.runs[-1] and not _is_needed(run))


def _is_needed(run: MLPipelineRun) -> bool:
    gone = run.metadata.deletion_timestamp is not None
    return gone or any(proposal.state in _OPEN for proposal in run.status.proposals)
