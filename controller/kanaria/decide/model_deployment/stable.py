"""May the model that the spec calls stable be served, or does what serves stay?"""

from kanaria.api.conditions import Reason
from kanaria.api.model_deployment import Serving, TrialPhase
from kanaria.decide.covering import covers
from kanaria.decide.model_deployment.models import as_asked, as_it_served, laid_over, stable_model
from kanaria.decide.model_deployment.scene import Model, Scene
from kanaria.vocabulary import Stall


def admit_stable(scene: Scene) -> Scene:
    """The main model: the spec's where it may be, else what serves."""
    if scene.md.spec.stable is None:
        return _unnamed(scene)
    scene, model = stable_model(scene)
    if model is None:
        return keep(scene)
    objection = _objection(scene, model)
    if objection is not None:
        return keep(scene.says(objection))
    scene = scene.but(stable=model)
    live, served = scene.seen.serving.arrangement, scene.md.status.stable
    if live is None:
        begun = served is not None and served.predictor_name == model.name  # deleted by another hand: brought back
    else:
        begun = live.weight_of(model.name) == 100  # what has all requests already is finished
    if not scene.md.spec.suspend or begun:
        return scene.but(main=model)
    return keep(scene) if live is not None or served is None else _brought_back(scene, served, model)


def _brought_back(scene: Scene, served: Serving, model: Model) -> Scene:
    """What served was deleted while nothing moves: it comes back as it was, and what Git names since does not begin."""
    was = as_it_served(scene, served)
    return scene.says(_lost(served, model)) if was is None else scene.but(main=was)


def _lost(served: Serving, model: Model) -> Stall:
    """It cannot be made as it was, since the predictor was changed too."""
    return Stall(
        Reason.SUSPENDED,
        f"nothing serves: what served version {served.version} was deleted, and the spec now asks for version "
        f"{model.version}, served otherwise, which does not begin while suspended; set suspend: false, or commit "
        f"stable {served.version} with the predictor as it was, which is brought back at once",
    )


def keep(scene: Scene) -> Scene:
    """What serves stays the main model, exactly as it is."""
    live = scene.seen.serving.arrangement
    return scene if live is None else scene.but(main=as_asked(scene, live.main))


def serving(scene: Scene) -> Serving | None:
    """What serves: recorded, and still asked for."""
    return scene.md.status.stable if scene.seen.serving.arrangement is not None else None


def _unnamed(scene: Scene) -> Scene:
    """No stable model is named: nothing is served but a first version, and nothing that serves is taken away."""
    now = serving(scene)
    if now is None:
        return scene
    fact = f"spec.stable is not set, while version {now.version} serves and keeps serving"
    return keep(scene.says(Stall(Reason.NO_MODEL, f"{fact}; set it again, or delete the object to stop serving")))


def _objection(scene: Scene, model: Model) -> Stall | None:
    now = serving(scene)
    if now is None or model.name == now.predictor_name or not scene.md.spec.require_canary:
        return None
    if _passed(scene, model) or _came_back(scene, model):
        return None
    if model.version == now.version and model.model == now.model:
        return Stall(
            Reason.REQUIRES_CANARY,
            f"spec.predictor changed for version {now.version}, which keeps serving as it was; put the change into "
            "spec.candidate.predictor, with this version or another, so that it is tried first",
        )
    return Stall(
        Reason.REQUIRES_CANARY,
        f"spec.stable.version is {model.version}, which as it is to be served did not pass as a candidate here; "
        f"version {now.version} keeps serving; commit stable {now.version} and candidate {model.version}, or set "
        "requireCanary: false",
    )


def _passed(scene: Scene, model: Model) -> bool:
    trial = scene.md.status.trial
    passed = trial is not None and trial.phase in {TrialPhase.PASSED, TrialPhase.PROMOTED}
    return passed and trial is not None and trial.predictor_name == model.name


def _came_back(scene: Scene, model: Model) -> bool:
    """Whether it was stable before: served as it is to be now, or as what serves now is, which was tried itself."""
    known = [past for past in scene.md.status.was_stable if (past.model, past.version) == (model.model, model.version)]
    return any(past.predictor_name == model.name for past in known) or (bool(known) and _served_alike(scene, model))


def _served_alike(scene: Scene, model: Model) -> bool:
    """Whether another version is served now, with the same predictor."""
    now, live = serving(scene), scene.seen.serving.arrangement
    if now is None or live is None or now.version == model.version:
        return False
    artifacts = {"storageUri": (live.main.spec.get("model") or {}).get("storageUri")}
    return covers(live.main.spec, laid_over(model.predictor, {"model": artifacts}))
