"""Which objects are applied: those that the cluster does not hold as the commit says."""

from dataclasses import replace

from kanaria.api.conditions import Reason
from kanaria.decide.git_sync.drift import drift
from kanaria.decide.git_sync.read_file import Wanted
from kanaria.decide.git_sync.read_tree import identity
from kanaria.decide.git_sync.rivals import rivals_of
from kanaria.decide.git_sync.scene import Scene
from kanaria.decide.git_sync.stages import staged
from kanaria.vocabulary import Account, Act, Apply, DryRun, Stall, Wait


def own(scene: Scene) -> Scene:
    """An object that another GitSync applied is that one's."""
    for ref, other in sorted(scene.seen.foreign.items()):
        wanted = scene.seen.tree.objects[identity(ref)]
        if other in scene.seen.syncs:
            sentence = (
                f"{wanted.place}: {wanted.ref} is applied by the GitSync {other}: "
                "keep it in one of the two repositories only"
            )
            return replace(scene, outcome=Stall(Reason.OWNED_BY_ANOTHER, sentence), over=True)
    return scene


def apply(scene: Scene) -> Scene:
    """First what others need to exist at all, then the rest, asked for as a whole before the first of it."""
    if not scene.seen.synced:
        reading = Wait(Reason.PROGRESSING, "reading what is in the cluster")
        return replace(scene, outcome=reading if not scene.status.conditions else scene.outcome, over=True)
    first, rest = staged(scene.seen.tree.objects[identity(ref)] for ref in scene.seen.differing)
    account = Account(scene.sync.metadata.namespace, scene.sync.spec.service_account_name)
    asked = tuple(_apply(scene, wanted, account) for wanted in rest)
    rehearsal: tuple[Act, ...] = (DryRun(asked),) if len(asked) > 1 and _is_new(scene) else ()
    acts = (*scene.acts, *(_apply(scene, wanted, account) for wanted in first), *rehearsal, *asked)
    return replace(scene, acts=acts, notices=(*scene.notices, *drift(scene, (*first, *rest))))


def _is_new(scene: Scene) -> bool:
    known = (scene.status.last_applied_revision, scene.status.inventory.digest)
    return known != (scene.revision, scene.seen.tree.digest)


def _apply(scene: Scene, wanted: Wanted, account: Account) -> Apply:
    live = scene.seen.live.get(wanted.ref)
    rivals = rivals_of(live, wanted.ref, scene.sync.spec.force) if live is not None else None
    return Apply(wanted.manifest, account, place=wanted.place, rivals=rivals)
