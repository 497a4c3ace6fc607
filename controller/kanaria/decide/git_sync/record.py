"""What the status tells of a commit: that it is applied, or what is in the way."""

from dataclasses import replace

from kanaria.api.conditions import Reason
from kanaria.api.git_sync import Inventory
from kanaria.decide.forbidden import remedy
from kanaria.decide.git_sync.rivals import contested
from kanaria.decide.git_sync.scene import Scene
from kanaria.vocabulary import (
    Account,
    Apply,
    CommitEdits,
    Delete,
    Failure,
    FailureKind,
    Hold,
    ObjectRef,
    Outcome,
    Stall,
    Wait,
)

_KINDS_MAX = 256


def recorded(scene: Scene) -> Scene:
    """The status once the acts are done; a commit that is not applied whole is not called applied."""
    if scene.over or isinstance(scene.outcome, Stall) or not scene.sync.spec.applies:
        return scene
    tree = scene.seen.tree
    kinds = tuple(f"{api_version}/{kind}" for api_version, kind in tree.kinds)[:_KINDS_MAX]
    known = scene.status.last_applied_revision == scene.revision
    update = {
        "last_applied_revision": scene.revision,
        "last_applied_at": scene.status.last_applied_at if known else scene.now,
        "inventory": Inventory(count=len(tree.objects), kinds=kinds, digest=tree.digest),
    }
    return replace(scene, status=scene.status.model_copy(update=update))


def hindering(scene: Scene) -> Failure | None:
    """The failure of the newest plan, if what failed is still to be done."""
    failure = scene.seen.failure
    if failure is None:
        return None
    match failure.act:
        case CommitEdits():
            return failure if scene.commits else None
        case Apply() | Delete():
            return failure if scene.acts else None
        case Hold():
            return failure if failure.act in scene.acts and failure.kind is not FailureKind.CONFLICT else None
        case _:
            return None


def hindered(scene: Scene, failure: Failure) -> Scene:
    """The status while what failed is tried again; what a person must mend anyway is told first."""
    # What was confirmed stays confirmed until it is done.
    status = scene.status.model_copy(update={"prune_waiting": scene.sync.status.prune_waiting})
    outcome = scene.outcome if isinstance(scene.outcome, Stall) else outcome_of(failure)
    return replace(scene, status=status, outcome=outcome)


def outcome_of(failure: Failure) -> Outcome:
    """What is said of a failure."""
    match failure.act:
        case CommitEdits(branch=branch):
            return Wait(
                Reason.PUSH_FAILED,
                f"edits to {branch} are not committed yet: {failure.message}; it is tried again",
                retry=True,
            )
        case Apply(manifest, account, place=place):
            ref, verb, where = ObjectRef.of(manifest), "applied", f"{place}: " if place else ""
        case Delete(target, account):
            ref, verb, where = target, "deleted", ""
        case Hold():
            return _not_held(failure)
        case _:
            return Wait(Reason.APPLY_FAILED, failure.message, retry=True)
    if failure.kind is FailureKind.UNREACHABLE:
        return Wait(
            Reason.APPLY_FAILED, f"{where}{ref} could not be {verb}: {failure.message}; it is tried again", retry=True
        )
    return _refused(failure, f"{where}{ref}", account)


def _refused(failure: Failure, what: str, account: Account | None) -> Stall:
    if failure.kind is FailureKind.FORBIDDEN:
        where, _, ref = what.rpartition(": ")
        who = f"ServiceAccount {account.namespace}/{account.name}" if account else "Kanaria"
        verb = "deleted" if isinstance(failure.act, Delete) else "applied"
        place = f"{where}: " if where else ""
        mended = f"{remedy(failure.message, account)}; or take the object out of the path"
        return Stall(Reason.FORBIDDEN, f"{place}{who} may not have {ref} {verb}: {failure.message}; {mended}")
    if failure.kind is FailureKind.CONFLICT and isinstance(failure.act, Apply):
        return contested(what, failure.message)
    return Stall(Reason.APPLY_FAILED, f"{what} is refused: {failure.message}; mend it in Git")


def _not_held(failure: Failure) -> Outcome:
    """Nothing is applied that should go with the sync, and would not."""
    fact = f"spec.deletionPolicy cannot be heeded: the finalizer could not be written: {failure.message}"
    if failure.kind is FailureKind.FORBIDDEN:
        return Stall(Reason.FORBIDDEN, f"{fact}; have the operator's role grant patch on gitsyncs, as its chart does")
    return Wait(Reason.APPLY_FAILED, f"{fact}; it is tried again", retry=True)
