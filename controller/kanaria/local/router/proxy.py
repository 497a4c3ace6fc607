"""How one request gets its answer: choose a backend by weight, a Pod by turn, pass on both ways, count."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Protocol

import aiohttp
from aiohttp import web
from multidict import CIMultiDict
from yarl import URL

from kanaria.local.router.counters import Cluster, Counters
from kanaria.local.router.endpoints import Endpoint, Turns
from kanaria.local.router.pools import Pools
from kanaria.local.router.routes import Backend, Rule, Table

METRICS = "/stats/prometheus"
SMALL = 64 * 1024
HOP_BY_HOP = {
    "connection", "expect", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer",
    "transfer-encoding", "upgrade",
}  # fmt: skip
COULD_NOT_CONNECT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)


class View(Protocol):
    """What the router knows of the cluster at this moment."""

    @property
    def table(self) -> Table:
        """All routes."""

    def endpoints(self, namespace: str, service: str) -> tuple[Endpoint, ...]:
        """The Pods that can answer for a Service."""


@dataclass(frozen=True, slots=True)
class Errand:
    """A request on its way to a backend; `body` is whole if it is small, None if it is to be streamed."""

    request: web.BaseRequest
    target: str
    backend: Backend
    count: Cluster
    body: bytes | None


class Proxy:
    """The request handler; `chance` draws the numbers by which backends are chosen."""

    def __init__(self, view: View, counters: Counters, pools: Pools, chance: Callable[[], float]) -> None:
        self._view = view
        self._counters = counters
        self._pools = pools
        self._chance = chance
        self._turns = Turns()
        self._copies: set[asyncio.Future[None]] = set()

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """The answer to any request."""
        if request.path == METRICS:
            return web.Response(text=self._counters.page(), content_type="text/plain")
        rule, target = self._view.table.find(request.host, request.raw_path, request.headers)
        if rule is None:
            return _refusal(404, f"no HTTPRoute for {request.host}{request.raw_path}")
        backend = rule.choose(self._chance())
        if backend is None:
            return _refusal(500, "the HTTPRoute gives no backend any weight")
        small = (request.content_length or 0) <= SMALL and "Transfer-Encoding" not in request.headers
        body = await request.read() if small else None
        errand = Errand(request, target, backend, self._counters.of(backend.cluster), body)
        self._copy(errand, rule)
        return await self._forward(errand)

    def _copy(self, errand: Errand, rule: Rule) -> None:
        """Send copies on their way; nobody waits for them. A request that is streamed has no copy."""
        for backend, percent in rule.mirrors:
            if errand.body is not None and self._chance() * 100 < percent:
                copied = replace(errand, backend=backend, count=self._counters.of(backend.cluster))
                task = asyncio.ensure_future(self._mirror(copied))
                self._copies.add(task)
                task.add_done_callback(self._copies.discard)

    async def _mirror(self, errand: Errand) -> None:
        endpoint = self._next(errand.backend, None)
        if endpoint is None:
            errand.count.add("upstream_cx_none_healthy")
            return
        url, headers = URL(endpoint.url + errand.target, encoded=True), _passed_on(errand.request.headers)
        with self._pools.lease(endpoint) as session, suppress(aiohttp.ClientError, TimeoutError):
            async with session.request(errand.request.method, url, headers=headers, data=errand.body) as answer:
                await answer.read()
                errand.count.answered(answer.status)
        errand.count.add("upstream_rq_total")

    async def _forward(self, errand: Errand) -> web.StreamResponse:
        """At most two attempts, the second only if the first sent nothing."""
        failed: Endpoint | None = None
        for _ in range(2):
            endpoint = self._next(errand.backend, failed)
            if endpoint is None:
                errand.count.add("upstream_cx_none_healthy")
                return _counted(
                    errand, 503, f"no healthy upstream: no Pod of Service {errand.backend.service} is ready"
                )
            if failed:
                errand.count.add("upstream_rq_retry")
            try:
                return await self._exchange(errand, endpoint)
            except COULD_NOT_CONNECT:
                errand.count.add("upstream_cx_connect_fail")
                failed = endpoint
        return _counted(
            errand, 503, f"upstream connect error: no Pod of Service {errand.backend.service} took the call"
        )

    def _next(self, backend: Backend, failed: Endpoint | None) -> Endpoint | None:
        endpoints = self._view.endpoints(backend.namespace, backend.service)
        return self._turns.next(backend.cluster, endpoints, avoid=failed)

    async def _exchange(self, errand: Errand, endpoint: Endpoint) -> web.StreamResponse:
        """One request to one Pod. Whatever goes wrong once it is connected is an answer of 503 or 504."""
        began = time.monotonic()
        with self._pools.lease(endpoint) as session:
            try:
                async with session.request(
                    errand.request.method,
                    URL(endpoint.url + errand.target, encoded=True),
                    headers=_passed_on(errand.request.headers),
                    data=_stream(errand.request) if errand.body is None else errand.body or None,
                    allow_redirects=False,
                ) as answer:
                    response: web.StreamResponse = await _deliver(errand, answer)
            except COULD_NOT_CONNECT:
                raise
            except TimeoutError:
                response = _counted(errand, 504, "upstream request timeout")
            except aiohttp.ClientError as error:
                response = _counted(errand, 503, f"upstream reset before its answer began: {type(error).__name__}")
            else:
                errand.count.took((time.monotonic() - began) * 1000)
        errand.count.add("upstream_rq_total")
        return response


async def _deliver(errand: Errand, answer: aiohttp.ClientResponse) -> web.StreamResponse:
    """The Pod's answer on its way to the client: small ones whole, others as they come."""
    headers = _passed_on(answer.headers)
    headers.update(errand.backend.headers)
    size = answer.content_length
    if size is not None and size <= SMALL and errand.request.method != "HEAD":
        body = await answer.read()
        errand.count.answered(answer.status)
        headers.pop("Content-Length", None)
        return web.Response(status=answer.status, reason=answer.reason, headers=headers, body=body)
    errand.count.answered(answer.status)
    response = web.StreamResponse(status=answer.status, reason=answer.reason, headers=headers)
    try:
        await response.prepare(errand.request)
        async for chunk in answer.content.iter_any():
            await response.write(chunk)
        await response.write_eof()
    except (aiohttp.ClientError, ConnectionError, TimeoutError):
        # One side has gone in the middle; a cut connection is the only way left to tell the other.
        if errand.request.transport:
            errand.request.transport.abort()
    return response


async def _stream(request: web.BaseRequest) -> AsyncIterator[bytes]:
    async for chunk in request.content.iter_any():
        yield chunk


def _passed_on(headers: Mapping[str, str]) -> CIMultiDict[str]:
    return CIMultiDict((name, value) for name, value in headers.items() if name.lower() not in HOP_BY_HOP)


def _counted(errand: Errand, status: int, message: str) -> web.Response:
    errand.count.answered(status)
    return _refusal(status, message)


def _refusal(status: int, message: str) -> web.Response:
    return web.Response(status=status, text=f"{message}\n")
