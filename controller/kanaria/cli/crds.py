"""How the CustomResourceDefinitions are written to files."""

from pathlib import Path

import yaml

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
    return {
        name: _HEADER + yaml.safe_dump(definition, sort_keys=False, width=120, allow_unicode=True)
        for name, definition in crds().items()
    }
