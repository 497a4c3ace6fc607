"""What somebody changed by hand, told while it is put back."""

from collections.abc import Sequence

from kanaria.api.conditions import Reason
from kanaria.decide.git_sync.read_file import Wanted
from kanaria.decide.git_sync.scene import Scene
from kanaria.vocabulary import Notice
from kanaria.vocabulary.objects import Manifest

_FIELDS = 3
_OURS = "kanaria"


def drift(scene: Scene, applied: Sequence[Wanted]) -> tuple[Notice, ...]:
    """One notice for all that differs from a commit that was applied whole."""
    same = scene.status.inventory.digest == scene.seen.tree.digest  # other values may have been put in since
    settled = same and scene.revision == scene.status.last_applied_revision and scene.seen.failure is None
    if not applied or not settled:
        return ()
    first, more = applied[0], len(applied) - 1
    others = f", and {more} more objects" if more else ""
    return (Notice("Warning", Reason.DRIFT_REPAIRED, f"{_told(scene, first)}{others}: Git's state is put back"),)


def _told(scene: Scene, wanted: Wanted) -> str:
    fields = scene.seen.differing[wanted.ref]
    live = scene.seen.live.get(wanted.ref)
    if live is None or not fields:
        return f"{wanted.ref} was deleted by hand"
    shown = ", ".join(fields[:_FIELDS]) + (f" and {len(fields) - _FIELDS} more" if len(fields) > _FIELDS else "")
    manager = _newest_manager(live)
    return f"{shown} of {wanted.ref} was changed" + (f" by {manager}" if manager else "")


def _newest_manager(live: Manifest) -> str:
    """Who wrote the object last, of those who did not write its status or on our behalf."""
    entries = live.get("metadata", {}).get("managedFields") or ()
    others = [e for e in entries if e.get("manager") != _OURS and not e.get("subresource")]
    return str(max(others, key=lambda e: e.get("time") or "").get("manager", "")) if others else ""
