"""Phase 4: is the trial over, or must the candidate be without traffic for now?

It always runs while the candidate has traffic. What it finds only ever lowers the candidate's weight.
"""

from datetime import datetime, timedelta

from kanaria.api.conditions import ConditionType, Reason
from kanaria.api.model_deployment import Trial, TrialPhase
from kanaria.decide.model_deployment.scene import Scene
from kanaria.decide.model_deployment.serve import QUOTA, deadline, loading_until
from kanaria.decide.model_deployment.trials import end, passes
from kanaria.vocabulary import Stall, Verdict, Wait
from kanaria.vocabulary.durations import spoken

ABORT = "kanaria.dev/abort"
HELD = "held at 0 %"
WAVED = "promoted by spec.candidate.promote"


def settle(scene: Scene) -> Scene:
    """End the trial, hold it, or let it be."""
    for step in (_resumed, _failed, _aborted, _not_up, _too_long, _held, _paused, _taken_back):
        if scene.active is None or scene.hands_off or scene.leaving:
            break
        scene = step(scene, scene.active)
    return scene


def _resumed(scene: Scene, trial: Trial) -> Scene:
    """How long nothing moved, by a person's wish."""
    if scene.md.spec.suspend or scene.paused or scene.seen.invalid or trial.suspended_since is None:
        return scene
    seconds = max(0, int((scene.now - trial.suspended_since).total_seconds()))
    return scene.with_trial(suspended_since=None, suspended_seconds=trial.suspended_seconds + seconds)


def _failed(scene: Scene, _trial: Trial) -> Scene:
    """Proven worse: whatever else is true, it goes."""
    if scene.judged is None or scene.judged.verdict is not Verdict.FAILED:
        return scene
    return end(scene, TrialPhase.FAILED, scene.judged.short)


def _aborted(scene: Scene, trial: Trial) -> Scene:
    """A person wants this trial to end, whatever stands in the spec now."""
    if trial.id != scene.md.metadata.annotations.get(ABORT):
        return scene
    return end(scene, TrialPhase.ABORTED, f"the annotation {ABORT} names trial {trial.id}")


def _not_up(scene: Scene, trial: Trial) -> Scene:
    """Servers that do not come up in time, or are gone for as long, are the candidate's failure."""
    servers, live = scene.seen.serving.of(trial.predictor_name), scene.seen.serving.arrangement
    asked = live is not None and live.find(trial.predictor_name) is not None
    if not asked or servers.available or scene.candidate is None or scene.md.spec.suspend:
        return scene
    by = loading_until(scene) if trial.phase is TrialPhase.LOADING else _gone_until(scene, servers.since)
    if by is None or scene.now < by:
        return scene.looks(by)
    seconds = scene.md.spec.progress_deadline_seconds
    if not servers.exists:
        why = scene.seen.serving.message or "is its controller running?"
        fact = f"KServe made no Deployment of candidate {trial.version} in {seconds} s: {why}"
        return scene.says(Stall(Reason.PROGRESS_DEADLINE_EXCEEDED, f"{fact}; look at the InferenceService's events"))
    why = servers.message or "no server became ready"
    if QUOTA in why:
        # That is not the candidate's fault: it waits, and nobody is sent to servers that are not there.
        said = f"the servers of candidate {trial.version} wait for room in the namespace's quota: {why}"
        return scene if trial.phase is TrialPhase.LOADING else hold(scene, Wait(Reason.INSUFFICIENT_QUOTA, said))
    word = "did not become ready in" if trial.phase is TrialPhase.LOADING else "had no ready server for"
    return end(scene, TrialPhase.FAILED, f"{word} {seconds} s: {why}")


def _gone_until(scene: Scene, since: datetime | None) -> datetime | None:
    return since + deadline(scene) if since is not None else None


def _too_long(scene: Scene, trial: Trial) -> Scene:
    """The trial's time is over without proof either way."""
    strategy = scene.md.spec.strategy.strategy
    stopped = scene.md.spec.suspend or scene.paused
    if trial.phase is TrialPhase.PASSED or strategy.longest is None or stopped or not _compared(scene):
        return scene
    over = trial.started_at + strategy.longest + timedelta(seconds=trial.suspended_seconds)
    if scene.now < over:
        return scene.looks(over)
    fact = f"no proof either way in {spoken(strategy.longest)}"
    seen = scene.judged.sentence if scene.judged is not None else "nothing judges it"
    match "Promote" if scene.waved_through else strategy.when_inconclusive:
        case "Rollback":
            return end(scene, TrialPhase.INCONCLUSIVE, f"{fact}: {seen}")
        case "Promote" if scene.free and trial.weight and _sound(scene, trial):
            why = WAVED if scene.waved_through else "promoted by onInconclusive"
            return passes(scene, f"{fact}, {why}: {seen}")
        case "Promote":
            return scene
        case _:
            held = Wait(Reason.INCONCLUSIVE, f"{fact}; {HELD}, a commit decides: {trial.version} or not")
            return hold(scene, held)


def _sound(scene: Scene, trial: Trial) -> bool:
    """Whether its servers answer and its metrics are read: without that nothing is promoted for want of proof."""
    return scene.seen.serving.ready(trial.predictor_name) and (scene.judged is None or scene.judged.readable)


def _held(scene: Scene, trial: Trial) -> Scene:
    """Reasons to give the candidate no traffic for now; when all are gone it goes on."""
    if scene.md.spec.suspend:
        return hold(scene.with_trial(suspended_since=trial.suspended_since or scene.now), None)
    if _blind(scene):
        said = Wait(Reason.METRICS_UNMEASURED, scene.judged.blind if scene.judged else "", retry=True)
        return hold(scene, said)
    since = _stalled_since(scene)
    if since is None:
        return scene
    return hold(scene, None) if scene.now >= since + deadline(scene) else scene.looks(since + deadline(scene))


def _paused(scene: Scene, trial: Trial) -> Scene:
    """A person paused it: it keeps what it has, and the time does not count."""
    if not scene.paused or scene.held:
        return scene
    said = f"candidate {trial.version} is paused by spec.candidate.paused and keeps {trial.weight} %"
    scene = scene.with_trial(suspended_since=trial.suspended_since or scene.now)
    return scene.says(Wait(Reason.CANARY_PAUSED, f"{said}; `kanaria resume` lets it go on"))


def hold(scene: Scene, said: Wait | None) -> Scene:
    """No traffic for now. A trial that has passed stays so; one that loads has none yet."""
    trial = scene.active
    if trial is None:
        return scene
    if trial.phase is TrialPhase.STEPPING:
        scene = scene.with_trial(phase=TrialPhase.PAUSED, step_since=scene.now)
    elif trial.phase is TrialPhase.LOADING and scene.md.spec.suspend:
        scene = scene.with_trial(step_since=None)
    scene = scene.with_trial(weight=0, weight_since=None).but(held=True)
    return scene.says(said) if said is not None else scene


def _taken_back(scene: Scene, trial: Trial) -> Scene:
    """Less traffic than was recorded: it was taken back, and is never given again in this trial."""
    recorded, live = scene.md.status.trial, scene.seen.serving.arrangement
    if recorded is None or recorded.id != trial.id or scene.held or live is None or not _compared(scene):
        return scene
    asked = live.weight_of(trial.predictor_name)
    if live.main.name == trial.predictor_name or asked >= recorded.weight:
        return scene
    return end(
        scene,
        TrialPhase.ABORTED,
        f"its traffic was taken back: {asked} % is asked for where {recorded.weight} % was recorded",
    )


def _compared(scene: Scene) -> bool:
    """Whether there is a stable model beside it; a first version has nothing to be compared with."""
    return scene.main is not None and (scene.candidate is None or scene.main.name != scene.candidate.name)


def _blind(scene: Scene) -> bool:
    return scene.judged is not None and bool(scene.judged.blind)


def _stalled_since(scene: Scene) -> datetime | None:
    """Since when only the user can help, as the status says; from now on where it does not say so yet."""
    if not isinstance(scene.outcome, Stall):
        return None
    known = [c for c in scene.md.status.conditions if c.type == ConditionType.STALLED and c.status == "True"]
    return known[0].last_transition_time if known else scene.now
