"""A metric that the MLflow run logged."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import Field

from kanaria.sources.kind import SourceKind


class Mlflow(SourceKind):
    """A metric that the MLflow run logged."""

    key: ClassVar[str] = "mlflow"

    metric: Annotated[str, Field(alias="key", min_length=1, max_length=256)]
    """Key of the metric."""

    @property
    def address(self) -> str:
        """How people find the number."""
        return self.metric

    def read(self, metrics: Mapping[str, float]) -> float | None:
        """The value, or None where the run did not log it."""
        return metrics.get(self.metric)
