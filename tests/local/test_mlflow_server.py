import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import aiohttp
import pytest

from kanaria.local.leash import Leash
from kanaria.local.mlflow_server import MlflowFailedError, cache_folder, empty_database, serve_mlflow
from kanaria.local.ports import free_port


async def test_mlflow_keeps_runs_and_registered_models(tmp_path: Path):
    async with (
        Leash(f"TMPDIR={tmp_path}/") as leash,
        serve_mlflow(tmp_path / "mlflow", free_port(0), leash) as server,
        aiohttp.ClientSession(f"{server.url}/api/2.0/mlflow/") as session,
    ):
        async with session.post("experiments/create", json={"name": "wine"}) as answer:
            assert answer.status == 200
        async with session.post("registered-models/create", json={"name": "wine"}) as answer:
            assert answer.status == 200
        async with session.get("experiments/get-by-name", params={"experiment_name": "wine"}) as answer:
            experiment = (await answer.json())["experiment"]

    assert experiment["artifact_location"].startswith((tmp_path / "mlflow" / "artifacts").as_uri())


async def test_mlflow_that_cannot_start_tells_its_last_words(tmp_path: Path):
    (tmp_path / "mlflow").mkdir()
    (tmp_path / "mlflow" / "artifacts").write_text("a file where a folder should be")

    async with Leash(f"TMPDIR={tmp_path}/") as leash:
        with pytest.raises(MlflowFailedError, match="FileExistsError"):
            async with serve_mlflow(tmp_path / "mlflow", free_port(0), leash):
                pass


def test_an_empty_database_comes_from_the_cache(tmp_path: Path):
    make = f"from pathlib import Path; from kanaria.local.mlflow_server import *; here = Path({str(tmp_path)!r})"
    # In a process of its own: MLflow's imports take seconds, and some of them warn.
    subprocess.run([sys.executable, "-c", f"{make}; empty_database(here / 'one.sqlite', here / 'cache')"], check=True)
    [template] = (tmp_path / "cache").iterdir()
    template.write_bytes(b"as it is")

    subprocess.run([sys.executable, "-c", f"{make}; empty_database(here / 'two.sqlite', here / 'cache')"], check=True)

    assert (tmp_path / "two.sqlite").read_bytes() == b"as it is"
    with closing(sqlite3.connect(tmp_path / "one.sqlite")) as database:
        tables = {name for (name,) in database.execute("select name from sqlite_master")}
    assert {"experiments", "runs", "registered_models"} <= tables


def test_a_database_that_is_there_is_left_alone(tmp_path: Path):
    (tmp_path / "mlflow.sqlite").write_bytes(b"mine")

    empty_database(tmp_path / "mlflow.sqlite", tmp_path / "cache")

    assert (tmp_path / "mlflow.sqlite").read_bytes() == b"mine"


def test_the_cache_follows_the_xdg_folders(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("XDG_CACHE_HOME", "/cache")

    assert cache_folder() == Path("/cache/kanaria")
