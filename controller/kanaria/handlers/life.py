"""How the operator starts, tells its health, and stops.

kopf owns the life: start-up, signals, its own credentials, clean-up. It watches nothing: all kinds are heard of through
our own reflectors (docs/decisions/0001-one-way-of-hearing.md), so kopf writes nothing onto any object.
"""

import asyncio
import logging
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import kopf
from prometheus_client import CollectorRegistry

from kanaria import __version__
from kanaria.cluster.client import ALWAYS_OPEN, Client, Gate
from kanaria.cluster.clock import Clock
from kanaria.cluster.connection import USER_AGENT, Connection
from kanaria.cluster.leadership import Alone, Leader, Leadership
from kanaria.cluster.lease import WRITE_WITHIN
from kanaria.cluster.secrets import Secrets
from kanaria.handlers.endpoints import Address, AddressError, told_at
from kanaria.handlers.login import access, credentials
from kanaria.handlers.replica import identity
from kanaria.handlers.webhooks import hooks_at
from kanaria.reconcile.gauges import Gauges
from kanaria.reconcile.meters import Meters
from kanaria.reconcile.opening import opened
from kanaria.reconcile.operator import Operator
from kanaria.reconcile.world import Settings
from kanaria.vocabulary import ObjectRef

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Way:
    """How one replica lives: where its mirrors are, by which Lease it leads, and where it listens."""

    home: Path
    lease: ObjectRef | None = None
    metrics: Address | None = None
    webhooks: Address | None = None
    pod_ip: str = ""
    """Where other replicas find this one; without it they pass nothing on."""


@dataclass(slots=True)
class Life:
    """One operator from start-up to clean-up."""

    settings: Settings
    way: Way
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    operator: Operator | None = None
    failure: BaseException | None = None
    _running: "asyncio.Task[None] | None" = None
    _open: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def begin(self, settings: kopf.OperatorSettings) -> None:
        """Open the workshops and operate beside kopf."""
        me = identity()
        registry = CollectorRegistry()
        meters = Meters(registry)
        async with AsyncExitStack() as opening:
            agent = f"{USER_AGENT}/{__version__} ({me})"
            connection = await opening.enter_async_context(Connection(lambda: access(settings), agent))
            leader = self._leader(connection, me, meters)
            client = Client(connection, gate=_gate(leader), told=meters.wrote)
            workshops = await opening.enter_async_context(
                opened(client, self.settings, self.way.home, leader.may_write)
            )
            operator = Operator(client, workshops, self.settings, leader=leader, meters=meters)
            registry.register(Gauges(operator, Clock().now))
            await opening.enter_async_context(told_at(self.way.metrics, registry, operator.ready.is_set))
            hooks = hooks_at(self.way.webhooks, operator, Secrets(client).read)
            await opening.enter_async_context(hooks)
            self.operator, self._open = operator, opening.pop_all()
        self._running = asyncio.create_task(self._operate(operator), name="operator")

    async def end(self) -> None:
        """Stop operating: no write starts, another replica may lead, and the rest is cancelled."""
        if self.operator is not None:
            await self.operator.stand_down()
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)
        await self._open.aclose()

    def _leader(self, connection: Connection, me: str, meters: Meters) -> Leader:
        if self.way.lease is None:
            return Alone()
        hooks, host = self.way.webhooks, self.way.pod_ip
        here = f"[{host}]" if ":" in host else host
        address = f"{here}:{hooks.port}" if hooks and host else ""
        return Leadership(Client(connection, told=meters.wrote), self.way.lease, me, Clock(), address=address)

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


def _gate(leader: Leader) -> Gate:
    return ALWAYS_OPEN if isinstance(leader, Alone) else Gate(leader.may_write, WRITE_WITHIN)


async def _tell_ready(operator: Operator) -> None:
    await operator.ready.wait()
    log.info("ready: all caches are synced")


def registry_of(life: Life) -> kopf.OperatorRegistry:
    """The handlers of this life, and no others."""
    registry = kopf.OperatorRegistry()

    @kopf.on.startup(registry=registry, errors=kopf.ErrorsMode.PERMANENT)
    async def _start(settings: kopf.OperatorSettings, **_: Any) -> None:
        _configure(settings)
        try:
            await life.begin(settings)
        except AddressError as error:
            # Ended as if it had been asked to: kopf would tell of a failed handler, with its traceback.
            life.failure = error
            life.stop.set()

    @kopf.on.cleanup(registry=registry)
    async def _stop(**_: Any) -> None:
        await life.end()

    @kopf.on.login(registry=registry)
    def _login(settings: kopf.OperatorSettings, **_: Any) -> kopf.ConnectionInfo:
        return credentials(settings)

    return registry


def _configure(settings: kopf.OperatorSettings) -> None:
    settings.posting.enabled = False  # Events are ours: one series for each object and reason
    settings.scanning.disabled = True  # discovery is ours: kopf would watch all CRDs and namespaces
    settings.process.ultimate_exiting_timeout = 30.0


async def live(settings: Settings, way: Way) -> None:
    """Operate until a signal comes.

    Raises:
        NoClusterError: if nothing tells where a cluster is.
        AddressError: if the metrics cannot be told at their address.
        Exception: what broke the operator.
    """
    credentials(kopf.OperatorSettings())
    life = Life(settings, way)
    await kopf.operator(registry=registry_of(life), clusterwide=True, standalone=True, stop_flag=life.stop)
    if life.failure is not None:
        raise life.failure
