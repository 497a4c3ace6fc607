"""What goes on beside a test that waits: an event loop in a thread, with a client of the API server.

with Background(kubeconfig) as background:
    background.go_on(play(background.api))          # until the end
    md = background.get(DEPLOYMENTS, "wine", "wine")
    history = background.history(DEPLOYMENTS, "wine")   # grows by itself
"""

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Self, TypeVar

from kanaria.local.api_client import Api, NotFoundError, Resource
from kanaria.local.kubeconfig import api_from
from kanaria.local.watching import Cache, Change

T = TypeVar("T")
Manifest = dict[str, Any]
TLS_FAREWELL = 0.25
"""How long aiohttp needs, after it says that it is closed, to close connections over TLS; so its own advice."""


class Background:
    """The loop, and what runs in it."""

    def __init__(self, kubeconfig: Path) -> None:
        self._kubeconfig = kubeconfig
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="background", daemon=True)
        self._going_on: list[Future[Any]] = []
        self.api: Api

    def __enter__(self) -> Self:
        self._thread.start()
        self.api = self.do(self._open())
        return self

    def __exit__(self, *_: object) -> None:
        self.do(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of something that is awaited in the loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    def go_on(self, work: Coroutine[Any, Any, Any]) -> Future[Any]:
        """Have it run until the end, or until the future is cancelled."""
        going = asyncio.run_coroutine_threadsafe(work, self._loop)
        self._going_on.append(going)
        return going

    def get(self, resource: Resource, namespace: str, name: str) -> Manifest:
        """The object as it is now, empty where there is none."""
        try:
            return self.do(self.api.get(resource, namespace, name))
        except NotFoundError:
            return {}

    def all(self, resource: Resource, namespace: str) -> list[Manifest]:
        """All objects of the namespace, the oldest first."""
        found: list[Manifest] = self.do(self.api.list(resource, namespace))["items"]
        return sorted(found, key=lambda each: (str(each["metadata"]["creationTimestamp"]), each["metadata"]["name"]))

    def history(self, resource: Resource, namespace: str) -> list[Change]:
        """All that happens to the objects of the namespace from now on; what there is comes first."""
        return self.do(self._follow(resource, namespace))

    async def _follow(self, resource: Resource, namespace: str) -> list[Change]:
        told: list[Change] = []
        cache = Cache(self.api, resource, namespace)
        cache.on_change(told.append)
        self.go_on(cache.run())
        await cache.synced.wait()
        return told

    async def _open(self) -> Api:
        return await api_from(self._kubeconfig).__aenter__()

    async def _close(self) -> None:
        mine = asyncio.current_task()
        others = [task for task in asyncio.all_tasks() if task is not mine]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self.api.__aexit__()
        await asyncio.sleep(TLS_FAREWELL)
