"""How the server starts and stops, and what others need to reach it."""

import base64
import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from aiohttp import web

from kanaria.local.apiserver.bookkeeping import Bookkeeping
from kanaria.local.apiserver.deletion import Deletion
from kanaria.local.apiserver.formats import documents
from kanaria.local.apiserver.logs import PodLogs
from kanaria.local.apiserver.refusals import Object
from kanaria.local.apiserver.requests import Door, Parts
from kanaria.local.apiserver.resources import EXTENSIONS, Catalogue
from kanaria.local.apiserver.store import Store, to_json
from kanaria.local.apiserver.targets import Options, Target
from kanaria.local.apiserver.writes import Writes
from kanaria.local.certificate import tls_of
from kanaria.local.clock import Clock, wall_clock, written

_NAMESPACES = ("default", "kube-system")
_BODY_LIMIT = 16 * 2**20


@dataclass(frozen=True, slots=True)
class ApiServerSettings:
    """Where a server keeps its state and how it is reached."""

    directory: Path
    token: str
    port: int = 0  # of the kubeconfig's address; 0: any free one
    now: Clock = wall_clock


class ApiServer:
    """A running server, at two addresses: kubectl sends its token over TLS only, our own parts need none."""

    def __init__(self, parts: Parts, url: str, secure_url: str, certificate: bytes) -> None:
        self._parts = parts
        self._certificate = certificate
        self.url = url
        self.secure_url = secure_url

    def kubeconfig(self) -> Object:
        """What kubectl needs, to be written to a file as YAML."""
        name = "kanaria-local"
        context = {"cluster": name, "user": name, "namespace": "default"}
        trusted = base64.b64encode(self._certificate).decode()
        cluster = {"server": self.secure_url, "certificate-authority-data": trusted}
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": name,
            "clusters": [{"name": name, "cluster": cluster}],
            "users": [{"name": name, "user": {"token": self._parts.token}}],
            "contexts": [{"name": name, "context": context}],
        }

    def install_crds(self, paths: Iterable[Path]) -> None:
        """Apply the CustomResourceDefinitions of these files."""
        resource = self._parts.catalogue.find(EXTENSIONS, "v1", "customresourcedefinitions")
        for path in paths:
            for text in _definitions(path, path.stat().st_mtime_ns):
                definition = json.loads(text)
                target = Target(resource, name=definition["metadata"]["name"])
                self._parts.writes.apply(target, definition, Options("kanaria-local", force=True))


@lru_cache(maxsize=64)
def _definitions(path: Path, _modified: int) -> tuple[str, ...]:
    # Read once a process: KServe's largest takes a second to parse, and tests start many servers.
    found = documents(path.read_bytes())
    return tuple(to_json(each) for each in found if each.get("kind") == "CustomResourceDefinition")


@asynccontextmanager
async def serve(settings: ApiServerSettings) -> AsyncIterator[ApiServer]:
    """A Kubernetes API on loopback, until the block is left; its state stays in the directory."""
    settings.directory.mkdir(parents=True, exist_ok=True)
    store = Store(settings.directory / "state.sqlite")
    parts = _assembled(settings, store)
    application = web.Application(client_max_size=_BODY_LIMIT)
    application.router.add_route("*", "/{path:.*}", Door(parts).handle)
    runner = web.AppRunner(application, access_log=None, handler_cancellation=True, shutdown_timeout=2.0)
    await runner.setup()
    try:
        tls, certificate = tls_of(settings.directory, settings.now())
        await web.TCPSite(runner, "127.0.0.1", settings.port, backlog=512, ssl_context=tls).start()
        await web.TCPSite(runner, "127.0.0.1", 0, backlog=512).start()
        secure, plain = (f"127.0.0.1:{address[1]}" for address in runner.addresses)
        yield ApiServer(parts, f"http://{plain}", f"https://{secure}", certificate)
    finally:
        store.end_watches()
        await runner.cleanup()
        await parts.logs.close()
        store.close()


def _assembled(settings: ApiServerSettings, store: Store) -> Parts:
    catalogue = Catalogue()
    definitions = store.entries((EXTENSIONS, "customresourcedefinitions"))
    catalogue.learn(entry.body for _, entry in definitions)
    deletion = Deletion(store, catalogue, settings.now)
    writes = Writes(store, catalogue, deletion, lambda: written(settings.now()))
    deletion.sweep()
    namespaces = catalogue.find("", "v1", "namespaces")
    for name in _NAMESPACES:
        if store.get(("", "namespaces"), ("", name)) is None:
            writes.create(Target(namespaces), {"metadata": {"name": name}}, Options("kanaria-local"))
    return Parts(
        token=settings.token,
        store=store,
        catalogue=catalogue,
        writes=writes,
        deletion=deletion,
        books=Bookkeeping(),
        logs=PodLogs(store),
        now=settings.now,
    )
