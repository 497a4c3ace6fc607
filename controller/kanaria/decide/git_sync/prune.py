"""Which objects are deleted: those this sync applied once and the commit asks for no more."""

from collections.abc import Sequence
from dataclasses import replace

from kanaria.api.conditions import Reason
from kanaria.api.git_sync import PruneWaiting
from kanaria.decide.git_sync.read_tree import identity
from kanaria.decide.git_sync.scene import Scene
from kanaria.vocabulary import Account, Delete, ObjectRef, Stall, marks
from kanaria.vocabulary.objects import content_hash


def prune(scene: Scene) -> Scene:
    """Delete by identity, after everything is applied; many deletions at once wait for a confirming commit."""
    if scene.over:
        return scene
    doomed = _doomed(scene) if scene.sync.spec.prune else ()
    if not doomed:
        return _waiting(scene, None)
    if _is_too_much(scene, doomed) and not _is_confirmed(scene, doomed):
        return _awaiting(scene, doomed)
    account = Account(scene.sync.metadata.namespace, scene.sync.spec.service_account_name)
    deletions = tuple(
        Delete(ref, account, (marks.GIT_SYNC, marks.git_sync_label(scene.sync.ref, ref.namespace))) for ref in doomed
    )
    return _waiting(replace(scene, acts=(*scene.acts, *deletions)), None)


def _doomed(scene: Scene) -> tuple[ObjectRef, ...]:
    wanted = scene.seen.tree.objects
    # One object may be at hand in two versions of its API.
    unwanted = {identity(ref): ref for ref in sorted(scene.seen.unwanted) if identity(ref) not in wanted}
    return tuple(sorted(unwanted.values()))


def _is_too_much(scene: Scene, doomed: Sequence[ObjectRef]) -> bool:
    whole = len(doomed) + len(scene.seen.tree.objects)
    return len(doomed) > scene.sync.spec.prune_limit and len(doomed) * 5 > whole


def _is_confirmed(scene: Scene, doomed: Sequence[ObjectRef]) -> bool:
    """Whether somebody committed again and left the same objects out; a commit of our own confirms nothing."""
    waiting = scene.status.prune_waiting
    if waiting is None or waiting.digest != _digest(doomed):
        return False
    return waiting.revision != scene.revision and not scene.is_own_commit


def _awaiting(scene: Scene, doomed: Sequence[ObjectRef]) -> Scene:
    shown = ", ".join(str(ref) for ref in doomed[:3]) + (", …" if len(doomed) > 3 else "")
    sentence = (
        f"commit {scene.seen.commit[:12]} would delete {len(doomed)} objects ({shown}), more than spec.pruneLimit of "
        f"{scene.sync.spec.prune_limit}: bring them back, or confirm with one more commit to the branch"
    )
    waiting = PruneWaiting(revision=scene.revision, count=len(doomed), digest=_digest(doomed))
    return replace(_waiting(scene, waiting), outcome=Stall(Reason.PRUNE_LIMIT, sentence))


def _waiting(scene: Scene, waiting: PruneWaiting | None) -> Scene:
    return replace(scene, status=scene.status.model_copy(update={"prune_waiting": waiting}))


def _digest(doomed: Sequence[ObjectRef]) -> str:
    return content_hash(sorted(identity(ref) for ref in doomed), 32)
