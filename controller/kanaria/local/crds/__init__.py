"""The definitions of other projects' kinds that the local cluster serves: InferenceService and HTTPRoute."""

from __future__ import annotations

from pathlib import Path


def files() -> list[Path]:
    """The files, each with one CustomResourceDefinition."""
    return sorted(Path(__file__).parent.glob("*.yaml"))
