"""How a town is a guest of a cluster that is not its own: what it brings along, and takes away again at its end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import yaml

from kanaria.api.crds import crds
from kanaria.local import rights
from kanaria.local.api_client import DEFINITIONS, NAMESPACES, NODES, Api, ApiError, NotFoundError, Resource, Thing
from kanaria.local.controllers.claims import VOLUME_LABEL, VOLUMES
from kanaria.local.crds import files
from kanaria.local.kubeconfig import for_token
from kanaria.local.settings import Host, TownSettings

log = logging.getLogger(__name__)
OWNER = "kanaria-local"
NODE = "local"
NOT_YET = {404, 429, 503}
GLANCE = 0.2
PATIENCE = 40.0


async def objection(api: Api, namespace: str) -> str:
    """Why a town should not be this cluster's guest, in a sentence with the remedy; empty if nothing speaks against it.

    A town starts Pods as processes, serves all InferenceServices, and brings an operator: where others live, it would
    take what is theirs.
    """
    nodes = [node["metadata"]["name"] for node in (await api.list(NODES))["items"] if not _is_closed(node)]
    if nodes:
        return (
            f"the cluster has nodes of its own ({', '.join(nodes)}), where Pods of the story would find no image: "
            f"give a control plane without nodes"
        )
    for name in (namespace, rights.SYSTEM):
        if not await _is_missing(api, NAMESPACES, name):
            return f"there is a namespace {name} already: remove it if it is left from a story, or give another cluster"
    for resource in _served():
        found = await _of(api, resource)
        if found:
            meta = found[0]["metadata"]
            where = f"{resource.plural} {meta['namespace']}/{meta['name']}"
            return f"others work on this cluster, e.g. with {where}, which the story's operator would take for its own"
    return ""


@asynccontextmanager
async def lodging(api: Api, settings: TownSettings, host: Host) -> AsyncGenerator[None]:
    """Definitions, and the operator's account with its rights and a kubeconfig; gone at the end with node and volumes.

    A definition that was there before stays.
    """
    things = rights.of_operator(host.namespace)
    everywhere = [thing for thing in things if thing["metadata"].get("namespace") != host.namespace]
    brought: list[str] = []
    try:
        await _define(api, brought)
        await rights.grant(api, everywhere, owner=OWNER)
        _write(settings.operator_kubeconfig, host, await rights.token(api, rights.SYSTEM, rights.OPERATOR))
        yield
    finally:
        await api.delete(NODES, "", NODE)
        for volume in (await api.list(VOLUMES, labels=f"{VOLUME_LABEL}={host.namespace}"))["items"]:
            await api.delete(VOLUMES, "", volume["metadata"]["name"])
        await rights.take_back(api, everywhere)
        await asyncio.gather(
            _remove(api, NAMESPACES, rights.SYSTEM), *(_remove(api, DEFINITIONS, name) for name in brought)
        )


@asynccontextmanager
async def quarters(api: Api, host: Host) -> AsyncGenerator[None]:
    """The namespace with a team's accounts, and what the operator may do there; at the end its Pods end with it."""
    own = [t for t in rights.of_operator(host.namespace) if t["metadata"].get("namespace") == host.namespace]
    try:
        await rights.grant(api, [*rights.of_team(host.namespace), *own], owner=OWNER)
        yield
    finally:
        await _remove(api, NAMESPACES, host.namespace)


async def _define(api: Api, brought: list[str]) -> None:
    """Kanaria's kinds as this version has them, others' only where they are missing; names what was not there."""
    others = [yaml.safe_load(file.read_text(encoding="utf-8")) for file in files()]
    for definition in (*crds().values(), *others):
        name = definition["metadata"]["name"]
        missing = await _is_missing(api, DEFINITIONS, name)
        if missing:
            brought.append(name)
        if missing or definition not in others:
            await api.apply(DEFINITIONS, definition, owner=OWNER)
    for resource in _served():
        await _until(partial(_answers, api, resource))


async def _remove(api: Api, resource: Resource, name: str) -> None:
    """Delete it, and wait until it is gone: a story that follows at once is to find nothing."""
    await api.delete(resource, "", name)
    try:
        await _until(lambda: _is_missing(api, resource, name))
    except TimeoutError:
        log.warning("%s %s is not gone after %.0f s; the cluster goes on with it", resource.kind, name, PATIENCE)


async def _until(so: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            if await so():
                return
            await asyncio.sleep(GLANCE)


def _write(file: Path, host: Host, token: str) -> None:
    file.touch(mode=0o600)
    file.write_text(yaml.safe_dump(for_token(host.kubeconfig, token)))


def _served() -> Iterator[Resource]:
    """The kinds on which the operator, the KServe stand-in and the router act, wherever they find them."""
    for definition in (*crds().values(), *(yaml.safe_load(file.read_text(encoding="utf-8")) for file in files())):
        spec = definition["spec"]
        version = next(each["name"] for each in spec["versions"] if each["storage"])
        yield Resource(f"{spec['group']}/{version}", spec["names"]["plural"], spec["names"]["kind"])


async def _of(api: Api, resource: Resource) -> list[Thing]:
    try:
        found: list[Thing] = (await api.list(resource))["items"]
    except NotFoundError:
        return []
    return found


async def _is_missing(api: Api, resource: Resource, name: str) -> bool:
    try:
        await api.get(resource, "", name)
    except NotFoundError:
        return True
    return False


async def _answers(api: Api, resource: Resource) -> bool:
    """Whether it can be asked for: a real server says "established" some moments before its storage is ready."""
    try:
        await api.list(resource)
    except ApiError as error:
        if error.status in NOT_YET:
            return False
        raise
    return True


def _is_closed(node: Thing) -> bool:
    return bool((node.get("spec") or {}).get("unschedulable"))
