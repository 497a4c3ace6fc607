"""A pipeline that reads data, in a local cluster with the operator beside it: what is checked, compared and started."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kanaria.local.api_client import JOBS, NAMESPACES, Api, Resource
from kanaria.local.operator import Operator
from kanaria.local.settings import TownInfo
from kanaria.local.upkeep import down, up
from waiting import eventually

pytestmark = pytest.mark.slow
PIPELINES = Resource("kanaria.dev/v1alpha1", "mlpipelines", "MLPipeline")
RUNS = Resource("kanaria.dev/v1alpha1", "mlpipelineruns", "MLPipelineRun")
OVER = {"Succeeded", "Failed"}
HEAD = "alcohol,colour\n"
GOOD = HEAD + "".join(f"{n % 13},red\n" for n in range(400))


@pytest.fixture
def town(tmp_path: Path) -> Iterator[TownInfo]:
    home = tmp_path / "town"
    info = up(home, with_parent=True, parts=frozenset({"workloads", "kubelet", "mlflow"}))
    operator = Operator(info)
    operator.start()
    yield info
    operator.end()
    down(home)


def a_pipeline(name: str, data: Path, command: list[str]) -> dict[str, Any]:
    columns = [{"name": "alcohol", "type": "float", "max": 20, "nullable": False}, {"name": "colour"}]
    entry = {"name": "wine", "uri": data.as_uri(), "schema": {"closed": True, "columns": columns}}
    return {
        "apiVersion": "kanaria.dev/v1alpha1",
        "kind": "MLPipeline",
        "metadata": {"name": name, "namespace": "wine"},
        "spec": {
            "data": [entry],
            "triggers": [{"name": "fresh", "data": {"name": "wine", "interval": "5s"}}],
            "steps": [{"name": "train", "command": command}],
        },
    }


async def runs_of(api: Api, pipeline: str) -> list[dict[str, Any]]:
    found = (await api.list(RUNS, "wine"))["items"]
    mine = [run for run in found if run["spec"]["pipelineRef"]["name"] == pipeline]
    return sorted(mine, key=lambda run: run["spec"]["number"])


async def over(api: Api, pipeline: str, number: int = 1) -> dict[str, Any]:
    async def is_over() -> Any:
        runs = [r for r in await runs_of(api, pipeline) if r["spec"]["number"] == number]
        return next((r for r in runs if r.get("status", {}).get("phase") in OVER), None)

    found: dict[str, Any] = await eventually(is_over, within=180)
    return found


def reason(run: dict[str, Any]) -> str:
    return next(c["reason"] for c in run["status"]["conditions"] if c["type"] == "Ready")


async def play(info: TownInfo, lake: Path) -> None:
    names = ("good", "bad", "moving")
    files = {name: lake / f"{name}.csv" for name in names}
    files["good"].write_text(GOOD)
    files["bad"].write_text(GOOD + "99,red\n")
    files["moving"].write_text(GOOD)
    reads = [
        "sh",
        "-c",
        "python -c \"import os, pathlib; pathlib.Path(os.environ['KANARIA_DATA_WINE'][7:]).read_text()\"",
    ]
    moves = ["sh", "-c", f"echo 1,white >> {files['moving']}"]
    async with Api(info.api_url, info.token) as api:
        await api.create(NAMESPACES, {"metadata": {"name": "wine"}})
        for name in names:
            await api.create(PIPELINES, a_pipeline(name, files[name], moves if name == "moving" else reads))
        good, bad, moving = [await over(api, name) for name in names]

        assert [reason(run) for run in (good, bad, moving)] == ["RunSucceeded", "DataInvalid", "DataChanged"]
        assert (good["status"]["data"][0]["rows"], good["status"]["data"][0]["phase"]) == (400, "Unchanged")
        assert bad["status"]["data"][0]["violations"][0]["rows"] == ["bad.csv:401"]
        jobs = (await api.list(JOBS, "wine"))["items"]
        trained = [job for job in jobs if job["metadata"]["labels"].get("kanaria.dev/step")]
        assert not [job for job in trained if job["metadata"]["name"].startswith("bad-")]

        files["good"].write_text(GOOD + "5,white\n")
        again = await over(api, "good", 2)
        assert (reason(again), again["status"]["data"][0]["rows"]) == ("RunSucceeded", 401)
        assert again["spec"]["cause"]["trigger"] == "fresh"


def test_data_is_checked_compared_and_looked_at_again(town: TownInfo, tmp_path: Path):
    lake = tmp_path / "lake"
    lake.mkdir()

    asyncio.run(play(town, lake))
