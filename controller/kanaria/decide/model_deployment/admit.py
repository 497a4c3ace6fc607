"""Phase 1: which models may be served and tried, and has the spec ended the trial that runs?"""

from kanaria.api.conditions import Reason
from kanaria.decide.model_deployment import candidate, stable
from kanaria.decide.model_deployment.scene import Scene
from kanaria.vocabulary import Stall, Wait, marks

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
    scene = candidate.admit_candidate(stable.admit_stable(scene))
    spec = scene.md.spec
    return scene if spec.stable or spec.candidate else scene.says(NOTHING_NAMED)


def _go(scene: Scene) -> Scene:
    """The candidate goes first; the rest follows by owner."""
    scene = stable.keep(scene).but(candidate=None)
    return scene.says(Wait(Reason.PROGRESSING, "it is being deleted: the candidate goes first"))


def _foreign(scene: Scene) -> Stall | None:
    service = scene.seen.service
    if service is None:
        return None
    metadata = service["metadata"]
    controllers = [owner for owner in metadata.get("ownerReferences") or () if owner.get("controller")]
    if marks.owned_by(scene.md.ref).items() <= (metadata.get("labels") or {}).items() and all(
        owner.get("kind") == "ModelDeployment" for owner in controllers
    ):
        return None
    name = metadata["name"]
    return Stall(
        Reason.OWNED_BY_ANOTHER,
        f"InferenceService {name} is not Kanaria's; give the ModelDeployment another name, or delete that object",
    )
