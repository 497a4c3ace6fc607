"""How the objects of one kind are kept at hand: a list in pages, then watches with bookmarks.

The store is replaced on every relist: an object that went between two watches is told as gone. A kind that the cluster
does not serve counts as synced with no objects, and is looked for again. One that may not be read is not synced, and
whoever wants it is told why.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import aclosing

from kanaria.cluster.client import Client
from kanaria.cluster.errors import ClusterError, ForbiddenError, GoneError, NotFoundError, TooManyRequestsError
from kanaria.cluster.resource import Resource
from kanaria.cluster.store import Change, Store, name_of, slim, version_of
from kanaria.vocabulary import ObjectName, Watch, marks
from kanaria.vocabulary.objects import Manifest

log = logging.getLogger(__name__)
FIRST_RETRY = 0.1
SLOWEST_RETRY = 10.0
Sleep = Callable[[float], Awaitable[None]]


class Reflector:
    """The objects of one Watch, current for as long as `run` runs.

    `told` hears of every change, `in_sync` of the first list, of a refusal, and of a kind that comes or goes: `refused`
    says what the server said, for as long as it does, and `served` whether it has the kind.
    """

    def __init__(
        self,
        client: Client,
        watch: Watch,
        told: Callable[[Change], None],
        in_sync: Callable[[], None],
        *,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self.watch = watch
        self.synced = asyncio.Event()
        self.refused = ""
        self.served = True
        self.store = Store(watch.label or marks.OWNER)
        self.namespaced: bool | None = None
        self._client = client
        self._told = told
        self._in_sync = in_sync
        self._sleep = sleep
        self._seen = 0
        self._delay = FIRST_RETRY
        self._complaint = ""
        self._waiting: list[tuple[int, asyncio.Future[None]]] = []

    async def run(self) -> None:
        """List and watch until cancelled; a server that cannot be reached is asked again, ever more slowly."""
        while True:
            try:
                await self._list_and_watch()
            except GoneError:
                # Once is usual, and costs no wait; a server that says so again and again is given time.
                await self._sleep(self._delay - FIRST_RETRY)
                self._delay = min(self._delay * 2, SLOWEST_RETRY)
            except ClusterError as error:
                self._complain(error)
                self._refuse(str(error) if isinstance(error, ForbiddenError) else self.refused)
                await self._sleep(max(self._delay, getattr(error, "retry_after", 0.0)))
                self._delay = min(self._delay * 2, SLOWEST_RETRY)
            except Exception:
                # A fault of ours must not leave a kind unseen for good.
                log.exception("watching %s broke; it starts anew", self.watch.kind)
                await self._sleep(SLOWEST_RETRY)

    def holds(self, name: ObjectName, version: int) -> bool:
        """Whether what was written as this version has been heard of, or something later."""
        known = self.store.get(name)
        return self._seen >= version or (known is not None and version_of(known) >= version)

    async def until(self, version: int) -> None:
        """Return once the watch has come as far as this version."""
        if self._seen < version:
            come = asyncio.get_running_loop().create_future()
            self._waiting.append((version, come))
            await come

    def saw(self, manifest: Manifest) -> None:
        """Take in an object that was read otherwise, if it is newer than what is known."""
        if not self.holds(name_of(manifest), version_of(manifest)):
            self._put(manifest)

    async def _list_and_watch(self) -> None:
        try:
            resource = await self._client.resource(self.watch.api_version, self.watch.kind)
            self.namespaced = resource.namespaced
            since = await self._relist(resource)
        except NotFoundError:
            # Not served (yet): as far as anyone can know there are no such objects.
            self._replace([])
            self._come_in_sync(served=False)
            raise
        self._come_in_sync(served=True)
        while True:
            since = await self._watch_from(resource, since)

    def _come_in_sync(self, *, served: bool) -> None:
        if not self.synced.is_set() or self.served != served:
            self.served = served
            self.synced.set()
            self._in_sync()

    def _refuse(self, why: str) -> None:
        if self.refused != why:
            self.refused = why
            self._in_sync()

    async def _watch_from(self, resource: Resource, since: str) -> str:
        async with aclosing(self._client.watch(resource, since, self.watch.label or "")) as changes:
            async for kind, manifest in changes:
                since = manifest["metadata"]["resourceVersion"]
                if kind == "DELETED":
                    self._told(self.store.remove(name_of(manifest)))
                elif kind != "BOOKMARK":
                    self._put(manifest)
                self._advance(int(since))
                # Not before: a list alone, without the right to watch, would end the refusal for a moment each time.
                self._refuse("")
                self._delay, self._complaint = FIRST_RETRY, ""
        return since

    async def _relist(self, resource: Resource) -> str:
        found: list[Manifest] = []
        version = ""
        async with aclosing(self._client.pages(resource, self.watch.label or "")) as pages:
            async for page in pages:
                found.extend(page.items)
                version = page.version
        self._replace(found)
        self._advance(int(version or 0))
        return version

    def _replace(self, found: list[Manifest]) -> None:
        for name in self.store.names() - {name_of(manifest) for manifest in found}:
            self._told(self.store.remove(name))
        for manifest in found:
            known = self.store.get(name_of(manifest))
            if known is None or version_of(known) != version_of(manifest):
                self._put(manifest)

    def _put(self, manifest: Manifest) -> None:
        self._told(self.store.put(slim(manifest)))

    def _advance(self, version: int) -> None:
        self._seen = max(self._seen, version)
        for wanted, come in self._waiting:
            if wanted <= self._seen and not come.done():
                come.set_result(None)
        self._waiting = [(wanted, come) for wanted, come in self._waiting if not come.done()]

    def _complain(self, error: ClusterError) -> None:
        """Once for each trouble: it lasts, and there are many reflectors."""
        if str(error) != self._complaint:
            self._complaint = str(error)
            loud = not isinstance(error, NotFoundError | TooManyRequestsError)
            log.log(logging.WARNING if loud else logging.DEBUG, "%s cannot be watched: %s", self.watch.kind, error)
