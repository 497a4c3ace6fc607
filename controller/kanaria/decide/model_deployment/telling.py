"""What do people read of a pass: the phase, why Ready is as it is, and what a trial waits for?"""

from kanaria.api.conditions import Reason
from kanaria.api.judged import WatchedMetric
from kanaria.api.model_deployment import Phase, Trial, TrialPhase
from kanaria.decide.model_deployment.landing import how_late
from kanaria.decide.model_deployment.scene import SETTLING, Scene, WayBack
from kanaria.decide.model_deployment.serve import is_first
from kanaria.decide.model_deployment.trials import reason_of
from kanaria.decide.readiness import Ready
from kanaria.judge.counts import MAX_LOAD_APART
from kanaria.serving.naming import backend_name
from kanaria.strategies.shadow import Shadow
from kanaria.vocabulary import GO, Go, Outcome, Stall, Verdict, Wait

_WAITING = ("pause", "preview", "analysis", "done")
"""Steps at which nothing is done but waiting."""


def told(scene: Scene) -> Scene:
    """The same, with what a trial waits for where nothing weightier was found."""
    trial = scene.trial
    if trial is None or scene.md.spec.suspend:
        return scene
    return scene.says(_of_trial(scene, trial))


def ready(scene: Scene) -> Ready:
    """What Ready says when nothing is in the way."""
    stable = scene.status.stable
    if scene.md.spec.suspend:
        serves = f"version {stable.version} serves" if stable is not None else "nothing serves"
        return Ready(Reason.SUSPENDED, f"suspended, nothing moves; {serves}")
    if stable is None:
        return Ready(Reason.PROGRESSING, "nothing serves yet")
    last = scene.status.history[0] if scene.status.history else None
    past = ""
    if last is not None and last.version != stable.version:
        past = f"; the last trial, of version {last.version}, ended as {last.phase}"
        past += f": {last.evidence}" if last.evidence else ""
    worse = "; ".join(seen.evidence for seen in _degraded(scene))
    if worse:
        return Ready(
            Reason.DEGRADED, f"version {stable.version} answers all requests, worse than it did: {worse}{past}"
        )
    return Ready(Reason.SERVING, f"version {stable.version} answers all requests{past}")


def _degraded(scene: Scene) -> tuple[WatchedMetric, ...]:
    return tuple(seen for seen in scene.status.watch if seen.verdict is Verdict.FAILED)


def phase(scene: Scene) -> Phase:
    """The summary for people."""
    trial, wanted = scene.active, scene.md.spec.stable is not None or scene.status.stable is not None
    if wanted and not _answers(scene):
        fresh = scene.status.stable is None and not isinstance(scene.outcome, Stall)
        return Phase.PENDING if fresh else Phase.DEGRADED
    if scene.md.spec.suspend:
        return Phase.PAUSED
    if trial is not None:
        return Phase.PAUSED if trial.phase in {TrialPhase.PAUSED, TrialPhase.PASSED} else Phase.PROGRESSING
    if not wanted:
        failed = scene.trial is not None and scene.trial.phase in SETTLING
        return Phase.DEGRADED if failed else Phase.PENDING
    if isinstance(scene.outcome, Go):
        return Phase.DEGRADED if _degraded(scene) else Phase.HEALTHY
    return _not_at_rest(scene)


def _not_at_rest(scene: Scene) -> Phase:
    """Something stands in the way while all requests are answered by what served before."""
    main, live = scene.main, scene.seen.serving.arrangement
    settled = main is not None and live is not None and live.main.name == main.name
    if settled and isinstance(scene.outcome, Stall):
        return Phase.HEALTHY
    return Phase.PROGRESSING


def _answers(scene: Scene) -> bool:
    live = scene.seen.serving
    found = live.arrangement.all if live.arrangement is not None else ()
    return any(live.of(predictor.name).available for predictor in found)


def _of_trial(scene: Scene, trial: Trial) -> Outcome:
    match trial.phase:
        case TrialPhase.LOADING:
            return Wait(Reason.LOADING, f"the servers of candidate {trial.version} come up")
        case TrialPhase.STEPPING | TrialPhase.PAUSED:
            return _stepping(scene, trial)
        case TrialPhase.PASSED:
            return _passed(scene, trial)
        case TrialPhase.FAILED | TrialPhase.REVERTED | TrialPhase.INCONCLUSIVE | TrialPhase.ABORTED:
            reason = reason_of(trial.phase)
            return Wait(reason, f"candidate {trial.version}: {trial.evidence}; {_removal(scene, scene.seen.way_back)}")
        case _:
            return GO


def _waited_for(scene: Scene, trial: Trial) -> str:
    if trial.phase is TrialPhase.PAUSED:
        return "; held at 0 %"
    match trial.step_word:
        case "done":
            return "; all steps are taken, the judge has no proof yet"
        case "preview":
            service = backend_name(scene.md.metadata.name, trial.predictor_name)
            return f"; it answers at Service {service} and waits to be promoted"
        case word if word.startswith("analysis"):
            return "; the next step waits until its metrics have passed"
        case "pause":
            return "; until the judge has proof, or `kanaria promote`"
        case _:
            return ""


def _together(scene: Scene, trial: Trial) -> str:
    """Why nothing may be counted, where the page speaks of neither version and the route is KServe's."""
    readings = scene.memory.readings.values()
    named = any(reading.candidate or reading.stable for reading in readings)
    if trial.weight_since is None or not readings or named or not scene.seen.way.lays_over:
        return ""
    return (
        "; the gateway's page names neither version: Envoy Gateway counts the backends of KServe's route together, and "
        "apart only in a route of Kanaria's own (spec.routing)"
    )


def _stepping(scene: Scene, trial: Trial) -> Wait:
    step = f"candidate {trial.version} has {trial.weight} % of the requests, step {trial.step + 1}: {trial.step_word}"
    if trial.phase is TrialPhase.PAUSED or trial.step_word.startswith(_WAITING):
        return Wait(Reason.CANARY_PAUSED, step + _waited_for(scene, trial) + _apart(scene) + _together(scene, trial))
    judged = scene.judged
    if judged is not None and judged.readable and not judged.counted and trial.weight_since is not None:
        return Wait(
            Reason.CANARY_STEP,
            f"{step}; it gets more once requests of both versions were counted{_together(scene, trial)}",
        )
    if judged is not None and not judged.readable and not trial.weight:
        return Wait(Reason.CANARY_STEP, f"{step}; it gets traffic once its metrics can be read")
    return Wait(Reason.CANARY_STEP, step + _copied(scene) + _apart(scene))


def _copied(scene: Scene) -> str:
    """What copies of requests have shown so far."""
    if scene.judged is None or not isinstance(scene.md.spec.strategy.strategy, Shadow):
        return ""
    return f"; {scene.judged.sentence}"


def _apart(scene: Scene) -> str:
    """Times are not compared while the servers of one arm have far more to do than those of the other."""
    names = scene.judged.apart if scene.judged is not None else ()
    if not names:
        return ""
    bounds = f"between 1/{MAX_LOAD_APART:g} and {MAX_LOAD_APART:g} times those of stable's"
    return f"; {', '.join(names)} is not counted at this weight: a server of the candidate must get {bounds} requests"


def _passed(scene: Scene, trial: Trial) -> Wait:
    fact = f"candidate {trial.version} passed" + ("" if is_first(scene) else f" and keeps {trial.weight} %")
    if scene.judged is not None and scene.judged.verdict is Verdict.UNMEASURED:
        fact = f"{fact}, its metrics cannot be read now"
    way = scene.seen.way_back
    todo = f"set spec.stable.version to {trial.version} and remove spec.candidate in Git"
    if way is None:
        return Wait(Reason.NO_WAY_BACK, f"{fact}; no GitSync holds this object, so {todo}")
    if not way.propose:
        return Wait(
            Reason.NO_WAY_BACK,
            f"{fact}; GitSync {way.name} has writeBack.propose Disabled or follows no branch, so {todo}",
        )
    if way.suspended:
        return Wait(Reason.AWAITING_MERGE, f"{fact}; its promotion waits for GitSync {way.name}, which is suspended")
    if way.landed:
        return Wait(Reason.AWAITING_SYNC, f"{fact}; its promotion is committed, {_whose(way)}{_late(scene)}")
    return Wait(Reason.AWAITING_MERGE, f"{fact}; GitSync {way.name} commits its promotion")


def _whose(way: WayBack) -> str:
    return f"whoever applies {way.file} is to apply it" if way.file else f"GitSync {way.name} applies it"


def _late(scene: Scene) -> str:
    said = how_late(scene)
    return f"; it {said}" if said else ""


def _removal(scene: Scene, way: WayBack | None) -> str:
    if way is None:
        return "no GitSync holds this object, so remove spec.candidate in Git"
    if not way.settle:
        return f"GitSync {way.name} commits no removals, so remove spec.candidate in Git"
    if way.suspended:
        return f"its removal waits for GitSync {way.name}, which is suspended"
    if way.landed:
        return f"its removal is committed, {_whose(way)}{_late(scene)}"
    return f"GitSync {way.name} commits its removal"
