"""How large the registered model is."""

from typing import ClassVar

from kanaria.sources.kind import SourceKind


class ModelSize(SourceKind):
    """The bytes of all files of the model version that the run registered."""

    key: ClassVar[str] = "modelSize"

    @property
    def address(self) -> str:
        """How people find the number."""
        return "the model's size in bytes"
