"""How the operator starts, tells its health, and stops: as its own process, as in a Pod."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kanaria.local.api_client import Api, Resource
from kanaria.local.apiserver import ApiServer
from kanaria.local.ports import free_port
from operator_process import an_operator_process
from operator_world import an_api_server
from waiting import PATIENCE, eventually

POLICIES = Resource("kanaria.dev/v1alpha1", "metricpolicies", "MetricPolicy")
HUSH = "hush-a1b2c3"
SECRET = (Resource("v1", "secrets", "Secret"), {"stringData": {"username": "kanaria", "password": HUSH}})
SYNC = (
    Resource("kanaria.dev/v1alpha1", "gitsyncs", "GitSync"),
    {"spec": {"url": "http://127.0.0.1:9/wine.git", "secretRef": {"name": "wine"}}},
)
DEPLOYMENT = (
    Resource("kanaria.dev/v1alpha1", "modeldeployments", "ModelDeployment"),
    {
        "spec": {
            "model": {"name": "wine"},
            "stable": {"version": "1"},
            "predictor": {"model": {"modelFormat": {"name": "sklearn"}}},
            "strategy": {"canary": {"steps": [{"setWeight": 10}]}},
        }
    },
)
METRIC = {"name": "accuracy", "mlflow": {"key": "accuracy"}, "threshold": {"min": 0.9}}


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[ApiServer]:
    async with an_api_server(tmp_path / "api") as running:
        yield running


async def test_it_gets_ready_leaves_no_marks_of_kopf_and_stops_soon_after_a_signal(server: ApiServer, tmp_path: Path):
    policy = {"metadata": {"name": "p", "namespace": "default"}, "spec": {"metrics": [METRIC]}}
    async with Api(server.url, "t") as api, an_operator_process(server, tmp_path) as running:
        await eventually(running.ready)
        await api.create(POLICIES, {"apiVersion": POLICIES.api_version, "kind": POLICIES.kind, **policy})
        await eventually(lambda: _has_status(api))
        found = (await api.get(POLICIES, "default", "p"))["metadata"]
        running.process.send_signal(signal.SIGTERM)
        code = await asyncio.wait_for(running.process.wait(), PATIENCE)

    assert ("finalizers" in found, found.get("annotations", {})) == (False, {})
    assert code == 0
    assert "ready: all caches are synced" in running.log.read_text()
    assert "Traceback" not in running.log.read_text()


async def _has_status(api: Api) -> bool:
    return bool((await api.get(POLICIES, "default", "p")).get("status"))


def test_a_password_in_an_address_is_refused_and_not_repeated(tmp_path: Path):
    told = {"KANARIA_MLFLOW_TRACKING_URI": f"http://kanaria:{HUSH}@mlflow.example.com", "HOME": str(tmp_path)}
    ended = subprocess.run(
        [sys.executable, "-m", "kanaria", "run"],
        env=os.environ | told,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )

    assert ended.returncode == 2
    assert "holds credentials" in ended.stderr
    assert HUSH not in ended.stderr + ended.stdout


def test_without_a_cluster_it_ends_with_a_sentence(tmp_path: Path):
    environment = {key: value for key, value in os.environ.items() if key != "KUBECONFIG"} | {"HOME": str(tmp_path)}
    ended = subprocess.run(
        [sys.executable, "-m", "kanaria", "run"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )

    assert ended.returncode == 2
    assert ended.stderr.startswith("there is no cluster: give --kubeconfig")
    assert "Traceback" not in ended.stderr


async def test_a_port_that_is_taken_ends_it_with_a_sentence(server: ApiServer, tmp_path: Path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = f"127.0.0.1:{other.getsockname()[1]}"
        async with an_operator_process(server, tmp_path, "--metrics", taken) as running:
            code = await asyncio.wait_for(running.process.wait(), PATIENCE)

    assert code == 2
    assert f"--metrics {taken} cannot be listened at" in running.log.read_text()
    assert "Traceback" not in running.log.read_text()


@pytest.mark.parametrize("form", ["text", "json"])
async def test_what_a_secret_or_an_address_holds_is_never_logged(server: ApiServer, tmp_path: Path, form: str):
    mlflow = {
        "KANARIA_MLFLOW_TRACKING_URI": f"http://127.0.0.1:{free_port(0)}",
        "MLFLOW_TRACKING_USERNAME": "kanaria",
        "MLFLOW_TRACKING_PASSWORD": HUSH,
    }
    words = ("--dev", "--log-format", form)
    async with (
        Api(server.url, "t") as api,
        an_operator_process(server, tmp_path, *words, **mlflow) as running,
    ):
        await eventually(running.ready)
        for resource, thing in (SECRET, SYNC, DEPLOYMENT):
            about = {"apiVersion": resource.api_version, "kind": resource.kind}
            await api.create(resource, {**about, **thing, "metadata": {"name": "wine", "namespace": "default"}})
        for kind in ("GitHead", "ModelVersionAsked"):
            unanswered = f"{kind} was not answered"
            await eventually(lambda wanted=unanswered: wanted in running.log.read_text())
        _, metrics = await running.told("/metrics")
        objects = [await api.get(resource, "default", "wine") for resource, _ in (SYNC, DEPLOYMENT)]

    assert HUSH not in running.log.read_text()
    assert HUSH not in metrics
    assert HUSH not in str(objects)
