"""How the CustomResourceDefinitions are written to files."""

import io
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from kanaria.api.crds import crds

_HEADER = "# Made by `make crds` from controller/kanaria/api; edits here are overwritten.\n"


def write_crds(folder: Path) -> list[Path]:
    """Write one file for each kind, and tell which."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, text in texts().items():
        path = folder / name
        path.write_text(text, encoding="utf-8")
        written.append(path)
    return written


def texts() -> dict[str, str]:
    """The text of each file, by its name."""
    return {name: _HEADER + _yaml(definition) for name, definition in crds().items()}


def _yaml(definition: dict[str, Any]) -> str:
    yaml = YAML()
    yaml.width = 120
    yaml.indent(mapping=2, sequence=4, offset=2)
    text = io.StringIO()
    yaml.dump(definition, text)
    return text.getvalue()
