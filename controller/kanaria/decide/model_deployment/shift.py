"""Phase 5: how much traffic should the candidate have now, and what is asked of KServe for it?

Weight rises only while nothing stands in the way: servers ready, counters readable, no verdict against it. Servers
come first, then the weight, and a step is over once the gateway does as it was asked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from kanaria.api.model_deployment import Trial, TrialPhase
from kanaria.decide.model_deployment.judges import analysed, judging, own_of
from kanaria.decide.model_deployment.models import laid_over
from kanaria.decide.model_deployment.scene import Model, Scene
from kanaria.decide.model_deployment.serve import is_first, unrouted
from kanaria.decide.model_deployment.settle import WAVED
from kanaria.decide.model_deployment.trials import passes, waived
from kanaria.serving.arrangement import Arrangement, Predictor
from kanaria.serving.naming import SCALING
from kanaria.serving.order import DRAIN, Goal, candidate_replicas, drain, main_servers, next_arrangement
from kanaria.strategies.kind import At, Next
from kanaria.vocabulary import Verdict
from kanaria.vocabulary.traffic import NOTHING_SENT, Sent

_SENDING = frozenset({TrialPhase.STEPPING, TrialPhase.PASSED})
FIRST = "the first version: there is nothing to compare it with"


def shift(scene: Scene) -> Scene:
    """The next step, if it may be taken, and the arrangement that goes with it."""
    if scene.hands_off:
        return scene
    scene = _in_force(scene)
    trial = scene.active
    if trial is None or scene.candidate is None:
        return _arranged(scene, 0)
    if is_first(scene):
        return _arranged(_first(scene, trial), 0)
    if scene.held:
        return _arranged(scene, 0)
    return _stepped(scene, trial)


def _in_force(scene: Scene) -> Scene:
    """Since when the gateway does as it was asked: what was counted before is no evidence at this weight."""
    trial = scene.active
    if trial is None or not trial.weight:
        return scene
    if not _obeyed(scene, trial):
        return scene.with_trial(weight_since=None)
    return scene.with_trial(weight_since=min(trial.weight_since or scene.now, scene.now))


def _obeyed(scene: Scene, trial: Trial) -> bool:
    live = scene.seen.serving
    asked = live.arrangement.weight_of(trial.predictor_name) if live.arrangement is not None else 0
    return asked == trial.weight and live.routes(trial.predictor_name, trial.weight)


def _first(scene: Scene, trial: Trial) -> Scene:
    """A first version passes as soon as it answers."""
    live = scene.seen.serving
    if trial.phase is TrialPhase.PASSED or not scene.free or not live.ready(trial.predictor_name) or scene.held:
        return scene
    if not live.routes(trial.predictor_name, 100):
        return scene
    return passes(scene, FIRST, step_word="done")


def _stepped(scene: Scene, trial: Trial) -> Scene:
    """Where the trial should be now, and as far as that as may be."""
    if not scene.free or trial.step_since is None:
        since = scene.now if trial.step_since is None else trial.step_since
        return _arranged(scene.with_trial(step_since=since), trial.weight)
    begun, there = _due(scene, trial)
    scene = scene.with_trial(**begun, step_word=there.word)
    strategy = scene.md.spec.strategy.strategy
    more = there.weight > trial.weight or strategy.sends(there.step) != strategy.sends(trial.step)
    if more and not _may_rise(scene):
        return _arranged(scene, trial.weight)
    scene = _arranged(scene, there.weight)
    reached = scene.arrangement is not None and scene.arrangement.weight_of(trial.predictor_name) == there.weight
    return _at(scene, trial, there) if reached else scene


def _due(scene: Scene, trial: Trial) -> tuple[dict[str, object], Next]:
    """What the strategy says comes next; a trial that begins, or goes on after a hold, is put on its way first."""
    strategy = scene.md.spec.strategy.strategy
    step, since, begun = trial.step, trial.step_since or scene.now, {}
    if trial.phase is TrialPhase.PASSED:
        return {}, Next(step, trial.weight or strategy.resume(step).weight, trial.step_word, done=True)
    if trial.phase is TrialPhase.PAUSED:
        step, since = strategy.resume(step).step, scene.now
        begun = {"phase": TrialPhase.STEPPING, "step": step, "step_since": since}
    elif trial.phase is TrialPhase.LOADING:
        step, since = 0, scene.now
        begun = {"phase": TrialPhase.STEPPING, "step": 0, "step_since": since}
    proven = scene.judged is not None and scene.judged.verdict is Verdict.PASSED
    unwaited = waived(scene.md.spec.candidate)
    scaled = scene.seen.serving.ready(trial.predictor_name, _wanted(scene, trial, trial.weight))
    at = At(
        step,
        since,
        trial.weight,
        _obeyed(scene, trial),
        proven=proven,
        waived=unwaited,
        scaled=scaled,
        sent=_sent(scene, strategy.sends(step)),
        analysed=analysed(scene, step),
    )
    return begun, strategy.next(at, scene.now)


def _sent(scene: Scene, wanted: Sent) -> bool:
    """Whether a gateway sends past the weights what the step wants, and nothing else."""
    live = scene.seen.serving
    return live.arrangement is not None and live.accepted and live.arrangement.sent == wanted


def _wanted(scene: Scene, trial: Trial, weight: int) -> int:
    """How many servers the candidate is to have: enough for its weight, and as many as its step says."""
    servers = main_servers(_scaling(scene), scene.seen.serving)
    scale = scene.md.spec.strategy.strategy.scale(trial.step)
    wanted = max(candidate_replicas(weight, servers), scale.servers(servers))
    return (
        min(wanted, servers) if scene.seen.serving.room == 1 else wanted
    )  # a revision keeps the scale it was made with


def _scaling(scene: Scene) -> dict[str, Any]:
    return {key: value for key, value in scene.md.spec.predictor.items() if key in SCALING}


def _may_rise(scene: Scene) -> bool:
    """Whether nothing at all speaks against more traffic: not unready, not unread, not failing, not unrecorded."""
    judged, trial, recorded = scene.judged, scene.active, scene.md.status.trial
    if trial is None or not scene.seen.serving.ready(trial.predictor_name):
        return False
    if recorded is None or recorded.id != trial.id:
        return False  # nothing could be counted for a trial that every pass begins anew
    if judged is None:
        return trial.analysis is None
    if trial.weight and not judged.counted:
        return False  # counters that count nothing of the traffic it has say nothing of more
    return judged.readable and judged.verdict not in {Verdict.FAILED, Verdict.UNMEASURED}


def _at(scene: Scene, before: Trial, there: Next) -> Scene:
    """The trial stands at this step now; behind the last one it passes, if it is proven."""
    trial = scene.trial
    if trial is None:
        return scene
    moved = there.step != before.step or there.weight != before.weight or trial.phase is not before.phase
    changes: dict[str, object] = {"step": there.step, "step_word": there.word, "weight": there.weight}
    if there.step != before.step or judging(scene, there.step) != trial.analysis:
        scene, changes = _other_judges(scene, trial, there.step, changes)
    if moved:
        changes["step_since"] = scene.now
    if there.weight != before.weight:
        changes["weight_since"] = None
    if there.done and trial.phase is TrialPhase.STEPPING and _may_pass(scene, trial):
        evidence = scene.judged.sentence if scene.judged is not None else "all steps were taken; nothing judges it"
        told = evidence if _proven(scene) else f"{WAVED}: {evidence}"
        return passes(scene, told, **changes).looks(there.until)
    return scene.with_trial(**changes).looks(there.until)


def _other_judges(scene: Scene, trial: Trial, step: int, changes: dict[str, object]) -> tuple[Scene, dict[str, object]]:
    """Policies of a step's own begin with it, and know nothing of what was seen before."""
    own, memory = own_of(scene, step), scene.memory
    analysis = judging(scene, step)
    if not own:
        return scene, changes | {"analysis": analysis}
    fresh = replace(
        memory, asked_since=scene.now, evidence=_without(memory.evidence, own), tallies=_without(memory.tallies, own)
    )
    return scene.but(memory=fresh), changes | {"analysis": analysis, "checkpoint": _without(trial.checkpoint, own)}


def _without(known: Mapping[str, Any], policies: Sequence[str]) -> dict[str, Any]:
    return {key: value for key, value in known.items() if key.partition("/")[0] not in policies}


def _may_pass(scene: Scene, trial: Trial) -> bool:
    """Whether it is proven, or let through, with servers that are up: a promotion gives them everything."""
    return scene.seen.serving.ready(trial.predictor_name) and (_proven(scene) or _waved(scene))


def _proven(scene: Scene) -> bool:
    trial = scene.active
    if scene.judged is None:
        return trial is not None and trial.analysis is None
    return scene.judged.verdict is Verdict.PASSED


def _waved(scene: Scene) -> bool:
    """Whether a person lets it pass without proof, and nothing speaks against it."""
    judged = scene.judged
    against = judged is not None and (not judged.readable or judged.verdict in {Verdict.FAILED, Verdict.UNMEASURED})
    return scene.waved_through and not against


def _arranged(scene: Scene, weight: int) -> Scene:
    """The next safe change of what is asked of KServe, for the candidate at this weight."""
    seen = scene.seen.serving
    drained = drain(scene.memory.drained, seen, scene.now)
    scene = scene.but(memory=scene.memory.with_drained(drained))
    begins = seen.arrangement is None and scene.md.status.stable is None
    if scene.main is None or (begins and scene.md.spec.suspend):
        return scene
    scaling = _scaling(scene)
    servers = main_servers(scaling, seen)
    candidate = None
    if scene.candidate is not None and scene.candidate.name != scene.main.name:
        trial = scene.active
        wanted = candidate_replicas(weight, servers) if trial is None else _wanted(scene, trial, weight)
        candidate = _predictor(scene.candidate, wanted).at(weight)
    warm = scene.status.warm
    kept = frozenset({warm.predictor_name}) if warm is not None and scene.now < warm.until else frozenset()
    goal = Goal(_predictor(scene.main, servers), candidate, kept, scaling)
    gone = frozenset(name for name, since in drained.items() if scene.now >= since + DRAIN)
    scene = scene.looks(*(since + DRAIN for name, since in drained.items() if not goal.keeps(name)))
    return _waiting(scene.but(arrangement=_sending(scene, next_arrangement(goal, seen, gone))))


def _sending(scene: Scene, wanted: Arrangement) -> Arrangement:
    """The same, with what the trial's step sends past the weights: to servers that are up, while nothing holds it."""
    trial, live = scene.active, scene.seen.serving
    if trial is None or scene.candidate is None or scene.held or not scene.seen.way.selects:
        return wanted
    if trial.phase not in _SENDING or scene.candidate.name != trial.predictor_name:
        return wanted
    if wanted.find(trial.predictor_name) is None or not live.ready(trial.predictor_name):
        return wanted
    sent = scene.md.spec.strategy.strategy.sends(trial.step)
    if sent.compared and not scene.copying:
        sent = NOTHING_SENT
    if live.arrangement is not None and not (scene.free and _may_rise(scene)):
        known = live.arrangement.sent if live.arrangement.sent_to == trial.predictor_name else NOTHING_SENT
        sent = sent.within(known)
    return replace(wanted, sent=sent, sent_to=trial.predictor_name if sent != NOTHING_SENT else "")


def _waiting(scene: Scene) -> Scene:
    """A weight that is asked for and not in force is waited for, and told when it does not come."""
    trial = scene.active
    if trial is None or not trial.weight or scene.held or is_first(scene) or _obeyed(scene, trial):
        return scene
    moments = (trial.step_since, scene.seen.serving.of(trial.predictor_name).since)
    since = max((moment for moment in moments if moment is not None), default=None)
    said = unrouted(scene, trial.predictor_name, trial.weight, since)
    return scene.looks(getattr(said, "until", None)).says(said)


def _predictor(model: Model, servers: int) -> Predictor:
    return Predictor(model.name, laid_over({}, model.predictor), servers)
