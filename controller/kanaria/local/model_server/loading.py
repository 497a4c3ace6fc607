"""How a model gets from its artifacts into memory.

MLflow takes seconds to import; a scikit-learn model it logged is read without it.
Loading a pickle runs code. The local cluster serves only what its owner trained in it.
"""

from __future__ import annotations

import pickle
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

import yaml

MANIFEST = "MLmodel"
ENDINGS = (".skops", ".joblib", ".pkl", ".pickle")


class Model(Protocol):
    """What is served."""

    def predict(self, rows: Any) -> Any:
        """The predictions for some rows."""


class CannotLoadError(Exception):
    """There is no model, or it cannot be read; the message says where, why and what would do."""


def load(uri: str) -> Model:
    """The model that lies there."""
    place = path_of(uri)
    if not place.exists():
        raise CannotLoadError(f"{uri}: there is nothing at {place}")
    try:
        model: Model = _from_mlflow(place) if (place / MANIFEST).is_file() else _from_file(_the_file(place))
    except CannotLoadError:
        raise
    except Exception as error:
        raise CannotLoadError(f"{uri}: the model cannot be loaded: {type(error).__name__}: {error}") from error
    if not callable(getattr(model, "predict", None)):
        raise CannotLoadError(f"{uri}: a {type(model).__name__} has no method `predict`")
    return model


def path_of(uri: str) -> Path:
    """The folder or file a URI means."""
    parts = urlsplit(uri)
    if parts.scheme not in {"", "file"}:
        raise CannotLoadError(f"{uri}: the local model server reads file:// URIs only")
    return Path(unquote(parts.path))


def _from_mlflow(folder: Path) -> Any:
    flavors = yaml.safe_load((folder / MANIFEST).read_text("utf-8")).get("flavors") or {}
    for flavor in flavors.values():
        if flavor.get("code"):
            _importable(folder / flavor["code"])
    native = flavors.get("sklearn")
    if native:
        return _from_file(folder / native["pickled_model"], native.get("skops_trusted_types"))
    if "python_function" in flavors:
        return import_module("mlflow.pyfunc").load_model(str(folder))
    raise CannotLoadError(f"{folder}: flavors are {sorted(flavors)}; served are sklearn and python_function")


def _importable(folder: Path) -> None:
    """Code that was logged with the model can be imported, before anything else of its name."""
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))


def _the_file(place: Path) -> Path:
    if place.is_file():
        return place
    found = sorted(file for file in place.iterdir() if file.suffix in ENDINGS)
    if len(found) != 1:
        names = ", ".join(file.name for file in found) or "none"
        raise CannotLoadError(f"{place}: exactly one file ending in {' '.join(ENDINGS)} is needed; there is {names}")
    return found[0]


def _from_file(file: Path, trusted: list[str] | None = None) -> Any:
    readers: dict[str, Callable[[], Any]] = {
        ".skops": lambda: import_module("skops.io").load(file, trusted=trusted),
        ".joblib": lambda: import_module("joblib").load(file),
    }
    return readers.get(file.suffix, lambda: pickle.loads(file.read_bytes()))()  # noqa: S301 - see the module's docstring
