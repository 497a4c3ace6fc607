"""Statistics of data are logged with the run that read it, and what is read later is compared with them."""

import json
from pathlib import Path

import pytest
from mlflow import MlflowClient
from typer.testing import CliRunner, Result

from kanaria.api.data_report import DriftReport
from kanaria.cli.app import app
from kanaria.tracking import TrackingError
from kanaria.tracking.data_record import recorded


@pytest.fixture
def run_id(client: MlflowClient, tmp_path: Path) -> str:
    experiment = client.create_experiment("wine", artifact_location=(tmp_path / "artifacts").as_uri())
    made: str = client.create_run(experiment).info.run_id
    return made


def told(uri: str, *words: str) -> Result:
    return CliRunner().invoke(app, ["data", *words], env={"MLFLOW_TRACKING_URI": uri})


def wine(folder: Path, *, more: int = 0, colours: tuple[str, str] = ("red", "white")) -> str:
    file = folder / "wine.csv"
    file.write_text("\n".join(["alcohol,colour", *(f"{n % 13 + more},{colours[n % 2]}" for n in range(400))]))
    return json.dumps({"name": "wine", "uri": file.as_uri()})


def test_statistics_are_logged_and_compared_with(client: MlflowClient, uri: str, run_id: str, tmp_path: Path):
    report = tmp_path / "report"

    logged = told(uri, "validate", wine(tmp_path), "--log-to", run_id)
    far = told(uri, "drift", wine(tmp_path, colours=("red", "red")), "--reference", run_id, "--report", str(report))

    assert (logged.exit_code, far.exit_code) == (0, 0)
    found = client.get_run(run_id)
    (source,) = found.inputs.dataset_inputs
    assert (source.dataset.name, found.data.tags["kanaria.data.wine"].startswith("sha256:")) == ("wine", True)
    drift = DriftReport.model_validate_json(report.read_text())
    assert drift.score is not None
    assert (drift.score > 1, drift.column) == (True, "colour")


def test_without_a_baseline_nothing_is_compared(uri: str, run_id: str, tmp_path: Path):
    assert "has logged no statistics" in told(uri, "drift", wine(tmp_path), "--reference", run_id).stdout


def test_an_mlflow_that_does_not_answer_is_told(uri: str):
    with pytest.raises(TrackingError, match="does not tell the statistics"):
        recorded(uri, "no-such-run", "wine")
