"""What a part of the local cluster knows of a resource right now, and what has just changed.

    pods = Cache(api, PODS, namespace="wine")
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(pods.run())
        await pods.synced.wait()
        async for change in pods.changes(): ...         # first what is there as ADDED, then every change

The store is replaced on every relist, so that a deletion missed between two watches is told as DELETED.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing
from dataclasses import dataclass

import aiohttp

from kanaria.local.api_client import Api, ApiError, GoneError, NotFoundError, Resource, Thing

log = logging.getLogger(__name__)
Key = tuple[str, str]
FIRST_RETRY = 0.05
SLOWEST_RETRY = 5.0


@dataclass(frozen=True, slots=True)
class Change:
    """One step in the life of a thing: kind is ADDED, MODIFIED or DELETED (then the thing is its last state)."""

    kind: str
    thing: Thing

    @property
    def key(self) -> Key:
        """(namespace, name)."""
        return key_of(self.thing)


class Cache:
    """The things of one resource, kept current by list and watch for as long as `run` runs."""

    def __init__(
        self, api: Api, resource: Resource, namespace: str = "", *, labels: str = "", fields: str = ""
    ) -> None:
        self.resource = resource
        self.synced = asyncio.Event()
        self._api = api
        self._namespace = namespace
        self._labels = labels
        self._fields = fields
        self._things: dict[Key, Thing] = {}
        self._listeners: list[Callable[[Change], None]] = []
        self._seen = 0
        self._delay = FIRST_RETRY

    def __iter__(self) -> Iterator[Thing]:
        return iter(list(self._things.values()))

    def __len__(self) -> int:
        return len(self._things)

    def get(self, namespace: str, name: str) -> Thing | None:
        """The thing of that name, if there is one."""
        return self._things.get((namespace, name))

    def owned_by(self, uid: str) -> list[Thing]:
        """The things whose controller has this UID."""
        return [thing for thing in self if controller_uid(thing) == uid]

    def on_change(self, listener: Callable[[Change], None]) -> None:
        """Have `listener` told, at once and in order, of all there is (as ADDED) and of every change from now on."""
        for thing in self:
            listener(Change("ADDED", thing))
        self._listeners.append(listener)

    async def changes(self) -> AsyncGenerator[Change]:
        """All there is (as ADDED), then every change, without end; a slow reader loses nothing."""
        waiting: asyncio.Queue[Change] = asyncio.Queue()
        self.on_change(waiting.put_nowait)
        try:
            while True:
                yield await waiting.get()
        finally:
            self._listeners.remove(waiting.put_nowait)

    def saw(self, thing: Thing) -> None:
        """Take in the answer to an own write, so that the next decision does not look at the state before it."""
        known = self._things.get(key_of(thing))
        # A thing unknown though the watch is past it has been deleted meanwhile: it must not come back as a ghost.
        newest = self._seen if known is None else _version(known)
        if _version(thing) > newest:
            self._store("ADDED" if known is None else "MODIFIED", thing)

    async def run(self) -> None:
        """List and watch until cancelled; an unreachable server is asked again, ever more slowly."""
        while True:
            try:
                await self._list_and_watch()
            except GoneError:
                continue
            except (ApiError, aiohttp.ClientError, TimeoutError) as error:
                log.debug("cannot watch %s: %s; again in %.1f s", self.resource.plural, error, self._delay)
                await asyncio.sleep(self._delay)
                self._delay = min(self._delay * 2, SLOWEST_RETRY)

    async def _list_and_watch(self) -> None:
        """One list, and watches from there on until one is refused."""
        since = await self._relist()
        while True:
            watch = self._api.watch(
                self.resource, self._namespace, since=since, labels=self._labels, fields=self._fields
            )
            async with aclosing(watch):
                async for kind, thing in watch:
                    since = thing["metadata"]["resourceVersion"]
                    self._seen = int(since)
                    if kind != "BOOKMARK":
                        self._store(kind, thing)

    async def _relist(self) -> str:
        try:
            found = await self._api.list(self.resource, self._namespace, labels=self._labels, fields=self._fields)
        except NotFoundError:
            # The resource is not served (yet): as far as anyone can know there are no such things.
            self._replace({})
            raise
        self._replace({key_of(item): item for item in found["items"]})
        version: str = found["metadata"]["resourceVersion"]
        self._seen = int(version)
        self._delay = FIRST_RETRY
        self.synced.set()
        return version

    def _replace(self, found: dict[Key, Thing]) -> None:
        for key in [key for key in self._things if key not in found]:
            self._store("DELETED", self._things[key])
        for key, thing in found.items():
            known = self._things.get(key)
            if known is None:
                self._store("ADDED", thing)
            elif known["metadata"]["resourceVersion"] != thing["metadata"]["resourceVersion"]:
                self._store("MODIFIED", thing)

    def _store(self, kind: str, thing: Thing) -> None:
        if kind == "DELETED":
            self._things.pop(key_of(thing), None)
        else:
            self._things[key_of(thing)] = thing
        for listener in list(self._listeners):
            listener(Change(kind, thing))


def key_of(thing: Thing) -> Key:
    """(namespace, name), the namespace "" for a cluster-scoped thing."""
    meta = thing["metadata"]
    return meta.get("namespace", ""), meta["name"]


def controller_uid(thing: Thing) -> str | None:
    """The UID of the thing's controller, if it has one."""
    for owner in thing["metadata"].get("ownerReferences", []):
        if owner.get("controller"):
            uid: str = owner["uid"]
            return uid
    return None


def _version(thing: Thing) -> int:
    return int(thing["metadata"].get("resourceVersion", "0"))
