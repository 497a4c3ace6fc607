"""Which old runs go."""

from dataclasses import replace

from kanaria.api import MLPipelineRun
from kanaria.api.ml_pipeline_run import FINAL, RunPhase
from kanaria.decide.ml_pipeline.scene import Scene
from kanaria.vocabulary import Delete, marks

_OPEN = ("Due", "Landed")


def retire(scene: Scene) -> Scene:
    """Delete the oldest runs beyond the limits; the newest run, and one whose proposal is open, are kept."""
    spec = scene.pipeline.spec
    limits = (
        ((RunPhase.SUCCEEDED,), spec.successful_runs_history_limit),
        ((RunPhase.FAILED, RunPhase.CANCELLED), spec.failed_runs_history_limit),
    )
    old = [run for phases, limit in limits for run in _beyond(scene, phases, limit)]
    label = next(iter(marks.owned_by(scene.pipeline.ref).items()))
    return replace(scene, acts=(*scene.acts, *(Delete(run.ref, only_if_label=label) for run in old)))


def _beyond(scene: Scene, phases: tuple[RunPhase, ...], limit: int) -> tuple[MLPipelineRun, ...]:
    ended = [run for run in scene.runs if run.status.phase in phases]
    old = ended[: max(0, len(ended) - limit)]
    return tuple(run for run in old if run not in (scene.runs[-1], scene.newest) and not _is_needed(run, scene))


def _is_needed(run: MLPipelineRun, scene: Scene) -> bool:
    """Whether it goes already, its proposal is open, or its workspace is used by a run that resumes it."""
    gone = run.metadata.deletion_timestamp is not None
    resuming = {r.spec.resumes.root for r in scene.runs if r.spec.resumes and r.status.phase not in FINAL}
    return gone or run.metadata.name in resuming or any(proposal.state in _OPEN for proposal in run.status.proposals)
