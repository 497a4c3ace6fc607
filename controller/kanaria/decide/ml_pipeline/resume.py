"""Which run that failed goes on, and what the new run takes over from it."""

from typing import Any

from kanaria.api import MLPipelineRun
from kanaria.api.conditions import Reason
from kanaria.api.ml_pipeline_run import DONE, KeptStep, Resumes, RunPhase
from kanaria.api.run_data import DataPhase
from kanaria.decide.ml_pipeline.scene import Due, Scene
from kanaria.decide.unfolding import unfolded
from kanaria.vocabulary import Notice, marks

RESUME = "resume"
_ANEW = "start a new run"
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
    lacks = _lacks(resumed, scene)
    if lacks:
        return Notice("Warning", Reason.NOT_RESUMED, f"the annotation {marks.RESUME}: run {name!r} {lacks}; {_ANEW}")
    reason = f"the annotation {marks.RESUME} names run {name}"
    return Due(RESUME, reason, value=name, link=f"MLPipelineRun {name}", resumes=resumed)


def _lacks(run: MLPipelineRun, scene: Scene) -> str:
    """What its steps that succeeded were made of and is not there any more; empty where nothing lacks."""
    if any(data.phase is DataPhase.CHANGED for data in run.status.data):
        return "failed since its data changed while it read, and nobody knows which of both its steps read"
    if run.spec.pipeline.workspace and _root(run) not in {each.metadata.name for each in scene.runs}:
        return f"worked in the workspace of run {_root(run)!r}, which went with that run"
    return ""


def _root(run: MLPipelineRun) -> str:
    """The run whose workspace it works in."""
    return run.spec.resumes.root if run.spec.resumes else run.metadata.name


def taken_over(run: MLPipelineRun) -> dict[str, Any]:
    """What the new run keeps: steps that went well, the MLflow run, and the first run's workspace."""
    status = run.status
    last = {step.name for step in unfolded(run.spec.pipeline).last}  # of onExit: they belong to the end of each run
    steps = tuple(
        KeptStep(
            name=entry.name,
            outputs=entry.outputs,
            started_at=entry.started_at,
            finished_at=entry.finished_at,
            image_id=entry.image_id,
            cache_key=entry.cache_key,
        )
        for entry in status.steps
        if entry.phase in DONE and entry.name not in last
    )
    kept = Resumes(
        run=run.metadata.name, root=_root(run), tracking=status.tracking, champion=status.champion, steps=steps
    )
    return kept.model_dump(mode="json", by_alias=True, exclude_none=True)
