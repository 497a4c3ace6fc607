"""Who else declares what an object's fields should hold, so that the two would take turns for ever.

What a person changed by hand is drift, and is put back. A manager that applies, as another tool of GitOps does, or that
scales, as an autoscaler does, comes back: its fields are left to it until somebody says in Git whose they are.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from kanaria.api.conditions import Reason
from kanaria.api.git_sync import Forced
from kanaria.vocabulary import ObjectRef, Rivals, Stall
from kanaria.vocabulary.objects import Manifest

_OURS = "kanaria"
_BY_HAND = "kubectl"


def rivals_of(live: Manifest, ref: ObjectRef, forced: Sequence[Forced]) -> Rivals | None:
    """Whose fields of the live object are not simply taken; None where nobody's are left alone."""
    entries = live["metadata"].get("managedFields") or ()
    names = frozenset(str(entry.get("manager", "")) for entry in entries if _comes_back(entry))
    if not names:
        return None
    taken = (field.lstrip(".") for each in forced if each.is_of(ref.kind, ref.name) for field in each.fields)
    return Rivals(names, tuple(taken))


def _comes_back(entry: Mapping[str, Any]) -> bool:
    manager = str(entry.get("manager", ""))
    if manager == _OURS or entry.get("subresource") == "status":
        return False
    if entry.get("subresource") == "scale":
        return not manager.startswith(_BY_HAND)
    return entry.get("operation") == "Apply"


def contested(what: str, said: str) -> Stall:
    """What is said where a field is left to another manager."""
    remedy = "take these fields out of the manifest, stop the other manager, or name the fields in spec.force"
    return Stall(Reason.FIELD_CONFLICT, f"{what}: {' '.join(said.split())}; {remedy}")
