"""Whether the repository could be read, and what its files say."""

from dataclasses import replace

from kanaria.api.conditions import Reason
from kanaria.decide.git_sync.head import host_of
from kanaria.decide.git_sync.read_file import Fault
from kanaria.decide.git_sync.scene import Scene
from kanaria.vocabulary import Stall, Unanswered, Wait

_MOST = 5
_MEANWHILE = "it is tried again, and what is applied stays"


def fetch(scene: Scene) -> Scene:
    """Wait for a first commit; a remote that cannot be reached later on stops nothing."""
    head = scene.seen.head
    outcome = scene.outcome
    if isinstance(head, Unanswered):
        outcome = Wait(
            Reason.FETCH_FAILED, f"the repository could not be read: {head.message}; {_MEANWHILE}", retry=True
        )
    if scene.seen.commit:
        return replace(scene, outcome=outcome)
    if not isinstance(head, Unanswered):
        host = host_of(scene.sync.spec.url)
        if scene.seen.newest:
            return scene  # it is fetched, and waits for its signature
        outcome = Wait(Reason.PROGRESSING, f"fetching {scene.sync.spec.ref.name} from {host}")
    return replace(scene, outcome=outcome, over=True)


def read(scene: Scene) -> Scene:
    """A commit with a fault is not applied at all; an empty path deletes nothing."""
    tree = scene.seen.tree
    scene = replace(scene, status=scene.status.model_copy(update={"last_attempted_revision": scene.attempted}))
    if tree.faults:
        return _stalled(scene, Reason.BUILD_FAILED, _sentence(tree.faults))
    path = scene.sync.spec.path
    if not tree.found:
        return _stalled(
            scene,
            Reason.PATH_NOT_FOUND,
            f"{path} is not in commit {scene.seen.commit[:12]}; nothing is deleted: "
            "mend spec.path, or bring the folder back",
        )
    if not tree.objects and (scene.status.inventory.count or scene.seen.unwanted):
        return _stalled(
            scene,
            Reason.PATH_NOT_FOUND,
            f"{path} holds no manifest any more at commit {scene.seen.commit[:12]}; nothing is deleted: "
            "bring the manifests back, or delete the objects by hand",
        )
    return scene


def _stalled(scene: Scene, reason: Reason, message: str) -> Scene:
    return replace(scene, outcome=Stall(reason, message), over=True)


def _sentence(faults: tuple[Fault, ...]) -> str:
    more = f"; and {len(faults) - _MOST} more" if len(faults) > _MOST else ""
    return "; ".join(map(str, faults[:_MOST])) + more
