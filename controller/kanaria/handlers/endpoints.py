"""Where the operator tells how it is: /healthz, /readyz and /metrics."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, disable_created_metrics, generate_latest


class AddressError(Exception):
    """The address is none, or is taken."""


@dataclass(frozen=True, slots=True)
class Address:
    """A host, or address of this machine, and a port."""

    host: str
    port: int

    @classmethod
    def given(cls, text: str | None, option: str) -> "Address | None":
        """What an option says, None where it is not given.

        Raises:
            AddressError: if it is no address.
        """
        return cls.parse(text, option) if text else None

    @classmethod
    def parse(cls, text: str, option: str = "--metrics") -> "Address":
        """Read HOST:PORT.

        Raises:
            AddressError: if it is none.
        """
        host, _, port = text.rpartition(":")
        if not host or not port.isdecimal():
            raise AddressError(f"{option} is {text!r}; write it as HOST:PORT, e.g. 127.0.0.1:8081")
        return cls(host.strip("[]"), int(port))


@asynccontextmanager
async def listening(address: Address, app: web.Application, option: str) -> AsyncIterator[None]:
    """Answer at the address, which an option of the command line gave, until the block is left.

    Raises:
        AddressError: if nothing can listen there.
    """
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, address.host, address.port).start()
        except OSError as error:
            raise AddressError(f"{option} {address.host}:{address.port} cannot be listened at: {error}") from error
        yield
    finally:
        await runner.cleanup()


@asynccontextmanager
async def told_at(
    address: Address | None, registry: CollectorRegistry, ready: Callable[[], bool]
) -> AsyncIterator[None]:
    """Answer there until the block is left; nowhere without an address.

    That anything is answered at all shows that the loop is alive: an operator that breaks ends its process.

    Raises:
        AddressError: if nothing can listen there.
    """
    if address is None:
        yield
        return

    # A second series for each counter, with the time of its first count: nobody asks for it.
    disable_created_metrics()  # type: ignore[no-untyped-call] # the library's

    async def healthz(_: web.Request) -> web.Response:
        return web.Response(text="alive\n")

    async def readyz(_: web.Request) -> web.Response:
        if ready():
            return web.Response(text="ready\n")
        return web.Response(text="the caches are not synced yet\n", status=503)

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(body=generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    app = web.Application()
    app.add_routes([web.get("/healthz", healthz), web.get("/readyz", readyz), web.get("/metrics", metrics)])
    async with listening(address, app, "--metrics"):
        yield
