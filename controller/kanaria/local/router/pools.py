"""How connections to Pods are kept: a pool for each Pod, open for as long as anyone may still use it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import dataclass

import aiohttp

from kanaria.local.router.endpoints import Endpoint

# Below the 65 s for which KServe's server keeps an idle connection: the side that closes first must be this one,
# or a request would now and then be sent into a connection that is just being closed.
KEEPALIVE = 15.0
LONGEST_REQUEST = aiohttp.ClientTimeout(total=60, sock_connect=5)
NOT_OURS_TO_ADD = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")


@dataclass(slots=True)
class Pool:
    """The connections to one Pod, and how many requests are on them."""

    session: aiohttp.ClientSession
    in_flight: int = 0
    retired: bool = False


class Pools:
    """The pools of all Pods, by UID: a new Pod on an old port never meets an old connection."""

    def __init__(self) -> None:
        self._pools: dict[str, Pool] = {}
        self._closing: set[asyncio.Task[None]] = set()

    @contextmanager
    def lease(self, endpoint: Endpoint) -> Iterator[aiohttp.ClientSession]:
        """The Pod's connections; they stay open until the lease is given back, whatever happens to the Pod."""
        pool = self._pools.get(endpoint.uid)
        if pool is None:
            pool = self._pools[endpoint.uid] = Pool(_session())
        pool.in_flight += 1
        try:
            yield pool.session
        finally:
            pool.in_flight -= 1
            if pool.retired and not pool.in_flight:
                self._close(pool)

    def keep(self, uids: AbstractSet[str]) -> None:
        """Retire the pools of all other Pods: no new request gets in, what is under way is finished."""
        for uid in [uid for uid in self._pools if uid not in uids]:
            pool = self._pools.pop(uid)
            pool.retired = True
            if not pool.in_flight:
                self._close(pool)

    async def close(self) -> None:
        """Close all there are."""
        self.keep(frozenset())
        await asyncio.gather(*self._closing)

    def _close(self, pool: Pool) -> None:
        task = asyncio.get_running_loop().create_task(pool.session.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


def _session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEPALIVE),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        skip_auto_headers=NOT_OURS_TO_ADD,
        timeout=LONGEST_REQUEST,
    )
