"""Which run that failed goes on, and what the new run takes over from it."""

from typing import Any

from kanaria.api import MLPipelineRun
from kanaria.api.conditions import Reason
from kanaria.api.ml_pipeline_run import DONE, KeptStep, Resumes, RunPhase
from kanaria.decide.ml_pipeline.scene import Due, Scene
from kanaria.vocabulary import Notice, marks

RESUME = "resume"
_LOST = (RunPhase.FAILED, RunPhase.CANCELLED)


def asked(scene: Scene) -> str:
    """The run that the annotation names, where that was not acted on yet."""
    name = scene.pipeline.metadata.annotations.get(marks.RESUME, "")
    return "" if name == scene.status.last_handled_resume else name[:253]


def resumption(scene: Scene) -> Due | Notice | None:
    """The run that is due since somebody asked to resume one, or why that one cannot be resumed."""
    name = asked(scene)
    if not name:
        return None
    resumed = next((run for run in scene.runs if run.metadata.name == name), None)
    if resumed is None or resumed.status.phase not in _LOST:
        lost = ", ".join(run.metadata.name for run in scene.runs if run.status.phase in _LOST) or "none"
        fact = "is not there" if resumed is None else "did not fail"
        sentence = f"the annotation {marks.RESUME}: run {name!r} {fact} (failed ones: {lost}); name one that failed"
        return Notice("Warning", Reason.NOT_RESUMED, sentence)
    reason = f"the annotation {marks.RESUME} names run {name}"
    return Due(RESUME, reason, value=name, link=f"MLPipelineRun {name}", resumes=resumed)


def taken_over(run: MLPipelineRun) -> dict[str, Any]:
    """What the new run keeps: steps that went well, the MLflow run, and the first run's workspace."""
    status = run.status
    steps = tuple(
        KeptStep(
            name=entry.name,
            outputs=entry.outputs,
            started_at=entry.started_at,
            finished_at=entry.finished_at,
            cache_key=entry.cache_key,
        )
        for entry in status.steps
        if entry.phase in DONE
    )
    root = run.spec.resumes.root if run.spec.resumes else run.metadata.name
    kept = Resumes(run=run.metadata.name, root=root, tracking=status.tracking, steps=steps)
    return kept.model_dump(mode="json", by_alias=True, exclude_none=True)
