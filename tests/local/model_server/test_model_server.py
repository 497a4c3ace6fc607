"""A real model server in a real process: both protocols, errors, loopback only, and how it ends."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import psutil
import pytest
import yaml

from kanaria.local.ports import free_port
from waiting import eventually, eventually_now

# The model's own code: it fails on large numbers, and waits on request until a file says go.
CODE = """
import time
from pathlib import Path
from sklearn.linear_model import LogisticRegression

class Shaky(LogisticRegression):
    def predict(self, rows):
        if (rows > 100).any():
            raise RuntimeError("too large")
        if (rows < 0).any():
            here = Path(__file__).parent
            (here / "begun").touch()
            while not (here / "go").exists():
                time.sleep(0.01)
        return super().predict(rows)
"""
TRAIN = """
import sys, skops.io
sys.path.insert(0, sys.argv[1])
from shaky import Shaky
skops.io.dump(Shaky().fit([[0, 0], [1, 1], [0, 1], [2, 2]], [0, 1, 0, 1]), sys.argv[2])
"""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as MLflow 3 writes one for a scikit-learn model with code_paths."""
    folder = tmp_path_factory.mktemp("model")
    code = folder / "code"
    code.mkdir()
    (code / "shaky.py").write_text(CODE)
    native = {"pickled_model": "model.skops", "code": "code", "skops_trusted_types": ["shaky.Shaky"]}
    (folder / "MLmodel").write_text(yaml.safe_dump({"flavors": {"sklearn": native}}))
    subprocess.run([sys.executable, "-c", TRAIN, str(code), str(folder / "model.skops")], check=True)
    return folder


@contextmanager
def a_model_server(model: Path, *more: str) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """The process and its URL; PORT must win over the port in the arguments."""
    port = free_port(0)
    words = ["-m", "kanaria.local.model_server", "--model_name=wine", f"--model_dir={model.as_uri()}", "--http_port=1"]
    process = subprocess.Popen([sys.executable, *words, *more], env={**os.environ, "PORT": str(port)})
    try:
        eventually_now(lambda: process.poll() is not None or _listens(port))
        yield process, f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="module")
def served(model: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    with a_model_server(model) as server:
        yield server


async def ask(url: str, path: str, body: Any = None) -> tuple[int, Any]:
    async with (
        aiohttp.ClientSession() as session,
        session.request("POST" if body else "GET", url + path, json=body) as answer,
    ):
        return answer.status, await answer.json()


def v2(*rows: list[float]) -> Any:
    return {"inputs": [{"name": "x", "shape": [len(rows), len(rows[0])], "datatype": "FP64", "data": rows}]}


async def test_both_protocols_give_the_models_predictions(served: tuple[Any, str]):
    _, url = served

    assert await ask(url, "/v1/models/wine:predict", {"instances": [[0, 0], [2, 2]]}) == (200, {"predictions": [0, 1]})
    status, answer = await ask(url, "/v2/models/wine/infer", v2([0, 0], [2, 2]))
    assert (status, answer["outputs"][0]["data"]) == (200, [0, 1])


@pytest.mark.parametrize("path", ["/v2/health/live", "/v2/health/ready", "/v2/models/wine/ready", "/v1/models/wine"])
async def test_a_server_that_listens_is_live_and_ready(served: tuple[Any, str], path: str):
    assert (await ask(served[1], path))[0] == 200


@pytest.mark.parametrize(
    ("path", "body", "status", "words"),
    [
        pytest.param(
            "/v1/models/wine:predict", {"instances": [[999, 0]]}, 500, "RuntimeError: too large", id="v1 raises"
        ),
        pytest.param("/v2/models/wine/infer", v2([999, 0]), 500, "Error: too large", id="v2 raises"),
        pytest.param("/v1/models/wine:predict", {"instances": [[1, 2, 3]]}, 400, "2 numbers", id="a number too many"),
        pytest.param("/v2/models/wine/infer", v2([1, 2, 3]), 400, "2 numbers", id="v2 a number too many"),
        pytest.param("/v1/models/wine:predict", {"instances": [1, 2]}, 400, "2 numbers", id="not rows"),
        pytest.param("/v1/models/wine:predict", {"instances": [[1], [1, 2]]}, 400, "cannot be read", id="ragged"),
        pytest.param("/v1/models/wine:predict", {"instances": [["a", "b"]]}, 400, "must hold numbers", id="words"),
        pytest.param("/v1/models/wine:predict", {"instances": []}, 400, "at least one", id="no row"),
        pytest.param("/v1/models/wine:predict", {"rows": [[1, 2]]}, 400, "must be a list of rows", id="no instances"),
        pytest.param("/v1/models/wine:predict", [[1, 2]], 400, "must be a JSON object", id="no object"),
        pytest.param("/v1/models/beer:predict", {"instances": [[1, 2]]}, 404, "beer", id="another model"),
    ],
)
async def test_what_the_model_raises_is_500_and_what_cannot_be_read_is_400(
    served: tuple[Any, str], path: str, body: Any, status: int, words: str
):
    answer = await ask(served[1], path, body)

    assert answer[0] == status
    assert words in answer[1]["error"]


def test_it_listens_on_loopback_only(served: tuple[subprocess.Popen[bytes], str]):
    listening = [each for each in psutil.Process(served[0].pid).connections() if each.status == psutil.CONN_LISTEN]

    assert {each.laddr.ip for each in listening} == {"127.0.0.1"}


async def test_told_to_end_it_takes_late_requests_and_finishes_what_is_under_way(model: Path):
    # On a busy machine a request that is late is later still.
    with a_model_server(model, "--lame_duck_seconds=2") as (process, url):
        under_way = asyncio.create_task(ask(url, "/v1/models/wine:predict", {"instances": [[-1, 0]]}))
        await eventually((model / "code" / "begun").exists)
        process.terminate()
        late = await ask(url, "/v1/models/wine:predict", {"instances": [[2, 2]]})
        await eventually(lambda: not _listens(int(url.rpartition(":")[2])))
        (model / "code" / "go").touch()

        assert late == (200, {"predictions": [1]})
        assert await under_way == (200, {"predictions": [0]})
        assert await asyncio.to_thread(process.wait, 60) == 0
