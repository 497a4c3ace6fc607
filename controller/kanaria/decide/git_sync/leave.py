"""What happens to the objects of a GitSync that is deleted."""

from collections.abc import Iterable
from dataclasses import replace

from kanaria.api import GitSync
from kanaria.api.conditions import Reason
from kanaria.decide.git_sync.read_tree import identity
from kanaria.decide.git_sync.record import outcome_of
from kanaria.decide.git_sync.scene import Seen
from kanaria.vocabulary import Account, Act, Delete, Hold, ObjectRef, Outcome, Stall, marks

# What the account may do ends with these: they go last, and in this order.
_LAST = (
    "CustomResourceDefinition",
    "Namespace",
    "ServiceAccount",
    "Role",
    "ClusterRole",
    "RoleBinding",
    "ClusterRoleBinding",
)
_OR_KEEP = "or set spec.deletionPolicy to Orphan, which keeps the objects and lets the GitSync go"


def takes_all(sync: GitSync) -> bool:
    """Whether the objects go with the sync."""
    return sync.spec.prune and sync.spec.deletion_policy == "Delete"


def is_leaving(sync: GitSync) -> bool:
    """Whether somebody deleted the sync, and it waits to be let go."""
    return sync.metadata.deletion_timestamp is not None


def holding(sync: GitSync) -> tuple[Act, ...]:
    """Before anything is applied that would go with the sync, it is held; where nothing would, it is not."""
    return () if takes_all(sync) is _is_held(sync) else (Hold(held=takes_all(sync)),)


def leave(sync: GitSync, seen: Seen) -> tuple[Act, ...]:
    """First the objects that still bear the sync's label go, then the sync itself; a suspended one deletes nothing."""
    if not _is_held(sync):
        return ()
    if not takes_all(sync) or sync.spec.suspend:
        return (Hold(held=False),)
    if not seen.synced:
        return ()
    return _deletions(sync, seen.unwanted) or (Hold(held=False),)


def hindrance(sync: GitSync, seen: Seen) -> Outcome | None:
    """What keeps the sync from going, None where nothing does."""
    if not takes_all(sync) or sync.spec.suspend:
        return None
    if seen.refused:
        (api_version, kind), why = min(seen.refused.items())
        sentence = f"the operator may not watch {kind} of {api_version}: {why}; have its role grant that, {_OR_KEEP}"
        return Stall(Reason.FORBIDDEN, sentence)
    if seen.failure is None or not isinstance(seen.failure.act, Delete) or not seen.unwanted:
        return None
    outcome = outcome_of(seen.failure)
    return replace(outcome, message=f"{outcome.message}; {_OR_KEEP}") if isinstance(outcome, Stall) else outcome


def _is_held(sync: GitSync) -> bool:
    return marks.FINALIZER in sync.metadata.finalizers


def _deletions(sync: GitSync, unwanted: Iterable[ObjectRef]) -> tuple[Delete, ...]:
    """As the team's account, whose rights go last."""
    account = Account(sync.metadata.namespace, sync.spec.service_account_name)
    once = {identity(ref): ref for ref in sorted(unwanted)}  # one object may be at hand in two versions of its API
    return tuple(
        Delete(ref, account, (marks.GIT_SYNC, marks.git_sync_label(sync.ref, ref.namespace)))
        for ref in sorted(once.values(), key=_rank)
    )


def _rank(ref: ObjectRef) -> tuple[int, ObjectRef]:
    return (1 + _LAST.index(ref.kind) if ref.kind in _LAST else 0, ref)
