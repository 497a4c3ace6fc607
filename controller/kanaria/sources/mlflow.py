"""A metric that the MLflow run logged."""

import re
from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import Field

from kanaria.sources.kind import SourceKind


class Mlflow(SourceKind):
    """A metric that the MLflow run logged."""

    key: ClassVar[str] = "mlflow"

    metric: Annotated[str, Field(alias="key", min_length=1, max_length=256)]
    """Key of the metric; with slices it has a * in place of the slice's name, which holds no slash."""

    @property
    def address(self) -> str:
        """How people find the number."""
        return self.metric

    def read(self, metrics: Mapping[str, float]) -> float | None:
        """The value, or None where the run did not log it."""
        return metrics.get(self.metric)

    def slices(self, metrics: Mapping[str, float]) -> dict[str, float]:
        """The value of each slice by its name, where the key has a * in its place."""
        before, _, after = self.metric.partition("*")
        pattern = re.compile(f"{re.escape(before)}([^/]+){re.escape(after)}")
        return {found[1]: value for name, value in metrics.items() if (found := pattern.fullmatch(name))}
