"""Whether the operator may see what it is to keep: what it cannot see it neither applies nor deletes."""

from dataclasses import replace

from kanaria.api.conditions import Reason
from kanaria.decide.git_sync.scene import Scene
from kanaria.vocabulary import Stall


def reach(scene: Scene) -> Scene:
    """Objects of a kind that may not be watched could never be told from ones that are missing, or not ours."""
    for (api_version, kind), why in sorted(scene.seen.refused.items()):
        sentence = (
            f"{_place(scene, kind)}the operator may not watch {kind} of {api_version}: {why}; have its role grant "
            "list and watch of them, or keep them out of the repository"
        )
        return replace(scene, outcome=Stall(Reason.FORBIDDEN, sentence), over=True)
    return scene


def _place(scene: Scene, kind: str) -> str:
    places = (wanted.place for wanted in scene.seen.tree.objects.values() if wanted.ref.kind == kind)
    first = next(places, "")
    return f"{first}: " if first else ""
