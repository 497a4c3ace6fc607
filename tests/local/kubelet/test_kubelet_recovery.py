"""A kubelet that takes over from another: what was said of Pods whose processes are gone."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from kanaria.local.api_client import NAMESPACES, PODS, Api
from kanaria.local.apiserver import ApiServerSettings, serve
from kanaria.local.kubelet.agent import Kubelet, KubeletSettings
from kanaria.local.kubelet.processes import Command, PlainStarter, Process
from kanaria.local.leash import NoLeash
from running import a_pod_of, a_script, started


class SlowStarter(PlainStarter):
    """On a machine so busy that nothing starts."""

    async def start(self, command: Command) -> Process:
        await asyncio.get_running_loop().create_future()
        return await super().start(command)


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    async with serve(ApiServerSettings(tmp_path / "api", "token")) as server, Api(server.url, "token") as client:
        await client.create(NAMESPACES, {"metadata": {"name": "cellar"}})
        yield client


async def left_running(api: Api, policy: str) -> None:
    """A Pod that a kubelet before said to be ready."""
    await started(api, "cellar", a_pod_of(a_script("sleep 300"), restartPolicy=policy, nodeName="local"))
    true = {"status": "True", "lastTransitionTime": "2026-05-01T12:00:00Z"}
    container = {"name": "main", "restartCount": 0, "state": {"running": {"startedAt": "2026-05-01T12:00:00Z"}}}
    status = {
        "phase": "Running",
        "conditions": [{"type": kind, **true} for kind in ("Ready", "ContainersReady")],
        "containerStatuses": [{**container, "ready": True, "image": "x", "imageID": "x"}],
    }
    await api.patch_status(PODS, "cellar", "one", status)


@pytest.mark.parametrize(
    ("policy", "phase", "restarts"),
    [
        pytest.param("Always", "Running", 1, id="one that may run again"),
        pytest.param("Never", "Failed", 0, id="one that may not"),
    ],
)
async def test_once_a_node_is_up_no_lost_pod_says_ready(
    api: Api, tmp_path: Path, policy: str, phase: str, restarts: int
):
    await left_running(api, policy)
    kubelet = Kubelet(api, KubeletSettings(tmp_path), NoLeash(), SlowStarter())
    running = asyncio.create_task(kubelet.run())
    try:
        await asyncio.wait_for(kubelet.registered.wait(), 20)

        status: dict[str, Any] = (await api.get(PODS, "cellar", "one"))["status"]
        ready = next(each["status"] for each in status["conditions"] if each["type"] == "Ready")
        assert (status["phase"], ready) == (phase, "False")
        assert status["containerStatuses"][0]["restartCount"] == restarts
    finally:
        running.cancel()
        await asyncio.wait({running})
