"""Which persistent volume claims are bound: all of them; the kubelet keeps a folder for each.

A town that has no other controllers says so itself (`run_claims`). A real control plane takes that word back: there a
claim is bound once it has a volume (`run_volumes`).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

import aiohttp

from kanaria.local.api_client import CLAIMS, Api, ApiError, NotFoundError, Resource, Thing
from kanaria.local.watching import Cache

log = logging.getLogger(__name__)
VOLUMES = Resource("v1", "persistentvolumes", "PersistentVolume", namespaced=False)
VOLUME_LABEL = "local.kanaria.dev/namespace"
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


async def run_volumes(api: Api, namespace: str, place: Callable[[str, str], Path]) -> None:
    """Give each claim of the namespace a volume, as a provisioner would, until cancelled; others bind it."""
    claims = Cache(api, CLAIMS, namespace)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(claims.run())
        async for change in claims.changes():
            volume = volume_for(change.thing, place(*change.key))
            try:
                if change.kind == "DELETED":
                    await api.delete(VOLUMES, "", volume["metadata"]["name"])
                elif (change.thing.get("status") or {}).get("phase") != "Bound":
                    await api.apply(VOLUMES, volume, owner="kanaria-local")
            except (ApiError, aiohttp.ClientError, TimeoutError) as error:
                log.warning("volume of claim %s/%s: %s", *change.key, error)
                await asyncio.sleep(RETRY)


def volume_for(claim: Thing, place: Path) -> Thing:
    """The PersistentVolume that only this claim can have."""
    meta, spec = claim["metadata"], claim["spec"]
    whose = {"apiVersion": "v1", "kind": "PersistentVolumeClaim"} | {k: meta[k] for k in ("namespace", "name", "uid")}
    return {
        "metadata": {"name": f"kanaria-{meta['uid']}", "labels": {VOLUME_LABEL: meta["namespace"]}},
        "spec": {
            "accessModes": spec["accessModes"],
            "capacity": {"storage": spec["resources"]["requests"]["storage"]},
            "claimRef": whose,
            "hostPath": {"path": str(place)},
            "persistentVolumeReclaimPolicy": "Retain",
            "storageClassName": spec.get("storageClassName", ""),
        },
    }
