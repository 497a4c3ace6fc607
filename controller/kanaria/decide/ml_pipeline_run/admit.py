"""Whether the run can be carried out at all."""

from kanaria.api.conditions import Reason
from kanaria.api.ml_pipeline_run import KeptStep, RunPhase, StepPhase, StepStatus
from kanaria.decide.filling import unknown_reference
from kanaria.decide.ml_pipeline_run.scene import Scene, Turn, failed, going_on
from kanaria.decide.step_graph import circle, cyclic
from kanaria.decide.unfolding import unfoldable
from kanaria.vocabulary import Apply, Failure, FailureKind


def admit(scene: Scene) -> Turn:
    """Refuse what can never run: the spec of a run is frozen, so only a change of the pipeline helps."""
    steps = circle((*scene.pipeline.steps, *scene.pipeline.on_exit))
    if steps:
        return failed(scene, Reason.CYCLIC_STEPS, cyclic(steps))
    fault = unfoldable(scene.pipeline) or unknown_reference(scene.pipeline)
    if fault:
        return failed(scene, Reason.INVALID_SPEC, fault)
    elsewhere = _file_elsewhere(scene)
    if elsewhere:
        return failed(scene, Reason.INVALID_SPEC, elsewhere)
    if _refused(scene.seen.failure):
        return _invalid(scene)
    if scene.status.phase is not None:
        return Turn(scene.status)
    kept = {each.name: _kept(each, scene) for each in scene.run.spec.resumes.steps} if scene.run.spec.resumes else {}
    entries = tuple(kept.get(step.name) or StepStatus(name=step.name) for step in scene.unfolded.every)
    return going_on(scene, phase=RunPhase.PENDING, started_at=scene.now, steps=entries)


def _file_elsewhere(scene: Scene) -> str:
    """Where data is a file of a machine, in a cluster whose Pods do not share one."""
    places = enumerate(scene.pipeline.data) if not scene.seen.ground.file_remotes else ()
    found = next((index for index, data in places if data.uri.startswith("file:")), None)
    if found is None:
        return ""
    return (
        f"spec.data[{found}].uri: file: is for local clusters; put the data where Pods can read it: s3, gs, az, https"
    )


def _kept(step: KeptStep, scene: Scene) -> StepStatus:
    """A step of the run that is resumed, as it was."""
    resumed = scene.run.spec.resumes.run if scene.run.spec.resumes else ""
    return StepStatus(
        name=step.name,
        phase=StepPhase.CACHED,
        outputs=step.outputs,
        started_at=step.started_at,
        finished_at=step.finished_at,
        image_id=step.image_id,
        cache_key=step.cache_key,
        cached_from=resumed,
    )


def _refused(failure: Failure | None) -> bool:
    return failure is not None and isinstance(failure.act, Apply) and failure.kind is FailureKind.INVALID


def _invalid(scene: Scene) -> Turn:
    failure = scene.seen.failure
    message = (
        f"the API server refuses a step's Job: {failure.message if failure else ''}; mend the step in the pipeline"
    )
    ended = {StepPhase.PENDING: StepPhase.SKIPPED, StepPhase.RUNNING: StepPhase.FAILED}
    steps = tuple(s.model_copy(update={"phase": ended.get(s.phase, s.phase)}) for s in scene.status.steps)
    return failed(scene, Reason.INVALID_SPEC, message, steps=steps)
