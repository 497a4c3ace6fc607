"""Who plays KServe and a gateway where there is none: on any API server, with all of KServe's lies.

The Deployments are real: the cluster's own controllers and kubelet make Pods of them, which hold no model.
"""

import asyncio
import sys
from pathlib import Path

from kanaria.local.api_client import Api, NotFoundError
from kanaria.local.clock import wall_clock, written
from kanaria.local.kserve.controller import run_kserve
from kanaria.local.kserve.naming import HTTP_ROUTES
from kanaria.local.kserve.rendering import Runtime
from kanaria.local.router.acceptance import status_of
from kanaria.local.watching import Cache

HOLLOW = Runtime(command=(sys.executable, str(Path(__file__).with_name("hollow_server.py"))))
GATEWAYS_TIME = 0.3
"""A gateway accepts a route's new weights later than they are written: until then its word is of older ones."""


async def play(api: Api) -> None:
    """KServe's controller and a gateway, until cancelled."""
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(run_kserve(api, runtime=HOLLOW))
        tasks.create_task(_accept(api))


async def _accept(api: Api) -> None:
    routes = Cache(api, HTTP_ROUTES)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(routes.run())
        async for change in routes.changes():
            if change.kind != "DELETED":
                await asyncio.sleep(GATEWAYS_TIME)
                await _accept_one(api, routes.get(*change.key))


async def _accept_one(api: Api, route: dict[str, object] | None) -> None:
    status = status_of(route, lambda *_: True, written(wall_clock())) if route else None
    if route is None or status is None:
        return
    meta = route["metadata"]
    try:
        await api.patch_status(HTTP_ROUTES, meta["namespace"], meta["name"], status)  # type: ignore[index]
    except NotFoundError:
        return  # gone meanwhile
