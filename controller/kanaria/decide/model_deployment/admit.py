"""Phase 1: which models may be served and tried, and has the spec ended the trial that runs?"""

from kanaria.api.conditions import Reason
from kanaria.decide.model_deployment import candidate, stable
from kanaria.decide.model_deployment.scene import Scene
from kanaria.vocabulary import Stall, Wait, marks
from kanaria.vocabulary.objects import Manifest

NOTHING_NAMED = Wait(
    Reason.NO_MODEL,
    "neither spec.stable nor spec.candidate is set; a pipeline proposes the first version, or commit a candidate",
)


def admit(scene: Scene) -> Scene:
    """Find the main model and the candidate; what is not admitted is told, and what serves stays."""
    foreign = _foreign(scene)
    if foreign is not None:
        return scene.but(hands_off=True).says(foreign)
    if scene.leaving:
        return _go(scene)
    if scene.seen.invalid:
        scene = scene.says(Stall(Reason.INVALID_SPEC, scene.seen.invalid))
        return candidate.keep(stable.keep(scene))
    if scene.seen.unroutable:
        scene = stable.keep(scene.says(Stall(Reason.NO_TRAFFIC_ROUTER, scene.seen.unroutable)))
        return candidate.withdrawn(scene) if candidate.is_removed(scene) else candidate.keep(scene)
    scene = candidate.admit_candidate(stable.admit_stable(scene))
    spec = scene.md.spec
    return scene if spec.stable or spec.candidate else scene.says(NOTHING_NAMED)


def _go(scene: Scene) -> Scene:
    """The candidate goes first; the rest follows by owner."""
    scene = stable.keep(scene).but(candidate=None)
    return scene.says(Wait(Reason.PROGRESSING, "it is being deleted: the candidate goes first"))


def _foreign(scene: Scene) -> Stall | None:
    """An object of the name that Kanaria's is to have, and which is not Kanaria's."""
    live = scene.seen.live
    if live.service is not None and not _is_own(scene, live.service):
        return _anothers("InferenceService", live.service)
    if live.route is not None and scene.seen.way.writes_route and not _is_own(scene, live.route):
        return _anothers("HTTPRoute", live.route)
    return None


def _is_own(scene: Scene, thing: Manifest) -> bool:
    metadata = thing["metadata"]
    controllers = [owner for owner in metadata.get("ownerReferences") or () if owner.get("controller")]
    labelled = marks.owned_by(scene.md.ref).items() <= (metadata.get("labels") or {}).items()
    return labelled and all(owner.get("kind") == "ModelDeployment" for owner in controllers)


def _anothers(kind: str, thing: Manifest) -> Stall:
    name = thing["metadata"]["name"]
    return Stall(
        Reason.OWNED_BY_ANOTHER,
        f"{kind} {name} is not Kanaria's; give the ModelDeployment another name, or delete that object",
    )
