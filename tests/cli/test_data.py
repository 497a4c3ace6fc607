"""What `kanaria data` tells people, and what it leaves for the operator."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from kanaria.api.data_report import DataReport
from kanaria.cli.app import app
from kanaria.cli.data import UNREADABLE


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["data", *words])


@pytest.fixture
def wine(tmp_path: Path) -> Path:
    file = tmp_path / "wine.csv"
    file.write_text("\n".join(["alcohol,colour", *(f"{n % 13},{['red', 'white'][n % 2]}" for n in range(400))]))
    return file


def entry(file: Path, **more: Any) -> str:
    return json.dumps({"name": "wine", "uri": file.as_uri(), **more})


def test_a_pipeline_in_a_file_is_checked_at_the_desk(tmp_path: Path, wine: Path):
    manifest = tmp_path / "pipeline.yaml"
    schema = "{columns: [{name: alcohol, type: float, max: 11}]}"
    data = f"[{{name: wine, uri: {wine.as_uri()}, schema: {schema}}}]"
    manifest.write_text(f"kind: MLPipeline\nspec:\n  data: {data}\n")

    said = run("validate", str(manifest))

    assert said.exit_code == 1
    assert "column 'alcohol': '12.0' is not at most 11 (30 rows: wine.csv:13," in said.stdout


def test_a_job_leaves_its_result_in_a_file_and_ends_well(tmp_path: Path, wine: Path):
    report = tmp_path / "report"

    said = run("validate", entry(wine, schema={"forbidden": ["colour"]}), "--report", str(report))

    told = DataReport.model_validate_json(report.read_text())
    assert (said.exit_code, told.rows, told.violations[0].rule) == (0, 400, "forbidden")


def test_what_cannot_be_read_has_an_exit_code_of_its_own(tmp_path: Path):
    said = run("digest", entry(tmp_path / "none.csv"))

    assert (said.exit_code, "there is no file" in said.stderr) == (UNREADABLE, True)


def test_two_entries_want_a_name(tmp_path: Path, wine: Path):
    manifest = tmp_path / "pipeline.yaml"
    both = [json.loads(entry(wine)), json.loads(entry(wine)) | {"name": "test"}]
    manifest.write_text(json.dumps({"kind": "MLPipeline", "spec": {"data": both}}))

    assert "choose one with --name" in run("digest", str(manifest)).stderr
    assert run("digest", str(manifest), "--name", "test").stdout.startswith("sha256:")
