"""When a pipeline should run: one file for each trigger."""

from typing import TYPE_CHECKING

from kanaria.triggers.kind import TriggerKind, TriggerUnion
from kanaria.vocabulary.kinds import kinds_in, union_of

TRIGGERS = kinds_in(__name__, TriggerKind)

if TYPE_CHECKING:
    Trigger = TriggerUnion
else:
    Trigger = union_of("Trigger", TriggerUnion, trigger=TRIGGERS)

__all__ = ["TRIGGERS", "Trigger", "TriggerKind", "TriggerUnion"]
