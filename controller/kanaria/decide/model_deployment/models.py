"""Which models does the spec name, where are their artifacts, and how are they served?"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from kanaria.api.conditions import Reason
from kanaria.api.model_deployment import CandidateModel, ModelDeployment, Serving
from kanaria.decide.model_deployment.scene import Model, Scene
from kanaria.serving import naming
from kanaria.serving.arrangement import Predictor
from kanaria.serving.fitness import loadable, unfit, unloadable
from kanaria.vocabulary import Answered, ModelVersion, ModelVersionAsked, Outcome, Stall, Unanswered, Wait

ASK_EVERY = timedelta(minutes=1)


def stable_model(scene: Scene) -> tuple[Scene, Model | None]:
    """The model that the spec calls stable; None where it is not known, and the scene says why."""
    stable = scene.md.spec.stable
    return _model(scene, stable.version, scene.md.spec.predictor, "spec.stable") if stable else (scene, None)


def candidate_model(scene: Scene) -> tuple[Scene, Model | None]:
    """The model that the spec calls candidate; None where it is not known, and the scene says why."""
    candidate = scene.md.spec.candidate
    if candidate is None:
        return scene, None
    return _model(scene, candidate.version, tried_predictor(scene.md, candidate), "spec.candidate")


def tried_predictor(md: ModelDeployment, candidate: CandidateModel) -> dict[str, Any]:
    """The predictor with the candidate's changes laid over it."""
    return laid_over(md.spec.predictor, candidate.predictor or {})


def laid_over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Both merged, `above` winning; objects field by field, all else whole."""
    merged = dict(below)
    for key, value in above.items():
        known = merged.get(key)
        merged[key] = laid_over(known, value) if isinstance(known, Mapping) and isinstance(value, Mapping) else value
    return merged


def as_asked(scene: Scene, predictor: Predictor) -> Model:
    """The model of a predictor that the live InferenceService asks for, whatever the spec says now."""
    status, stored = scene.status, predictor.spec.get("model") or {}
    for known in (status.stable, status.trial, status.warm):
        if known is not None and known.predictor_name == predictor.name:
            return Model(known.model, known.version, known.uri, known.run_id, predictor.name, predictor.spec)
    return Model("", predictor.name, str(stored.get("storageUri", "")), "", predictor.name, predictor.spec)


def as_it_served(scene: Scene, served: Serving) -> Model | None:
    """What served, made anew; None where the spec's predictor would make it otherwise than it was."""
    predictor = scene.md.spec.predictor
    if naming.predictor_name(served.version, served.uri, predictor) != served.predictor_name:
        return None
    spec = laid_over(naming.unscaled(predictor), {"model": {"storageUri": served.uri}})
    return Model(served.model, served.version, served.uri, served.run_id, served.predictor_name, spec)


def _model(scene: Scene, version: str, predictor: Mapping[str, Any], place: str) -> tuple[Scene, Model | None]:
    scene, found = _located(scene, version, place)
    if found is None:
        return scene, None
    uri, run_id = found
    uri = loadable(uri)
    name = naming.predictor_name(version, uri, predictor)
    objection = _unfit(scene, name, uri, predictor, place)
    if objection is not None:
        return scene.says(objection), None
    spec = laid_over(naming.unscaled(predictor), {"model": {"storageUri": uri}})
    return scene, Model(scene.md.spec.model.name, version, uri, run_id, name, spec)


def _located(scene: Scene, version: str, place: str) -> tuple[Scene, tuple[str, str] | None]:
    """Where a version's artifacts are: as known already, so that MLflow may be down, else as MLflow says."""
    status, model = scene.md.status, scene.md.spec.model.name
    for known in (status.stable, status.trial, status.warm):
        if known is not None and (known.model, known.version) == (model, version) and known.uri:
            return scene, (known.uri, known.run_id)
    question = ModelVersionAsked(every=ASK_EVERY, model=model, version=version)
    answer, scene = scene.seen.answer(question), scene.asks(question)
    if isinstance(answer, Answered) and isinstance(answer.value, ModelVersion):
        return scene, (answer.value.uri, answer.value.run_id)
    return scene.says(_not_located(answer, model, version, place)), None


def _not_located(answer: Answered | Unanswered | None, model: str, version: str, place: str) -> Outcome:
    match answer:
        case Answered():
            return Stall(
                Reason.MODEL_NOT_FOUND,
                f"{place}.version: MLflow has no version {version} of {model}; register it, or name one that exists",
            )
        case Unanswered(message=message):
            fact = f"{place}: MLflow cannot say where version {version} of {model} is: {message}"
            return Wait(Reason.PROGRESSING_WITH_RETRY, f"{fact}; tried again, what serves keeps serving", retry=True)
        case _:
            return Wait(Reason.PROGRESSING, f"{place}: asking MLflow where version {version} of {model} is")


def _unfit(scene: Scene, name: str, uri: str, predictor: Mapping[str, Any], place: str) -> Outcome | None:
    why = unloadable(uri, files=scene.seen.files)
    if why:
        fact = f"{place}.version: its artifacts are at {uri}, which KServe cannot load"
        return Stall(Reason.MODEL_NOT_FOUND, f"{fact}: {why}")
    why = unfit(predictor, scene.seen.way)
    if why:
        return Stall(Reason.INVALID_SPEC, f"{'spec' if place == 'spec.stable' else place}.{why}")
    room = naming.room_for(scene.md.metadata.name, name)
    if room < 0:
        return Stall(
            Reason.INVALID_SPEC,
            f"metadata.name is {-room} characters too long for the names KServe makes of it; choose a shorter one",
        )
    return None
