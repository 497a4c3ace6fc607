"""An API server, controllers, a kubelet and a router on loopback, with a model server that needs no model."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from kanaria.local.api_client import PODS, Api, Thing
from kanaria.local.apiserver import ApiServerSettings, serve
from kanaria.local.controllers.loop import run_deployments
from kanaria.local.crds import files
from kanaria.local.kserve.controller import run_kserve
from kanaria.local.kserve.naming import HTTP_ROUTES, INFERENCE_SERVICES
from kanaria.local.kserve.rendering import Runtime
from kanaria.local.kubelet.agent import Kubelet, KubeletSettings
from kanaria.local.leash import Leash
from kanaria.local.router.gateway import Router, run_router
from waiting import eventually

# It answers with the folder of the model it was given, and goes on for a moment after SIGTERM, as the true one does.
PROGRAM = """
import asyncio, os, signal, sys
from aiohttp import web

uri = next(word.partition("=")[2] for word in sys.argv if word.startswith("--model_dir="))

async def answer(request):
    return web.Response(text=uri.rsplit("/", 1)[1])

async def main():
    end = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, asyncio.get_running_loop().call_later, 0.5, end.set)
    runner = web.ServerRunner(web.Server(answer))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", int(os.environ["PORT"])).start()
    await end.wait()
    await runner.cleanup()

asyncio.run(main())
"""


@dataclass(frozen=True, slots=True)
class Town:
    """What a test needs of the town."""

    api: Api
    router: Router
    session: aiohttp.ClientSession

    async def apply(self, service: Thing) -> Thing:
        """As a user would, who is given the refusals of the API server."""
        meta = {key: value for key, value in service["metadata"].items() if key != "uid"}
        return await self.api.apply(INFERENCE_SERVICES, {**service, "metadata": meta}, owner="test")

    async def service(self) -> Thing:
        """The InferenceService as it is now."""
        return await self.api.get(INFERENCE_SERVICES, "cellar", "wine")

    async def ask(self) -> tuple[int, str]:
        """One request through the router."""
        async with self.session.post(f"{self.router.url}/serving/cellar/wine/v2/models/wine/infer") as answer:
            return answer.status, await answer.text()

    async def condition(self, kind: str) -> str | None:
        """The status of a condition of the InferenceService."""
        conditions = (await self.service()).get("status", {}).get("conditions", [])
        return next((each["status"] for each in conditions if each["type"] == kind), None)

    async def weights(self) -> list[tuple[str, int | None]]:
        """The route's backends, once the router obeys them."""
        route = await self.api.get(HTTP_ROUTES, "cellar", "wine")
        parents = route.get("status", {}).get("parents", [])
        seen = {each["observedGeneration"] for parent in parents for each in parent["conditions"]}
        if seen != {route["metadata"]["generation"]}:
            return []
        return [(ref["name"], ref.get("weight")) for ref in route["spec"]["rules"][0]["backendRefs"]]

    async def weighs(self, *backends: tuple[str, int]) -> None:
        """Wait until these are the route's backends, and the router obeys them."""

        async def so() -> bool:
            return await self.weights() == list(backends)

        await eventually(so)

    async def pods(self) -> set[str]:
        """The UIDs of all Pods."""
        return {pod["metadata"]["uid"] for pod in (await self.api.list(PODS, "cellar"))["items"]}

    async def served_by(self, *versions: str) -> None:
        """Wait until these versions, and no others, answer 20 requests in a row."""

        async def so() -> bool:
            answers = {await self.ask() for _ in range(20)}
            return answers == {(200, version) for version in versions}

        await eventually(so)


@asynccontextmanager
async def a_town(folder: Path, *more: Path) -> AsyncIterator[Town]:
    """The town, with the namespace `cellar` in it, and `more` definitions."""
    program = folder / "server.py"
    program.write_text(PROGRAM)
    async with serve(ApiServerSettings(folder / "api", "token")) as server, Api(server.url, "token") as api:
        server.install_crds([*files(), *more])
        await api.request("POST", "/api/v1/namespaces", body={"metadata": {"name": "cellar"}})
        home = folder / "pods"
        async with run_router(api) as router, Leash(f"TMPDIR={home}/") as leash, aiohttp.ClientSession() as session:
            runtime = Runtime((sys.executable, str(program)), router.url)
            parts: list[Any] = [
                run_deployments(api),
                run_kserve(api, runtime=runtime),
                Kubelet(api, KubeletSettings(home), leash).run(),
            ]
            tasks = [asyncio.create_task(part) for part in parts]
            try:
                yield Town(api, router, session)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
