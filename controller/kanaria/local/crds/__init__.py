"""The definitions of other projects' kinds that the local cluster serves: InferenceService and HTTPRoute."""

from __future__ import annotations

from importlib import resources
from typing import Any

import yaml


def definitions() -> list[dict[str, Any]]:
    """Every CustomResourceDefinition that lies in this folder, by file name."""
    files = sorted(resources.files(__name__).iterdir(), key=lambda file: file.name)
    return [yaml.safe_load(file.read_text("utf-8")) for file in files if file.name.endswith(".yaml")]
