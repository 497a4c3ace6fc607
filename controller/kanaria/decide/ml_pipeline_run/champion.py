"""Which stable model the run's steps score beside the new one."""

from kanaria.api import ModelDeployment
from kanaria.api.conditions import Reason
from kanaria.api.ml_pipeline_run import Champion, RunPhase, StepPhase, StepStatus
from kanaria.decide.filling import CHAMPION, names_champion
from kanaria.decide.ml_pipeline_run.scene import EVERY, Scene, Turn, asked, failed, going_on
from kanaria.vocabulary import Answered, ModelVersionAsked, ObjectName


def champion(scene: Scene) -> Turn:
    """Note the stable version before the first step, once, where a step names it: all steps score the same one."""
    if scene.status.champion is not None or scene.status.phase is RunPhase.SUCCEEDED:
        return Turn(scene.status)
    resumes = scene.run.spec.resumes
    if resumes and resumes.champion:
        return going_on(scene, champion=resumes.champion)
    if not names_champion(scene.unfolded.every):
        return Turn(scene.status)
    found = stable_now(scene)
    return _kept(scene, found) if found.version else going_on(scene, champion=found)


def _kept(scene: Scene, found: Champion) -> Turn:
    """One that left the registry ends the run before it costs anything: no step could load it."""
    answer = asked(scene, ModelVersionAsked(EVERY, found.name, found.version), "looking for the stable model")
    if not isinstance(answer, Answered):
        return answer
    if answer.value is not None:
        return going_on(scene, champion=found)
    said = (
        f"the stable version {found.version} of {found.name!r}, which a step scores as ${{champion.version}}, "
        "is not in the registry; restore it, or promote another"
    )
    return failed(scene, Reason.GATE_UNMEASURED, f"nothing was started. {said}", steps=_skipped(scene))


def _skipped(scene: Scene) -> tuple[StepStatus, ...]:
    left = {"phase": StepPhase.SKIPPED, "message": "not started: the stable model is gone"}
    waits = (step.phase is StepPhase.PENDING for step in scene.status.steps)
    return tuple(e.model_copy(update=left) if w else e for e, w in zip(scene.status.steps, waits, strict=True))


def stable_now(scene: Scene) -> Champion:
    """What is stable now at the first target."""
    target = first_target(scene)
    if target is None or target.spec.stable is None:
        return Champion()
    return Champion(name=target.spec.model.name, version=target.spec.stable.version)


def first_target(scene: Scene) -> ModelDeployment | None:
    """The ModelDeployment whose stable model the new one is compared with."""
    if not scene.pipeline.promote:
        return None
    target = scene.pipeline.promote[0].model_deployment
    return scene.seen.targets.get(ObjectName(target.namespace or scene.run.metadata.namespace, target.name))


def champion_facts(scene: Scene) -> dict[str, str]:
    """What the references stand for; MLflow loads a model by the URI wherever its files are."""
    found = scene.status.champion
    if found is None:
        return {}
    uri = f"models:/{found.name}/{found.version}" if found.version else ""
    return dict(zip(CHAMPION, (found.version, uri), strict=True))
