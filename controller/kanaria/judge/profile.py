"""How the values of a data set are spread, column by column: small enough to be kept with a model version."""

from typing import Annotated

from pydantic import Field

from kanaria.vocabulary.kinds import Part

QUANTILES = 201
"""Points kept of a numeric column: each stands for half a percent of its values."""
TOP = 50
"""Values kept of a categorical column."""


class ColumnProfile(Part):
    """The values of one column: numbers by quantiles, anything else by shares of its most frequent values."""

    name: str
    count: int
    """Rows, with those where the value is missing."""
    nulls: int = 0
    min: float | None = None
    max: float | None = None
    mean: float | None = None
    std: float | None = None
    quantiles: tuple[float, ...] = ()
    """From the least to the greatest value, evenly by rank; of numeric columns."""
    top: Annotated[tuple[tuple[str, float], ...], Field(max_length=TOP)] = ()
    """The most frequent values with their shares among those that are there; of other columns."""

    @property
    def is_numeric(self) -> bool:
        """Whether it holds numbers, or moments."""
        return bool(self.quantiles)

    @property
    def null_share(self) -> float:
        """The share of rows without a value."""
        return self.nulls / self.count if self.count else 0.0


class Profile(Part):
    """The statistics of one data set."""

    name: str = ""
    digest: str = ""
    rows: int = 0
    columns: tuple[ColumnProfile, ...] = ()
