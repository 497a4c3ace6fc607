"""Whether the GitSyncs that this one depends on are ready for its commit."""

from dataclasses import replace

from kanaria.api import GitSync
from kanaria.api.conditions import ConditionType, Reason
from kanaria.decide.circles import way_back
from kanaria.decide.git_sync.scene import Scene
from kanaria.vocabulary import Stall, Wait

_MEANWHILE = "what is applied stays"


def depend(scene: Scene) -> Scene:
    """A new commit waits for them; what is applied is kept from drift all the same."""
    named = tuple(each.name for each in scene.sync.spec.depends_on)
    if not named or scene.revision == scene.status.last_applied_revision:
        return scene
    circle = way_back(scene.sync.metadata.name, lambda name: _named(name, scene))
    if circle:
        sentence = f"spec.dependsOn leads back to this GitSync ({' → '.join(circle)}): remove one of these"
        return replace(scene, outcome=Stall(Reason.DEPENDENCY_NOT_READY, sentence), over=True)
    for name in named:
        why = _unready(scene, name, scene.seen.others.get(name))
        if why:
            told = f"commit {scene.seen.commit[:12]} is not applied yet: {why}; {_MEANWHILE}"
            return replace(scene, outcome=Wait(Reason.DEPENDENCY_NOT_READY, told), over=True)
    return scene


def _unready(scene: Scene, name: str, other: GitSync | None) -> str:
    """What is waited for; of the other's message only the reason, for each change of it would be written here too."""
    if other is None:
        return f"there is no GitSync {name} that can be read: make it, or remove it from spec.dependsOn"
    ready = next((c for c in other.status.conditions if c.type == ConditionType.READY), None)
    if ready is None or other.status.observed_generation != other.metadata.generation:
        return f"GitSync {name} was not looked at yet"
    if ready.status != "True":
        return f"GitSync {name} is not ready ({ready.reason})"
    same = (other.spec.url, other.spec.ref) == (scene.sync.spec.url, scene.sync.spec.ref)
    if same and other.status.last_applied_revision != scene.revision:
        return f"GitSync {name} follows the same repository and has not applied it yet"
    return ""


def _named(name: str, scene: Scene) -> tuple[str, ...]:
    """The GitSyncs that one depends on; none of one that is not there."""
    sync = scene.sync if name == scene.sync.metadata.name else scene.seen.others.get(name)
    return tuple(each.name for each in sync.spec.depends_on) if sync else ()
