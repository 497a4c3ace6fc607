"""What a metric must be: one file for each gate."""

from kanaria.gates.kind import GateKind, GateUnion
from kanaria.vocabulary.kinds import kinds_in

GATES = kinds_in(__name__, GateKind)

__all__ = ["GATES", "GateKind", "GateUnion"]
