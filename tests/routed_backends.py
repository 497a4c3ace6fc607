"""Real backends behind a real proxy, and a picture of the cluster that a test may change at any moment."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Any

import aiohttp
from aiohttp import web

from kanaria.local.router.counters import Counters
from kanaria.local.router.endpoints import Endpoint
from kanaria.local.router.pools import Pools
from kanaria.local.router.proxy import Proxy
from kanaria.local.router.routes import Table, table_of

UIDS = count()


class Server:
    """A model server as the router sees one: it answers with its name, as slowly or as badly as the path says."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.answered = 0
        self.let_go = asyncio.Event()
        self.waiting = asyncio.Event()
        self._runner = web.ServerRunner(web.Server(self._answer, access_log=None), shutdown_timeout=5)
        self.endpoint = Endpoint("", "", 0)

    async def start(self) -> Endpoint:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.endpoint = Endpoint(f"{self.name}-{next(UIDS)}", "127.0.0.1", self._runner.addresses[0][1])
        return self.endpoint

    async def stop(self) -> None:
        """As on SIGTERM: what is under way is finished."""
        await self._runner.cleanup()

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        self.answered += 1
        body = await request.content.read()
        match request.path:
            case "/slow":
                self.waiting.set()
                await self.let_go.wait()
            case "/fail":
                return web.Response(status=500, text="the model raised")
            case "/cut":
                assert request.transport
                request.transport.abort()
            case "/stream":
                return await self._stream(request)
            case "/echo":
                told = f"{request.method} {request.raw_path} {request.headers.get('X-Mark', '')} "
                return web.Response(body=told.encode() + body, headers={"X-Answer": self.name})
        return web.Response(text=self.name)

    async def _stream(self, request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"first ")
        self.waiting.set()
        await self.let_go.wait()
        await response.write(b"last")
        return response


@dataclass
class Scene:
    """What the router knows: weights of Services and the Pods of each; both may be changed at any moment."""

    weights: dict[str, int]
    pods: dict[str, tuple[Endpoint, ...]] = field(default_factory=dict)
    more: dict[str, dict[str, Any]] = field(default_factory=dict)
    filters: list[dict[str, Any]] = field(default_factory=list)
    url: str = ""
    session: aiohttp.ClientSession | None = None
    pools: Pools = field(default_factory=Pools)

    def show(self, weights: dict[str, int], pods: dict[str, tuple[Endpoint, ...]]) -> None:
        """What the caches would do: new weights, new Pods, and the connections to Pods that have gone let go."""
        self.weights, self.pods = weights, pods
        self.pools.keep({pod.uid for endpoints in pods.values() for pod in endpoints})

    @property
    def table(self) -> Table:
        refs = [{"name": each, "weight": weight, **self.more.get(each, {})} for each, weight in self.weights.items()]
        meta = {"name": "wine", "namespace": "cellar"}
        return table_of([{"metadata": meta, "spec": {"rules": [{"backendRefs": refs, "filters": self.filters}]}}])

    def endpoints(self, _namespace: str, service: str) -> tuple[Endpoint, ...]:
        return self.pods.get(service, ())

    async def ask(self, path: str = "/", method: str = "POST", **options: object) -> tuple[int, str]:
        assert self.session
        target = f"{self.url}/serving/cellar/wine{path}"
        async with self.session.request(method, target, **options) as answer:  # type: ignore[arg-type]
            return answer.status, await answer.text()

    async def counted(self, metric: str, service: str = "stable") -> int:
        """The value on the metrics page, e.g. of `upstream_rq_xx 5`."""
        assert self.session
        name, _, digit = metric.partition(" ")
        label = f'envoy_response_code_class="{digit}",' if digit else ""
        cluster = f"httproute/cellar/wine/rule/0/backend/{list(self.weights).index(service)}"
        wanted = f'envoy_cluster_{name}{{{label}envoy_cluster_name="{cluster}"}} '
        async with self.session.get(f"{self.url}/stats/prometheus") as answer:
            found = re.search(f"^{re.escape(wanted)}(.*)$", await answer.text(), re.MULTILINE)
        assert found, wanted
        return int(found[1])


@asynccontextmanager
async def a_proxy(scene: Scene, *, seed: int = 7) -> AsyncIterator[Scene]:
    """The scene with a proxy in front of it."""
    async with AsyncExitStack() as stack:
        stack.push_async_callback(scene.pools.close)
        proxy = Proxy(scene, Counters(), scene.pools, Random(seed).random)  # noqa: S311 - shares, no secret
        runner = web.ServerRunner(web.Server(proxy.handle, access_log=None), shutdown_timeout=5)
        stack.push_async_callback(runner.cleanup)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        scene.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        scene.session = await stack.enter_async_context(aiohttp.ClientSession())
        yield scene


@asynccontextmanager
async def a_server(name: str = "stable") -> AsyncIterator[Server]:
    """A backend that runs."""
    server = Server(name)
    await server.start()
    try:
        yield server
    finally:
        server.let_go.set()
        await server.stop()
