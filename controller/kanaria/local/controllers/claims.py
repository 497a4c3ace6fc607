"""Which persistent volume claims are bound: all of them; the kubelet keeps a folder for each."""

from __future__ import annotations

import asyncio
import logging

import aiohttp

from kanaria.local.api_client import CLAIMS, Api, ApiError, NotFoundError
from kanaria.local.watching import Cache

log = logging.getLogger(__name__)
RETRY = 0.5


async def run_claims(api: Api) -> None:
    """Bind every claim, until cancelled. Only for the local cluster: it makes no PersistentVolumes."""
    claims = Cache(api, CLAIMS)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(claims.run())
        async for change in claims.changes():
            claim = change.thing
            if change.kind == "DELETED" or (claim.get("status") or {}).get("phase") == "Bound":
                continue
            spec = claim["spec"]
            granted = (spec.get("resources") or {}).get("requests") or {}
            status = {"phase": "Bound", "accessModes": spec.get("accessModes") or [], "capacity": granted}
            try:
                await api.patch_status(CLAIMS, *change.key, status)
            except NotFoundError:
                continue
            except (ApiError, aiohttp.ClientError, TimeoutError) as error:
                log.warning("claim %s/%s: %s", *change.key, error)
                await asyncio.sleep(RETRY)
