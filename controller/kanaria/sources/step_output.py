"""A value that a step handed on."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import Field

from kanaria.sources.kind import SourceKind


class StepOutput(SourceKind):
    """A value that a step handed on."""

    key: ClassVar[str] = "stepOutput"

    step: Annotated[str, Field(min_length=1, max_length=40)]
    """Name of the step."""
    output: Annotated[str, Field(min_length=1, max_length=64)]
    """Name of the output."""

    @property
    def address(self) -> str:
        """How people find the number."""
        return f"output {self.output} of step {self.step}"

    def read(self, outputs: Mapping[str, Mapping[str, str]]) -> float | None:
        """The value, or None where the step did not hand it on or it is no number."""
        try:
            return float(outputs[self.step][self.output])
        except (KeyError, ValueError):
            return None
