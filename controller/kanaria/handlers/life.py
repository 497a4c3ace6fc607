"""How the operator starts, tells its health, and stops.

kopf owns the life: start-up, signals, its own credentials, liveness, clean-up. It watches nothing: all kinds are heard
of through our own reflectors (docs/decisions/0001-one-way-of-hearing.md), so kopf writes nothing onto any object.
"""

import asyncio
import logging
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import kopf

from kanaria.cluster.client import Client
from kanaria.cluster.connection import Connection
from kanaria.handlers.login import access, credentials
from kanaria.reconcile.opening import opened
from kanaria.reconcile.operator import Operator
from kanaria.reconcile.world import Settings

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Life:
    """One operator from start-up to clean-up."""

    settings: Settings
    home: Path
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    operator: Operator | None = None
    failure: BaseException | None = None
    _running: "asyncio.Task[None] | None" = None
    _open: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def begin(self, settings: kopf.OperatorSettings) -> None:
        """Open the workshops and operate beside kopf."""
        async with AsyncExitStack() as opening:
            connection = await opening.enter_async_context(Connection(lambda: access(settings)))
            client = Client(connection)
            workshops = await opening.enter_async_context(opened(client, self.settings, self.home))
            self.operator = Operator(client, workshops, self.settings)
            self._open = opening.pop_all()
        self._running = asyncio.create_task(self._operate(self.operator), name="operator")

    async def end(self) -> None:
        """Stop operating: what is under way is cancelled, which a pass survives at any point."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)
        await self._open.aclose()

    def health(self) -> dict[str, Any]:
        """What the liveness endpoint tells."""
        operator = self.operator
        return {
            "ready": operator is not None and operator.ready.is_set(),
            "objects": operator.visits.known if operator else 0,
        }

    async def _operate(self, operator: Operator) -> None:
        told = asyncio.create_task(_tell_ready(operator), name="readiness")
        try:
            await operator.run()
        except Exception as error:
            log.exception("the operator broke; it stops, to be started anew")
            self.failure = error
        finally:
            told.cancel()
            self.stop.set()


async def _tell_ready(operator: Operator) -> None:
    await operator.ready.wait()
    log.info("ready: all caches are synced")


def registry_of(life: Life) -> kopf.OperatorRegistry:
    """The handlers of this life, and no others."""
    registry = kopf.OperatorRegistry()

    @kopf.on.startup(registry=registry, errors=kopf.ErrorsMode.PERMANENT)
    async def _start(settings: kopf.OperatorSettings, **_: Any) -> None:
        _configure(settings)
        await life.begin(settings)

    @kopf.on.cleanup(registry=registry)
    async def _stop(**_: Any) -> None:
        await life.end()

    @kopf.on.login(registry=registry)
    def _login(settings: kopf.OperatorSettings, **_: Any) -> kopf.ConnectionInfo:
        return credentials(settings)

    @kopf.on.probe(registry=registry, id="operator")
    def _probe(**_: Any) -> dict[str, Any]:
        return life.health()

    return registry


def _configure(settings: kopf.OperatorSettings) -> None:
    settings.posting.enabled = False  # Events are ours: one series for each object and reason
    settings.scanning.disabled = True  # discovery is ours: kopf would watch all CRDs and namespaces
    settings.process.ultimate_exiting_timeout = 30.0


async def live(settings: Settings, home: Path, liveness: str | None = None) -> None:
    """Operate until a signal comes; `liveness` is the URL that health is told at, e.g. http://127.0.0.1:8080/healthz.

    Raises:
        NoClusterError: if nothing tells where a cluster is.
        Exception: what broke the operator.
    """
    credentials(kopf.OperatorSettings())
    life = Life(settings, home)
    await kopf.operator(
        registry=registry_of(life),
        clusterwide=True,
        standalone=True,
        liveness_endpoint=liveness,
        stop_flag=life.stop,
    )
    if life.failure is not None:
        raise life.failure
