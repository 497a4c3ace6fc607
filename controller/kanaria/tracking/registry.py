"""Which versions of a registered model there are, and where their artifacts lie."""

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kanaria.vocabulary import ModelSizeAsked, ModelVersion, ModelVersionAsked, RegisteredBy

if TYPE_CHECKING:
    from mlflow import MlflowClient

_ABSENT = {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"}  # the latter for a version that is no number
_LOGGED_MODEL = "models:/m-"
_LOOKED_AT = 100
_FOLDERS_MAX = 50


def registered_by(client: "MlflowClient", question: RegisteredBy) -> ModelVersion | None:
    """The newest version that was registered from the run; None where there is none."""
    mine = f"name = '{question.model}' and run_id = '{question.run_id}'"
    found = list(client.search_model_versions(mine)) or _by_logged_model(client, question)
    return _told(client, max(found, key=lambda each: int(each.version))) if found else None


def _by_logged_model(client: "MlflowClient", question: RegisteredBy) -> list[Any]:
    """Versions that name only the logged model they were made of, which names its run."""
    newest = client.search_model_versions(f"name = '{question.model}'", max_results=_LOOKED_AT)
    loose = [version for version in newest if not version.run_id and str(version.source).startswith(_LOGGED_MODEL)]
    return [v for v in loose if client.get_logged_model(_model_id(v)).source_run_id == question.run_id]


def model_version(client: "MlflowClient", question: ModelVersionAsked) -> ModelVersion | None:
    """The version; None where there is none."""
    from mlflow.exceptions import MlflowException  # noqa: PLC0415 - importing MLflow takes seconds

    try:
        return _told(client, client.get_model_version(question.model, question.version))
    except MlflowException as error:
        if error.error_code in _ABSENT:
            return None
        raise


def model_size(client: "MlflowClient", question: ModelSizeAsked) -> int | None:
    """The bytes of all files of the version; None where MLflow cannot list them, or there are too many."""
    version = client.get_model_version(question.model, question.version)
    model_id, run_id = _model_id(version), version.run_id
    if model_id:
        return _bytes(lambda path: client.list_logged_model_artifacts(model_id, path or None), "")
    uri = located(client, client.get_model_version_download_uri(version.name, str(version.version)))
    root = located(client, f"runs:/{run_id}") if run_id else ""
    if not root or not uri.startswith(f"{root}/"):
        return None
    return _bytes(lambda path: client.list_artifacts(run_id, path), uri.removeprefix(f"{root}/"))


def _bytes(listed: Callable[[str], list[Any]], folder: str) -> int | None:
    total, folders = 0, [folder]
    for asked in itertools.count(1):
        for entry in listed(folders.pop()):
            total += entry.file_size or 0
            folders += [entry.path] if entry.is_dir else []
        if not folders:
            return total
        if asked == _FOLDERS_MAX:
            break
    return None


def _told(client: "MlflowClient", version: Any) -> ModelVersion:
    model_id = _model_id(version)
    run_id = version.run_id or (client.get_logged_model(model_id).source_run_id if model_id else "")
    return ModelVersion(
        model=version.name,
        version=str(version.version),
        uri=located(client, client.get_model_version_download_uri(version.name, str(version.version))),
        model_id=model_id,
        run_id=run_id or "",
        tags=dict(version.tags or {}),
    )


def _model_id(version: Any) -> str:
    """MLflow's id of the logged model, which stands in the version or in its source."""
    source = str(version.source or "")
    in_source = source.removeprefix("models:/").partition("/")[0] if source.startswith(_LOGGED_MODEL) else ""
    return str(getattr(version, "model_id", None) or in_source)


def located(client: "MlflowClient", uri: str) -> str:
    """The real place behind a URI that only MLflow understands; a path of this machine as a file: URI."""
    if uri.startswith(_LOGGED_MODEL):
        model_id, _, below = uri.removeprefix("models:/").partition("/")
        return _below(located(client, client.get_logged_model(model_id).artifact_location), below)
    if uri.startswith("models:/"):
        name, _, version = uri.removeprefix("models:/").strip("/").partition("/")
        return located(client, client.get_model_version_download_uri(name, version))
    if uri.startswith("runs:/"):
        run_id, _, below = uri.removeprefix("runs:/").partition("/")
        return _below(located(client, client.get_run(run_id).info.artifact_uri), below)
    return Path(uri).as_uri() if uri.startswith("/") else uri


def _below(place: str, path: str) -> str:
    return f"{place.rstrip('/')}/{path}" if path else place
