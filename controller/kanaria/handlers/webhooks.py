"""Where forges tell of a push: POST /hook/NAMESPACE/NAME makes the operator look at that GitSync's repository now."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Protocol

import aiohttp
from aiohttp import web

from kanaria.api.resource import API_VERSION
from kanaria.cluster.errors import ClusterError
from kanaria.handlers.endpoints import Address, listening
from kanaria.handlers.genuine import PROOFS, is_genuine
from kanaria.reconcile.world import Objects
from kanaria.vocabulary import ObjectRef

log = logging.getLogger(__name__)
BODY_MAX = 4 * 1024 * 1024
AT_ONCE = 8
"""Calls that are looked at at once: each reads a Secret, and anybody may call."""
READ_WITHIN = 10.0
"""Seconds in which a call must have told all it has to tell: else a few that tell it slowly would keep out the rest."""
FORWARDED = "X-Kanaria-Forwarded"
WITHIN = aiohttp.ClientTimeout(total=5)
NO_HOOK = "there is no such webhook: check the address, and spec.webhook of the GitSync\n"
REFUSED = "the call is not signed with the token of the GitSync's Secret\n"
Secrets = Callable[[str, str], Awaitable[Mapping[str, bytes]]]


class Looker(Protocol):
    """The operator, as far as webhooks know it."""

    @property
    def objects(self) -> Objects:
        """What the caches hold."""

    def elsewhere(self) -> str:
        """Where the replica that leads takes what is sent to this one; empty where that is not known."""

    def look_at(self, url: str) -> bool:
        """Look at a repository now; False while another replica leads."""


class Hooks:
    """Takes the calls of forges, on any replica: one that stands by passes them on to the one that leads."""

    def __init__(self, operator: Looker, secrets: Secrets, read_within: float = READ_WITHIN) -> None:
        self._operator = operator
        self._read_within = read_within
        self._secrets = secrets
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def take(self, request: web.Request) -> web.Response:
        """Answer one call. What nobody asked for, or bears no proof at all, costs neither a slot nor a Secret."""
        ref = ObjectRef(API_VERSION, "GitSync", request.match_info["namespace"], request.match_info["name"])
        spec: Mapping[str, Any] = (self._operator.objects.get(ref) or {}).get("spec") or {}
        secret = ((spec.get("webhook") or {}).get("secretRef") or {}).get("name")
        if not secret:
            return web.Response(status=404, text=NO_HOOK)
        if not any(name in request.headers for name in PROOFS):
            return web.Response(status=401, text=REFUSED)
        async with self._slots:
            try:
                async with asyncio.timeout(self._read_within):
                    body = await request.read()
            except TimeoutError:
                return web.Response(status=408, text="the call was not told in time\n")
            if not is_genuine(request.headers, body, await self._token(ref, secret)):
                log.info("%s: a call of its webhook is refused: it is not signed with the token", ref)
                return web.Response(status=401, text=REFUSED)
        if self._operator.look_at(str(spec.get("url"))):
            return web.Response(status=202, text="the repository is looked at now\n")
        return await self._passed_on(request, body)

    async def _token(self, ref: ObjectRef, secret: str) -> bytes:
        try:
            return (await self._secrets(ref.namespace, secret)).get("token", b"").strip()
        except ClusterError as error:
            log.warning("%s: a call of its webhook cannot be checked: %s", ref, error)
            return b""

    async def _passed_on(self, request: web.Request, body: bytes) -> web.Response:
        there = self._operator.elsewhere()
        if not there or FORWARDED in request.headers:
            return web.Response(status=503, text="no replica leads now; the next poll sees the push\n")
        headers = {FORWARDED: "1", **{name: request.headers[name] for name in PROOFS if name in request.headers}}
        try:
            async with (
                aiohttp.ClientSession(timeout=WITHIN) as session,
                session.post(f"http://{there}{request.path}", data=body, headers=headers) as answer,
            ):
                return web.Response(status=answer.status, text=await answer.text())
        except (aiohttp.ClientError, TimeoutError):
            return web.Response(status=503, text="the leading replica cannot be reached; the next poll sees the push\n")


@asynccontextmanager
async def hooks_at(
    address: Address | None, operator: Looker, secrets: Secrets, read_within: float = READ_WITHIN
) -> AsyncIterator[None]:
    """Take calls there until the block is left; nowhere without an address.

    Raises:
        AddressError: if nothing can listen there.
    """
    if address is None:
        yield
        return
    app = web.Application(client_max_size=BODY_MAX)
    app.add_routes([web.post("/hook/{namespace}/{name}", Hooks(operator, secrets, read_within).take)])
    async with listening(address, app, "--webhooks"):
        yield
