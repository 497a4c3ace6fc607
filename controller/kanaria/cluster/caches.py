"""Which objects are at hand without asking the API server."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from kanaria.cluster.client import Client
from kanaria.cluster.errors import ClusterError
from kanaria.cluster.reflector import Reflector
from kanaria.cluster.store import Change, Mark, name_of, version_of
from kanaria.vocabulary import ObjectName, ObjectRef, Watch
from kanaria.vocabulary.objects import Manifest

PATIENCE = 5.0


@dataclass(frozen=True, slots=True)
class Written:
    """An object as the server stored it on our own write."""

    ref: ObjectRef
    version: int
    labels: frozenset[str]

    @classmethod
    def of(cls, manifest: Manifest) -> "Written":
        """What is to be waited for after this answer to a write."""
        metadata = manifest["metadata"]
        labels = frozenset(metadata.get("labels") or {})
        return cls(ObjectRef.of(manifest), version_of(manifest), labels)


class Caches:
    """One reflector for each Watch: the static ones always, the others while an object wants them.

    `told` hears of every change; `poke` of each owner whose wanted objects are all at hand now.
    Objects are shared with every reader and never changed.
    """

    def __init__(
        self,
        client: Client,
        static: Iterable[Watch],
        told: Callable[[Change], None],
        poke: Callable[[ObjectRef], None],
        *,
        patience: float = PATIENCE,
    ) -> None:
        self._client = client
        self._told = told
        self._poke = poke
        self._patience = patience
        self._static = tuple(static)
        self._reflectors: dict[Watch, Reflector] = {}
        self._tasks: dict[Watch, asyncio.Task[None]] = {}
        self._wanted: dict[ObjectRef, frozenset[Watch]] = {}

    def start(self) -> None:
        """Begin to list and watch the static kinds."""
        for watch in self._static:
            self._begin(watch)

    async def stop(self) -> None:
        """End all watches."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._tasks.clear()

    async def ready(self) -> None:
        """Return once all static kinds are synced."""
        for watch in self._static:
            await self._reflectors[watch].synced.wait()

    def get(self, ref: ObjectRef) -> Manifest | None:
        """The object, or None where no cache has it."""
        found = (reflector.store.get(ref.object_name) for reflector in self._of(ref.api_version, ref.kind))
        return next((manifest for manifest in found if manifest is not None), None)

    def list(
        self, api_version: str, kind: str, namespace: str | None = None, labels: Mapping[str, str] | None = None
    ) -> tuple[Manifest, ...]:
        """All objects of the kind that are at hand, of one namespace and with these labels where given."""
        found = [
            manifest
            for reflector in self._of(api_version, kind)
            for manifest in reflector.store.select(namespace, labels or {})
        ]
        # A kind may be watched by more than one label.
        return tuple(sorted({name_of(manifest): manifest for manifest in found}.values(), key=name_of))

    def changed(
        self, api_version: str, kind: str, since: Mapping[Watch, Mark] | None
    ) -> tuple[Mapping[Watch, Mark], frozenset[ObjectName] | None]:
        """A mark of now, and the names of what changed since an earlier one; None where that is not known."""
        stores = {reflector.watch: reflector.store for reflector in self._of(api_version, kind)}
        now = {watch: store.mark for watch, store in stores.items()}
        if since is None or since.keys() != stores.keys():
            return now, None
        told = [store.since(since[watch]) for watch, store in stores.items()]
        known = [names for names in told if names is not None]
        return now, frozenset().union(*known) if len(known) == len(told) else None

    def namespaced(self, api_version: str, kind: str) -> bool | None:
        """Whether objects of a watched kind belong to namespaces, as the API server says; None before it is known."""
        told = (reflector.namespaced for reflector in self._of(api_version, kind))
        return next((each for each in told if each is not None), None)

    def synced(self, watch: Watch) -> bool:
        """Whether the objects of the watch are all at hand."""
        reflector = self._reflectors.get(self._covering(watch))
        return reflector is not None and reflector.synced.is_set()

    def served(self, watch: Watch) -> bool:
        """Whether the cluster has the kind of the watch, as far as is known."""
        reflector = self._reflectors.get(self._covering(watch))
        return reflector is None or reflector.served

    def refused(self, watch: Watch) -> str:
        """Why the operator may not read the objects of the watch; empty where nothing says so."""
        reflector = self._reflectors.get(self._covering(watch))
        return "" if reflector is None else reflector.refused

    def want(self, owner: ObjectRef, watches: Iterable[Watch]) -> None:
        """Watch what the owner wants, and no longer what nobody wants any more."""
        wanted = frozenset(self._covering(watch) for watch in watches)
        if wanted == self._wanted.get(owner, frozenset()):
            return
        self._wanted[owner] = wanted
        if not wanted:
            del self._wanted[owner]
        for watch in wanted - self._reflectors.keys():
            self._begin(watch)
        for watch in self._reflectors.keys() - frozenset().union(*self._wanted.values()) - set(self._static):
            self._tasks.pop(watch).cancel()
            del self._reflectors[watch]

    async def caught_up(self, written: Iterable[Written]) -> None:
        """Return once the caches show all these writes; what they do not show in time is read."""
        behind = [(each, reflector) for each in written for reflector in self._behind(each)]
        if not behind:
            return
        waits = (reflector.until(each.version) for each, reflector in behind)
        try:
            async with asyncio.timeout(self._patience):
                await asyncio.gather(*waits)
        except TimeoutError:
            for each, reflector in behind:
                await self._read(each, reflector)

    async def _read(self, each: Written, reflector: Reflector) -> None:
        if reflector.holds(each.ref.object_name, each.version):
            return
        try:
            found = await self._client.find(each.ref)
        except ClusterError:
            # Not to be had now: the watch will tell.
            return
        if found is not None:
            reflector.saw(found)

    def _behind(self, each: Written) -> Iterable[Reflector]:
        return [
            reflector
            for reflector in self._of(each.ref.api_version, each.ref.kind)
            if (reflector.watch.label is None or reflector.watch.label in each.labels)
            and reflector.synced.is_set()
            and not reflector.holds(each.ref.object_name, each.version)
        ]

    def _of(self, api_version: str, kind: str) -> Iterable[Reflector]:
        return [r for r in self._reflectors.values() if (r.watch.api_version, r.watch.kind) == (api_version, kind)]

    def _covering(self, watch: Watch) -> Watch:
        """The watch itself, or the static one without a label that sees all its objects."""
        whole = Watch(watch.api_version, watch.kind)
        return whole if whole in self._static else watch

    def _begin(self, watch: Watch) -> None:
        reflector = Reflector(self._client, watch, self._told, lambda: self._in_sync(watch))
        self._reflectors[watch] = reflector
        self._tasks[watch] = asyncio.create_task(reflector.run(), name=f"reflector of {watch.kind}")

    def _in_sync(self, watch: Watch) -> None:
        """Whoever waited for these objects may go on, also where there are none, or may not be read."""
        for owner, wanted in self._wanted.items():
            if watch in wanted:
                self._poke(owner)
