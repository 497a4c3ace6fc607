"""May the candidate be tried, is it the one on trial, and has the spec ended the trial that runs?"""

from datetime import timedelta

from kanaria.api.conditions import Reason
from kanaria.api.model_deployment import CandidateModel, Trial, TrialPhase
from kanaria.decide.model_deployment.approval import approved
from kanaria.decide.model_deployment.judges import no_judge
from kanaria.decide.model_deployment.models import as_asked, candidate_model, tried_predictor
from kanaria.decide.model_deployment.scene import SETTLING, Model, Scene
from kanaria.decide.model_deployment.stable import serving
from kanaria.decide.model_deployment.trials import begin, close, end, forget, is_of, named, waived
from kanaria.serving.arrangement import stays_as_it_is
from kanaria.vocabulary import Stall, Wait

ROOM_EVERY = timedelta(seconds=15)
"""How often a candidate looks whether there is room for it."""
REVERTED = "its promotion was reverted"


def admit_candidate(scene: Scene) -> Scene:
    """End the trial where the spec says so, begin another where it asks for one."""
    scene = _undone(_promoted(scene))
    candidate = scene.md.spec.candidate
    if candidate is None:
        return withdrawn(_overtaken(scene))
    scene, model = candidate_model(scene)
    scene = _overtaken(_reverted(scene, candidate, model))
    if is_of(scene.trial, scene.md.spec) or _settling(scene, candidate):
        return _same(scene, candidate, model)
    return _other(scene, candidate, model)


def keep(scene: Scene) -> Scene:
    """The candidate on trial stays as it is, whatever the spec says now."""
    trial, live = scene.active, scene.seen.serving.arrangement
    found = live.find(trial.predictor_name) if trial is not None and live is not None else None
    return scene if found is None else scene.but(candidate=as_asked(scene, found))


def _promoted(scene: Scene) -> Scene:
    """The spec calls the passed candidate stable: Git has said the last word."""
    trial, stable = scene.trial, scene.stable
    if trial is None or trial.phase is not TrialPhase.PASSED or stable is None or stable.name != trial.predictor_name:
        return scene
    return end(scene, TrialPhase.PROMOTED, trial.evidence or "all steps were taken")


def _undone(scene: Scene) -> Scene:
    """A person took back what was committed of the trial before it was applied: the spec is as it was, and newer."""
    trial, way = scene.trial, scene.seen.way_back
    if trial is None or way is None or not way.undone:
        return scene
    if trial.phase is TrialPhase.PASSED:
        return end(scene, TrialPhase.REVERTED, REVERTED)
    return forget(scene) if trial.phase in SETTLING - {TrialPhase.ABORTED} else scene


def _overtaken(scene: Scene) -> Scene:
    """Another version was made stable while a promotion was under way, and it was not said that it was reverted."""
    trial, stable = scene.trial, scene.stable
    if trial is None or trial.phase is not TrialPhase.PROMOTED or stable is None:
        return scene
    if stable.name == trial.predictor_name:
        return scene
    return close(scene, TrialPhase.SUPERSEDED, f"version {stable.version} was made stable before it had taken over")


def is_removed(scene: Scene) -> bool:
    """Whether a person took the candidate out of the spec, and not its promotion."""
    trial, stable = scene.trial, scene.md.spec.stable
    promoted = trial is not None and stable is not None and stable.version == trial.version
    return scene.md.spec.candidate is None and not promoted


def withdrawn(scene: Scene) -> Scene:
    """No candidate is named."""
    trial = scene.trial
    if scene.active is not None:
        scene = close(scene, TrialPhase.WITHDRAWN, "spec.candidate was removed: it gets no traffic any more")
    elif trial is not None and trial.phase in SETTLING:
        scene = forget(scene)
    return scene


def _reverted(scene: Scene, candidate: CandidateModel, model: Model | None) -> Scene:
    """A promotion was reverted: what was just promoted stands as the candidate again."""
    stable, trial, now = scene.stable, scene.trial, serving(scene)
    if stable is None or (model is not None and stable.name == model.name) or _reverting(scene, candidate):
        return scene
    under_way = trial is not None and trial.phase is TrialPhase.PROMOTED
    if under_way and trial is not None and model is not None and trial.predictor_name == model.name:
        return end(scene, TrialPhase.REVERTED, REVERTED)
    if now is None or model is None or model.name != now.predictor_name or stable.name == now.predictor_name:
        return scene
    if scene.active is not None:
        scene = close(scene, TrialPhase.SUPERSEDED, "a promotion was reverted")
    return end(named(scene, model), TrialPhase.REVERTED, REVERTED)


def _reverting(scene: Scene, candidate: CandidateModel) -> bool:
    """Whether the candidate is one whose promotion was reverted, and has still to leave Git."""
    trial = scene.trial
    return trial is not None and trial.phase is TrialPhase.REVERTED and trial.version == candidate.version


def _settling(scene: Scene, candidate: CandidateModel) -> bool:
    """Whether the candidate's trial is over and nothing was said since: it has still to leave Git."""
    trial, md = scene.trial, scene.md
    if _reverting(scene, candidate):
        return True
    if trial is None or trial.phase not in SETTLING or trial.version != candidate.version:
        return False
    late = candidate.paused or waived(candidate)  # said of the trial that is over, not a wish for another
    return md.status.observed_generation == md.metadata.generation or (bool(late) and is_of(trial, md.spec))


def _same(scene: Scene, candidate: CandidateModel, model: Model | None) -> Scene:
    """The candidate on trial."""
    trial = scene.active
    if trial is None:
        return scene
    if _rejected(scene, candidate):
        scene = close(scene, TrialPhase.WITHDRAWN, "spec.rejected names it")
        return scene.says(_rejection(scene, candidate))
    lost = no_judge(scene, trial.analysis)
    scene = keep(scene) if model is None else scene.but(candidate=model)
    return scene.says(lost) if lost is not None else _first(scene)


def _other(scene: Scene, candidate: CandidateModel, model: Model | None) -> Scene:
    """A candidate that is not on trial yet."""
    if scene.trial is not None and scene.trial.phase in SETTLING:
        scene = forget(scene)
    objection = _objection(scene, candidate, model)
    if objection is not None:
        scene = scene.says(objection)
    running: Trial | None = scene.active
    if running is not None:
        if not scene.free and running.version == candidate.version and not _rejected(scene, candidate):
            return keep(scene)  # what changed is not admitted: the trial goes on, judged as it was accepted
        changed = "another candidate" if running.version != candidate.version else "a changed spec"
        scene = close(scene, TrialPhase.SUPERSEDED, f"{changed} ended its trial")
    if model is None or not scene.free or scene.md.spec.suspend or not _may_begin(scene):
        return scene
    scene = approved(scene, candidate)
    if not scene.free:
        return scene
    if _is_crowded(scene):
        said = f"no more than {scene.seen.trials_max} are tried at once, and others come first"
        told = f"candidate {candidate.version} waits: {said} (KANARIA_MAX_TRIALS)"
        return scene.looks(scene.now + ROOM_EVERY).says(Wait(Reason.QUEUED, told))
    return _first(begin(scene, model).but(candidate=model))


def _is_crowded(scene: Scene) -> bool:
    most, now = scene.seen.trials_max, scene.seen.tried_elsewhere
    return most is not None and now is not None and now >= most and scene.md.spec.stable is not None


def _may_begin(scene: Scene) -> bool:
    """Whether a stable model serves beside which the candidate can be tried, or there is none at all."""
    if scene.trial is not None:
        return False
    if scene.md.spec.stable is None:
        return serving(scene) is None
    live, now = scene.seen.serving, serving(scene)
    return (
        now is not None
        and scene.main is not None
        and live.arrangement is not None
        and live.arrangement.main.name == scene.main.name == now.predictor_name
        and live.ready(scene.main.name)
    )


def _first(scene: Scene) -> Scene:
    """A first version has nothing to be compared with: it is brought up as the main predictor."""
    if scene.md.spec.stable is None and serving(scene) is None and scene.candidate is not None:
        return scene.but(main=scene.candidate)
    return scene


def _objection(scene: Scene, candidate: CandidateModel, model: Model | None) -> Stall | None:
    if _rejected(scene, candidate):
        return _rejection(scene, candidate)
    stable = scene.md.spec.stable
    if model is not None and stable is not None and stable.version == model.version and _is_stable(scene, model):
        return Stall(
            Reason.SAME_AS_STABLE,
            f"spec.candidate is version {model.version}, as spec.stable, with nothing changed; remove it, or propose "
            "another version or a changed predictor",
        )
    if scene.seen.serving.room == 0 and stable is not None:
        return Stall(
            Reason.NO_TRAFFIC_ROUTER,
            f"nothing splits traffic here (KANARIA_CANARY_ROUTING=none), so version {candidate.version} cannot be "
            f"tried beside {stable.version}; {scene.seen.way.remedy(scene.md.metadata.name)}; or commit it as "
            "spec.stable with requireCanary: false: all requests go to it at once",
        )
    tried = tried_predictor(scene.md, candidate)
    if scene.seen.way.lays_over and not stays_as_it_is(scene.md.spec.predictor, tried):
        return Stall(
            Reason.INVALID_SPEC,
            "spec.candidate.predictor empties a field of spec.predictor, but KServe lays a canary over the main "
            "predictor and would try it with that field; give the field another value, or remove it without a canary",
        )
    return _unsent(scene) or no_judge(scene, scene.md.spec.analysis)


def _unsent(scene: Scene) -> Stall | None:
    """What a strategy sends past the weights where only weights are known."""
    strategy = scene.md.spec.strategy.strategy
    if not strategy.selects or scene.seen.way.selects:
        return None
    return Stall(
        Reason.NO_TRAFFIC_ROUTER,
        f"spec.strategy.{strategy.key}.{strategy.selects} sends requests past the weights, which only a route of "
        "Kanaria's own can; serve the model by one (spec.routing) under another ModelDeployment, or do without",
    )


def _is_stable(scene: Scene, model: Model) -> bool:
    now = serving(scene)
    changed = scene.md.spec.candidate is not None and scene.md.spec.candidate.predictor
    return not changed or (now is not None and now.predictor_name == model.name)


def _rejected(scene: Scene, candidate: CandidateModel) -> bool:
    return any(entry.version == candidate.version for entry in scene.md.spec.rejected)


def _rejection(scene: Scene, candidate: CandidateModel) -> Stall:
    entry = next(entry for entry in scene.md.spec.rejected if entry.version == candidate.version)
    why = f"{entry.reason}: {entry.evidence}" if entry.evidence else entry.reason
    return Stall(
        Reason.REJECTED_BEFORE,
        f"spec.candidate.version {candidate.version} is in spec.rejected ({why}); it is not tried again until a commit "
        "drops that entry",
    )
