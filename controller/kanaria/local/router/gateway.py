"""How the router runs: it watches routes, Services and Pods, proxies by them, and says which routes it obeys."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
from aiohttp import web

from kanaria.local.api_client import PODS, SERVICES, Api, ApiError, ConflictError, NotFoundError
from kanaria.local.clock import Clock, wall_clock, written
from kanaria.local.router.acceptance import status_of
from kanaria.local.router.counters import Counters
from kanaria.local.router.endpoints import LOOPBACK, Endpoint, endpoints_of
from kanaria.local.router.pools import Pools
from kanaria.local.router.proxy import Proxy
from kanaria.local.router.routes import HTTP_ROUTES, Table, table_of
from kanaria.local.watching import Cache, Change, Key

log = logging.getLogger(__name__)
RETRY = 0.5
DRAIN = 30.0


@dataclass(frozen=True, slots=True)
class Router:
    """A router that runs."""

    url: str


@asynccontextmanager
async def run_router(
    api: Api, port: int = 0, *, chance: random.Random | None = None, clock: Clock = wall_clock
) -> AsyncIterator[Router]:
    """A router on 127.0.0.1, obeying the HTTPRoutes of all namespaces; port 0 takes a free one. Leaving it drains."""
    knowledge = Knowledge(api)
    pools = Pools()
    knowledge.listen(pools)
    draw = (chance or random.Random()).random  # noqa: S311 - shares of traffic, no secret
    proxy = Proxy(knowledge, Counters(), pools, draw)
    parts = (*(cache.run() for cache in knowledge.caches), Registrar(api, knowledge, clock).run())
    tasks = [asyncio.create_task(part) for part in parts]
    runner = web.ServerRunner(web.Server(proxy.handle, access_log=None), shutdown_timeout=DRAIN)
    try:
        # Answering before all is known would refuse requests that have a route.
        for cache in knowledge.caches:
            await cache.synced.wait()
        await runner.setup()
        await web.TCPSite(runner, LOOPBACK, port).start()
        host, bound = runner.addresses[0][:2]
        yield Router(f"http://{host}:{bound}")
    finally:
        await runner.cleanup()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await pools.close()


class Knowledge:
    """What the router knows: a table of routes and the Pods of each Service, current at every moment."""

    def __init__(self, api: Api) -> None:
        self.routes = Cache(api, HTTP_ROUTES)
        self.services = Cache(api, SERVICES)
        self._pods = Cache(api, PODS)
        self.caches = (self.routes, self.services, self._pods)
        self._table = Table({}, {})
        self._found: dict[Key, tuple[Endpoint, ...]] = {}

    @property
    def table(self) -> Table:
        """All routes, as one value."""
        return self._table

    def endpoints(self, namespace: str, service: str) -> tuple[Endpoint, ...]:
        """The Pods that can answer for a Service."""
        key = (namespace, service)
        if key not in self._found:
            self._found[key] = endpoints_of(self.services.get(*key), self._pods)
        return self._found[key]

    def listen(self, pools: Pools) -> None:
        """Follow all changes from now on, and let go of the connections to Pods that leave."""
        self.routes.on_change(self._route_changed)
        self.services.on_change(lambda _: self._found.clear())
        self._pods.on_change(lambda _: self._pods_changed(pools))

    def _route_changed(self, _: Change) -> None:
        self._table = table_of(self.routes)

    def _pods_changed(self, pools: Pools) -> None:
        self._found.clear()
        pools.keep({pod["metadata"]["uid"] for pod in self._pods if not pod["metadata"].get("deletionTimestamp")})


class Registrar:
    """Writes into each HTTPRoute that it is accepted, once its weights are in force."""

    def __init__(self, api: Api, knowledge: Knowledge, clock: Clock) -> None:
        self._api = api
        self._knowledge = knowledge
        self._clock = clock
        self._due: dict[Key, None] = {}
        self._poked = asyncio.Event()
        # Told after the table, which listens first: what is written here is already obeyed.
        knowledge.routes.on_change(lambda change: self._poke(change.key))
        knowledge.services.on_change(lambda change: self._poke_all(change.key[0]))

    async def run(self) -> None:
        """Write until cancelled."""
        # Before the Services are known all backends would seem to be missing.
        await self._knowledge.services.synced.wait()
        while True:
            await self._poked.wait()
            self._poked.clear()
            while self._due:
                key = next(iter(self._due))
                del self._due[key]
                await self._visit(key)

    def _poke(self, key: Key) -> None:
        self._due[key] = None
        self._poked.set()

    def _poke_all(self, namespace: str) -> None:
        for route in self._knowledge.routes:
            if route["metadata"]["namespace"] == namespace:
                self._poke((namespace, route["metadata"]["name"]))

    async def _visit(self, key: Key) -> None:
        route = self._knowledge.routes.get(*key)
        if route is None:
            return
        status = status_of(route, self._exists, written(self._clock()))
        if status is None:
            return
        try:
            self._knowledge.routes.saw(await self._api.patch_status(HTTP_ROUTES, *key, status))
        except NotFoundError:
            return  # deleted meanwhile
        except (ApiError, aiohttp.ClientError, TimeoutError) as error:
            level = logging.DEBUG if isinstance(error, ConflictError) else logging.WARNING
            log.log(level, "HTTPRoute %s/%s: %s; again in %.1f s", *key, error, RETRY)
            asyncio.get_running_loop().call_later(RETRY, self._poke, key)

    def _exists(self, namespace: str, service: str) -> bool:
        return self._knowledge.services.get(namespace, service) is not None
