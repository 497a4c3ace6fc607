"""How the operator starts, tells its health, and stops: as its own process, as in a Pod."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml

from kanaria.local.api_client import Api, Resource
from kanaria.local.apiserver import ApiServer, ApiServerSettings, serve
from waiting import eventually

CRDS = sorted((Path(__file__).parents[2] / "crds").glob("*.yaml"))
POLICIES = Resource("kanaria.dev/v1alpha1", "metricpolicies", "MetricPolicy")
METRIC = {"name": "accuracy", "mlflow": {"key": "accuracy"}, "threshold": {"min": 0.9}}


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[ApiServer]:
    async with serve(ApiServerSettings(directory=tmp_path / "api", token="t")) as running:
        running.install_crds(CRDS)
        yield running


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Running:
    """The operator's process and its health."""

    def __init__(self, process: asyncio.subprocess.Process, url: str, log: Path) -> None:
        self.process = process
        self.url = url
        self.log = log

    async def told(self, path: str) -> tuple[int, str]:
        """What an endpoint tells; 0 while nothing listens."""
        try:
            async with aiohttp.ClientSession() as session, session.get(self.url + path) as answer:
                return answer.status, await answer.text()
        except aiohttp.ClientError:
            return 0, ""

    async def ready(self) -> bool:
        assert self.process.returncode is None, self.log.read_text()
        return (await self.told("/readyz"))[0] == 200


@asynccontextmanager
async def an_operator_process(server: ApiServer, folder: Path, **environment: str) -> AsyncIterator[Running]:
    kubeconfig, log = folder / "kubeconfig", folder / "log"
    with kubeconfig.open("w") as file:
        yaml.safe_dump(server.kubeconfig(), file)
    address = f"127.0.0.1:{free_port()}"
    command = ("-m", "kanaria", "run", "--kubeconfig", str(kubeconfig), "--metrics", address)
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable, *command, env={**os.environ, **environment}, stdout=output, stderr=output
        )
    try:
        yield Running(process, f"http://{address}", log)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_it_gets_ready_leaves_no_marks_of_kopf_and_stops_soon_after_a_signal(server: ApiServer, tmp_path: Path):
    policy = {"metadata": {"name": "p", "namespace": "default"}, "spec": {"metrics": [METRIC]}}
    async with Api(server.url, "t") as api, an_operator_process(server, tmp_path) as running:
        await eventually(running.ready, within=60)
        await api.create(POLICIES, {"apiVersion": POLICIES.api_version, "kind": POLICIES.kind, **policy})
        await eventually(lambda: _has_status(api))
        found = (await api.get(POLICIES, "default", "p"))["metadata"]
        running.process.send_signal(signal.SIGTERM)
        code = await asyncio.wait_for(running.process.wait(), 30)

    assert ("finalizers" in found, found.get("annotations", {})) == (False, {})
    assert code == 0
    assert "ready: all caches are synced" in running.log.read_text()
    assert "Traceback" not in running.log.read_text()


async def _has_status(api: Api) -> bool:
    return bool((await api.get(POLICIES, "default", "p")).get("status"))


def test_without_a_cluster_it_ends_with_a_sentence(tmp_path: Path):
    environment = {key: value for key, value in os.environ.items() if key != "KUBECONFIG"} | {"HOME": str(tmp_path)}
    ended = subprocess.run(
        [sys.executable, "-m", "kanaria", "run"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert ended.returncode == 2
    assert ended.stderr.startswith("there is no cluster: give --kubeconfig")
    assert "Traceback" not in ended.stderr
