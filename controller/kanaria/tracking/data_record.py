"""Where the statistics of data lie in MLflow, and how a run names the data that it read."""

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kanaria.tracking.errors import TrackingError, shown

FOLDER = "kanaria/data"
"""Artifacts of this folder of a run: NAME.json with the statistics of the data of that name."""
_DIGEST_MAX = 36
"""How long MLflow lets a digest be."""


def record(uri: str, run_id: str, source: str, statistics: Mapping[str, Any]) -> None:
    """Log the statistics as an artifact, and the data as an input, of the run.

    Raises:
        TrackingError: if MLflow does not take them.
    """
    from mlflow import MlflowClient  # noqa: PLC0415 - importing MLflow takes seconds

    try:
        client = MlflowClient(tracking_uri=uri)
        client.log_dict(run_id, dict(statistics), f"{FOLDER}/{statistics['name']}.json")
        client.log_inputs(run_id, [_input(source, statistics)])
        client.set_tag(run_id, f"kanaria.data.{statistics['name']}", statistics["digest"])
    except Exception as error:  # MLflow's, of requests, of a store: whatever it is, nothing was logged
        raise TrackingError(f"MLflow at {shown(uri)} does not take the statistics: {shown(str(error))}") from error


def _input(source: str, statistics: Mapping[str, Any]) -> Any:
    from mlflow.entities import Dataset, DatasetInput, InputTag  # noqa: PLC0415 - likewise

    columns = [{"name": column["name"]} for column in statistics["columns"]]
    dataset = Dataset(
        name=statistics["name"],
        digest=statistics["digest"].removeprefix("sha256:")[:_DIGEST_MAX],
        source_type="kanaria",
        source=json.dumps({"uri": source}),
        schema=json.dumps({"columns": columns}),
        profile=json.dumps({"num_rows": statistics["rows"]}),
    )
    return DatasetInput(dataset, [InputTag("mlflow.data.context", "training")])


def recorded(uri: str, run_id: str, name: str) -> Mapping[str, Any] | None:
    """The statistics of the data of this name that the run has logged; None where it has none.

    Raises:
        TrackingError: if MLflow does not tell.
    """
    from mlflow import MlflowClient  # noqa: PLC0415 - importing MLflow takes seconds

    path = f"{FOLDER}/{name}.json"
    try:
        client = MlflowClient(tracking_uri=uri)
        if path not in {each.path for each in client.list_artifacts(run_id, FOLDER)}:
            return None
        with tempfile.TemporaryDirectory() as folder:
            found: Mapping[str, Any] = json.loads(Path(client.download_artifacts(run_id, path, folder)).read_text())
    except Exception as error:  # likewise
        raise TrackingError(f"MLflow at {shown(uri)} does not tell the statistics: {shown(str(error))}") from error
    return found
