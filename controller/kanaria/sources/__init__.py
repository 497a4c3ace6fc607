"""Where a metric's number comes from: one file for each source."""

from kanaria.sources.kind import SourceKind, SourceUnion
from kanaria.vocabulary.kinds import kinds_in

SOURCES = kinds_in(__name__, SourceKind)

__all__ = ["SOURCES", "SourceKind", "SourceUnion"]
