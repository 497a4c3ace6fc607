"""How traffic moves to a candidate: one file for each strategy."""

from typing import TYPE_CHECKING

from kanaria.strategies.kind import StrategyKind, StrategyUnion
from kanaria.vocabulary.kinds import kinds_in, union_of

STRATEGIES = kinds_in(__name__, StrategyKind)

if TYPE_CHECKING:
    Strategy = StrategyUnion
else:
    Strategy = union_of("Strategy", StrategyUnion, strategy=STRATEGIES)

__all__ = ["STRATEGIES", "Strategy", "StrategyKind", "StrategyUnion"]
