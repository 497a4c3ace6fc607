"""An API server with the five kinds, and an operator that runs in the test's own process against it.

async with an_operator(server.url, tmp_path) as operator:  # returns once its caches are synced
    ...
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from kanaria.cluster.client import Client
from kanaria.cluster.connection import Access, Connection
from kanaria.local.apiserver import ApiServer, ApiServerSettings, serve
from kanaria.reconcile.kinds import PlanFor
from kanaria.reconcile.opening import opened
from kanaria.reconcile.operator import Operator
from kanaria.reconcile.world import Settings
from waiting import PATIENCE

CRDS = sorted((Path(__file__).parents[1] / "crds").glob("*.yaml"))


@asynccontextmanager
async def an_api_server(folder: Path) -> AsyncIterator[ApiServer]:
    """A local one that keeps what it knows in this folder; its token is "t"."""
    async with serve(ApiServerSettings(directory=folder, token="t")) as running:
        running.install_crds(CRDS)
        yield running


@asynccontextmanager
async def a_client(url: str, token: str | None = None) -> AsyncIterator[Client]:
    """A client of the API server at this address."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with Connection(lambda: Access(url, headers)) as connection:
        yield Client(connection)


@asynccontextmanager
async def an_operator(
    url: str,
    home: Path,
    *,
    token: str | None = None,
    settings: Settings | None = None,
    plans: Mapping[str, PlanFor] | None = None,
    **workshops: Any,
) -> AsyncIterator[Operator]:
    """A running operator; `plans` stand for the passes, and git=, tracking= or measure= for the true workshops."""
    settings = settings or Settings(allow_file_remotes=True)
    async with a_client(url, token) as client, opened(client, settings, home / "mirrors") as found:
        operator = Operator(client, replace(found, **workshops), settings, plans=plans)
        running = asyncio.create_task(operator.run())
        ready = asyncio.create_task(operator.ready.wait())
        try:
            await asyncio.wait({running, ready}, timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
            assert ready.done(), "the operator's caches did not sync"
            yield operator
        finally:
            for task in (running, ready):
                task.cancel()
            await asyncio.gather(running, ready, return_exceptions=True)
