"""What is one trial, and how does it begin and end in the status?

A trial is one candidate's try. Its id is the version and a hash of all that is tried (stable, candidate, predictor,
strategy, analysis) and of the generation that began it: a change of any of these is another trial, and so is the same
candidate set again later.
"""

from typing import Any

from kanaria.api.conditions import Reason
from kanaria.api.model_deployment import CandidateModel, ModelDeploymentSpec, PastTrial, Trial, TrialPhase
from kanaria.decide.model_deployment.scene import Model, Scene
from kanaria.serving.naming import unscaled
from kanaria.vocabulary.objects import content_hash

REMEMBERED = 10
SAID = frozenset({"paused", "fromStep", "promote", "approved"})
"""What people say of a candidate's trial, in the candidate's own words."""
ALL_STEPS = 1_000
"""More steps than a strategy can have."""
_HASH = 7
_REASONS = {
    TrialPhase.PROMOTED: Reason.PROMOTED,
    TrialPhase.FAILED: Reason.CANARY_FAILED,
    TrialPhase.REVERTED: Reason.REVERTED,
    TrialPhase.INCONCLUSIVE: Reason.INCONCLUSIVE,
    TrialPhase.ABORTED: Reason.ABORTED,
    TrialPhase.WITHDRAWN: Reason.WITHDRAWN,
    TrialPhase.SUPERSEDED: Reason.SUPERSEDED,
    TrialPhase.PASSED: Reason.CANARY_PASSED,
}


def reason_of(phase: TrialPhase) -> Reason:
    """The condition's and the Event's word for a trial's phase."""
    return _REASONS.get(phase, Reason.CANARY_STEP)


def trial_id(spec: ModelDeploymentSpec, generation: int) -> str:
    """The id of the trial of the spec's candidate that began at this generation."""
    tried: dict[str, Any] = spec.model_dump(
        mode="json",
        by_alias=True,
        exclude_defaults=True,  # a field that a newer operator adds ends no trial
        include={"model", "stable", "candidate", "strategy", "analysis"},
    )
    if spec.preflight is not None:
        tried["preflight"] = spec.preflight.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    if spec.candidate is not None:
        # What people say of a trial is not what is tried.
        tried["candidate"] = {key: value for key, value in tried["candidate"].items() if key not in SAID}
    version = spec.candidate.version if spec.candidate else ""
    content = {**tried, "predictor": unscaled(spec.predictor), "generation": generation}
    return f"{version}@{content_hash(content, _HASH)}"


def is_of(trial: Trial | None, spec: ModelDeploymentSpec) -> bool:
    """Whether this is the trial of the spec as it stands."""
    return trial is not None and spec.candidate is not None and trial.id == trial_id(spec, trial.generation)


def waived(candidate: CandidateModel | None) -> int:
    """How many steps a person does not want to be waited for."""
    if candidate is None:
        return 0
    return ALL_STEPS if candidate.promote else (candidate.from_step or 1) - 1


def begin(scene: Scene, model: Model) -> Scene:
    """A new trial of the spec's candidate, at the very beginning."""
    scene = named(scene, model)
    trial = scene.trial
    return scene.tells(Reason.CANARY_STARTED, f"version {model.version} is tried: trial {trial.id if trial else ''}")


def named(scene: Scene, model: Model) -> Scene:
    """The spec's candidate has a trial, of which nobody was told yet."""
    generation = scene.md.metadata.generation
    trial = Trial(
        id=trial_id(scene.md.spec, generation),
        model=model.model,
        version=model.version,
        revision=scene.seen.way_back.revision[:64] if scene.seen.way_back else "",
        generation=generation,
        predictor_name=model.name,
        uri=model.uri,
        run_id=model.run_id,
        started_at=scene.now,
        step_since=scene.now,
        step_word="loading",
        analysis=scene.md.spec.analysis,
    )
    return scene.with_status(trial=trial).but(memory=scene.memory.of_trial(trial.id))


def end(scene: Scene, phase: TrialPhase, evidence: str) -> Scene:
    """The trial is over in this way; its candidate gets no traffic any more."""
    trial = scene.trial
    if trial is None:
        return scene
    loud = phase in {TrialPhase.FAILED, TrialPhase.INCONCLUSIVE, TrialPhase.ABORTED}
    changes = {
        "phase": phase,
        "evidence": evidence[:2048],
        "ended_at": scene.now,
        "weight_since": None,
        "step_word": "",
    }
    if phase is not TrialPhase.PROMOTED:
        changes["weight"] = 0
    scene = scene.with_trial(**changes).but(candidate=None)
    return scene.tells(reason_of(phase), f"version {trial.version}: {evidence}", loud=loud)


def passes(scene: Scene, evidence: str, **changes: Any) -> Scene:
    """The candidate passed: it keeps its weight and its judge until Git calls it stable."""
    trial = scene.trial
    if trial is None:
        return scene
    scene = scene.with_trial(phase=TrialPhase.PASSED, evidence=evidence[:2048], **changes)
    return scene.tells(reason_of(TrialPhase.PASSED), f"version {trial.version}: {evidence}")


def forget(scene: Scene) -> Scene:
    """The trial goes into history: nothing is due for it any more."""
    trial = scene.trial
    if trial is None:
        return scene
    past = PastTrial(
        id=trial.id, version=trial.version, phase=trial.phase, evidence=trial.evidence, ended_at=trial.ended_at
    )
    history = (past, *(known for known in scene.status.history if known.id != trial.id))[:REMEMBERED]
    return scene.with_status(trial=None, history=history).but(memory=scene.memory.of_trial(), candidate=None)


def close(scene: Scene, phase: TrialPhase, evidence: str) -> Scene:
    """The trial is over in a way that leaves nothing due in Git."""
    return forget(end(scene, phase, evidence))
