"""Which objects are applied: those that the cluster does not hold as the commit says."""

from dataclasses import replace

from kanaria.api.conditions import Reason
from kanaria.decide.git_sync.drift import drift
from kanaria.decide.git_sync.read_file import Wanted
from kanaria.decide.git_sync.scene import Scene
from kanaria.decide.git_sync.stages import staged
from kanaria.vocabulary import Account, Act, Apply, DryRun, Stall, Wait, marks


def own(scene: Scene) -> Scene:
    """An object that another GitSync applied is that one's."""
    for wanted in scene.seen.tree.objects.values():
        other = _other_owner(scene, wanted)
        if other:
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
    first, rest = staged(w for w in scene.seen.tree.objects.values() if w.ref in scene.seen.differing)
    account = Account(scene.sync.metadata.namespace, scene.sync.spec.service_account_name)
    asked = tuple(_apply(wanted, account) for wanted in rest)
    rehearsal: tuple[Act, ...] = (DryRun(asked),) if len(asked) > 1 and _is_new(scene) else ()
    acts = (*(_apply(wanted, account) for wanted in first), *rehearsal, *asked)
    return replace(scene, acts=acts, notices=(*scene.notices, *drift(scene, (*first, *rest))))


def _is_new(scene: Scene) -> bool:
    return scene.revision != scene.status.last_applied_revision


def _apply(wanted: Wanted, account: Account) -> Apply:
    return Apply(wanted.manifest, account, place=wanted.place)


def _other_owner(scene: Scene, wanted: Wanted) -> str:
    """The GitSync whose label the live object bears, if it is another one and still there."""
    live = scene.seen.live.get(wanted.ref)
    label = ((live or {}).get("metadata", {}).get("labels") or {}).get(marks.GIT_SYNC, "")
    mine = marks.git_sync_label(scene.sync.ref, wanted.ref.namespace)
    return label if label and label != mine and label in scene.seen.syncs else ""
