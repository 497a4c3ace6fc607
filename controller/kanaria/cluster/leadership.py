"""Whether this replica leads, and may write now.

leadership = Leadership(client, ObjectRef(*LEASE, "kanaria-system", "kanaria"), "host-3f2a1c", Clock())
await leadership.run()        # until cancelled: holds the Lease, or waits for it
await leadership.gained()     # then lead, until `lost` returns
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Protocol

from kanaria.cluster.client import Client
from kanaria.cluster.errors import ClusterError, ConflictError, NotFoundError
from kanaria.cluster.lease import ADDRESS, LASTS, LOOK_EVERY, RENEW_EVERY, Lease, Standing
from kanaria.vocabulary import ObjectRef

log = logging.getLogger(__name__)
LEASE = ("coordination.k8s.io/v1", "Lease")
ANSWER_WITHIN = 2.0
"""Seconds for one look at the Lease, or renewal: one that hangs leaves time for another before writes must stop."""
Sleep = Callable[[float], Awaitable[None]]


class Clock(Protocol):
    """What time it is."""

    def now(self) -> datetime:
        """The time, for people."""

    def monotonic(self) -> float:
        """Seconds that only go forward."""


class Leader(Protocol):
    """Whether this replica leads."""

    def may_write(self) -> bool:
        """Whether a write may start now."""

    async def run(self) -> None:
        """Lead, or wait to, until cancelled."""

    async def gained(self) -> None:
        """Return once this replica leads."""

    async def lost(self) -> None:
        """Return once it leads no more."""

    def elsewhere(self) -> str:
        """Where the replica that leads takes what is sent to this one; empty where that is not known."""

    def resign(self) -> None:
        """Start no write any more."""

    async def release(self) -> None:
        """Let another lead at once; only when no write is under way."""


class Alone:
    """The only replica: it leads from start to end."""

    def may_write(self) -> bool:
        """It may."""
        return True

    async def run(self) -> None:
        """Nothing is to be done for it."""
        await asyncio.Event().wait()

    async def gained(self) -> None:
        """It leads already."""

    async def lost(self) -> None:
        """It never does."""
        await asyncio.Event().wait()

    def elsewhere(self) -> str:
        """There is no other."""
        return ""

    def resign(self) -> None:
        """Nobody waits to take over."""

    async def release(self) -> None:
        """Nobody waits to take over."""


class Leadership:
    """One of several replicas, of which the one that holds the Lease leads. The client must have no gate."""

    def __init__(
        self,
        client: Client,
        lease: ObjectRef,
        identity: str,
        clock: Clock,
        *,
        address: str = "",
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._client = client
        self._ref = lease
        self._clock = clock
        self._address = address
        self._sleep = sleep
        self._standing = Standing(identity)
        self._resigned = False
        self._gained = asyncio.Event()
        self._lost = asyncio.Event()
        self._said = ""

    def may_write(self) -> bool:
        """Whether a write that starts now ends before any other replica may lead."""
        return not self._resigned and self._standing.may_write(self._clock.monotonic())

    async def gained(self) -> None:
        """Return once this replica leads."""
        await self._gained.wait()

    async def lost(self) -> None:
        """Return once another replica leads, or the Lease is gone.

        A server that cannot be reached ends nothing: no write may start then, and when the Lease can be renewed
        after all, nobody else has led in between.
        """
        await self._lost.wait()

    async def run(self) -> None:
        """Hold the Lease, or wait for it, until cancelled."""
        while not self._resigned:
            pause = LOOK_EVERY
            try:
                async with asyncio.timeout(ANSWER_WITHIN):
                    await self._step()
                pause = RENEW_EVERY if self._standing.holds else LOOK_EVERY
            except (ClusterError, TimeoutError) as error:
                self._say(
                    f"the Lease {self._place} cannot be had now: {str(error) or 'no answer in time'}", logging.WARNING
                )
            await self._sleep(pause)

    def elsewhere(self) -> str:
        """Where the replica that leads takes what is sent to this one; empty where that is not known."""
        lease = self._standing.lease
        return "" if self._standing.holds or lease is None or not lease.holder else lease.address

    def resign(self) -> None:
        """Start no write any more, and renew no more."""
        self._resigned = True

    async def release(self) -> None:
        """Give the Lease back: another replica takes it at its next look."""
        if not self._standing.holds or self._standing.lease is None:
            return
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                await self._change(self._standing.lease, {"holderIdentity": ""})
        except (ClusterError, TimeoutError) as error:
            log.info("the Lease %s is not given back, and runs out: %s", self._place, str(error) or "no answer in time")
        else:
            log.info("the Lease %s is given back", self._place)
        self._standing = Standing(self._standing.identity)

    async def _step(self) -> None:
        if not self._standing.holds:
            await self._look()
        if self._standing.holds or self._standing.may_take(self._clock.monotonic()):
            try:
                await self._hold()
            except ConflictError:
                # Another was faster, or our own last renewal was done though its answer was lost.
                await self._look()

    async def _look(self) -> None:
        try:
            found = Lease.of(await self._client.get(self._ref))
        except NotFoundError:
            found = None
        self._stand(self._standing.saw(found, self._clock.monotonic()))

    async def _hold(self) -> None:
        """Renew the Lease where it is held, take it where it is not."""
        standing, sent = self._standing, self._clock.monotonic()
        lease, moment = standing.lease, self._clock.now().strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        taken = {
            "holderIdentity": standing.identity,
            "leaseDurationSeconds": int(LASTS),
            "acquireTime": moment,
            "renewTime": moment,
            "leaseTransitions": lease.transitions + 1 if lease else 0,
        }
        if lease is None:
            metadata: dict[str, Any] = {"name": self._ref.name, "namespace": self._ref.namespace}
            if self._address:
                metadata["annotations"] = {ADDRESS: self._address}
            kind = {"apiVersion": self._ref.api_version, "kind": self._ref.kind}
            stored = await self._client.create({**kind, "metadata": metadata, "spec": taken})
        else:
            stored = await self._change(lease, {"renewTime": moment} if standing.holds else taken)
        self._stand(standing.wrote(Lease.of(stored), sent))

    async def _change(self, lease: Lease, spec: dict[str, Any]) -> Any:
        """By compare-and-swap: whoever saw an older Lease changes nothing."""
        metadata: dict[str, Any] = {"resourceVersion": lease.version}
        if spec.get("holderIdentity") is not None:
            # A replica that does not say where it is found takes away what another said.
            metadata["annotations"] = {ADDRESS: self._address or None}
        return await self._client.merge(self._ref, {"metadata": metadata, "spec": spec})

    def _stand(self, standing: Standing) -> None:
        self._standing = standing
        on, off = (self._gained, self._lost) if standing.holds else (self._lost, self._gained)
        on.set()
        off.clear()
        if standing.holds:
            self._say(f"leading as {standing.identity}, by the Lease {self._place}")
        elif standing.lease and standing.lease.holder:
            self._say(f"standing by: {standing.lease.holder} leads, by the Lease {self._place}")

    def _say(self, said: str, level: int = logging.INFO) -> None:
        """Once, for as long as it is so."""
        if said != self._said:
            self._said = said
            log.log(level, "%s", said)

    @property
    def _place(self) -> str:
        return f"{self._ref.namespace}/{self._ref.name}"
