"""How PromQL is asked: instant queries, of both arms at one moment, each of which must give one number."""

import asyncio
import json
import math
import ssl
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import aiohttp

from kanaria.measure.counters import DEADLINE, MetricsError
from kanaria.measure.servers import MetricServer
from kanaria.vocabulary import Counters, CountersQueried, Measurement, QueriesAsked, Selected, SeriesCount

LONGEST = 1 << 20
"""Of an answer more than this is not read: one number is asked for."""
Found = tuple[float | None, str]
"""A number, or why there is none."""


class MetricServers:
    """The servers that the platform team configured, good until its `async with` ends."""

    def __init__(self, servers: Iterable[MetricServer], now: Callable[[], datetime]) -> None:
        self._servers: Mapping[str, MetricServer] = {server.name: server for server in servers}
        self._now = now
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=DEADLINE))
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session:
            await self._session.close()

    async def measure(self, question: QueriesAsked) -> Measurement:
        """The numbers of the arms that are asked for, as they were at one moment.

        Raises:
            MetricsError: if the server cannot be had, or refuses a query.
        """
        server = self._server(question.server)
        at = self._now()
        asked = (self._number(server, question.namespace, each, at) for each in (question.candidate, question.stable))
        (value, trouble), (baseline, other) = await asyncio.gather(*asked)
        return Measurement(at, value, baseline, trouble or (f"of the stable model {other}" if other else ""))

    async def counters(self, question: CountersQueried) -> Counters:
        """The counts of both arms by the Pod that counts, as they were at one moment.

        Raises:
            MetricsError: if the server cannot be had, or refuses a query.
        """
        server, at = self._server(question.server), self._now()
        arms = (self._counts(server, question.namespace, arm, at) for arm in (question.candidate, question.stable))
        candidate, stable = await asyncio.gather(*arms)
        return Counters(at, candidate, stable)

    def _server(self, name: str) -> MetricServer:
        server = self._servers.get(name)
        if server is None:
            known = ", ".join(sorted(self._servers)) or "none"
            raise MetricsError(
                f"no metric server is called {name!r} (there: {known}); name another in serverRef, or ask the platform "
                "team for it"
            )
        return server

    async def _number(self, server: MetricServer, namespace: str, query: str, at: datetime) -> Found:
        if not query:
            return None, ""
        body = await self._asked(server, namespace, query, at)
        if body is None:
            return None, "the query gives far more than one number; aggregate it, e.g. by sum(…)"
        return _number(body)

    async def _counts(
        self, server: MetricServer, namespace: str, arm: Selected, at: datetime
    ) -> Mapping[str, SeriesCount]:
        """Of each Pod how many requests it counted, and how many of them bad."""
        wanted = (arm.total, arm.bad, arm.good)
        asked = (self._by_pod(server, namespace, each, at) for each in wanted)
        total, bad, good = await asyncio.gather(*asked)
        if not arm.total:
            total = {pod: good.get(pod, 0) + bad.get(pod, 0) for pod in {*good, *bad}}
        if not arm.bad:
            bad = {pod: max(count - good.get(pod, 0), 0) for pod, count in total.items()}
        return {pod: SeriesCount(count, bad.get(pod, 0)) for pod, count in total.items()}

    async def _by_pod(self, server: MetricServer, namespace: str, selector: str, at: datetime) -> Mapping[str, int]:
        """The counters of each Pod, summed: a Pod's are reset together, and a status that is new is no new series."""
        if not selector:
            return {}
        data = await self._asked(server, namespace, f"sum by (pod, instance) ({selector})", at)
        if data is None:
            raise MetricsError(f"metric server {server.name} knows too many Pods of {selector}")
        return _counted(data)

    async def _asked(self, server: MetricServer, namespace: str, query: str, at: datetime) -> Mapping[str, Any] | None:
        """What stands under `data` of the answer; None where the answer has no end."""
        if self._session is None:
            raise RuntimeError("a query was asked of MetricServers outside of its `async with`")
        form = {"query": query, "time": f"{at.timestamp():.3f}"}
        if server.namespace_parameter:
            form[server.namespace_parameter] = namespace
        try:
            async with self._session.post(
                f"{server.url}/api/v1/query",
                data=form,
                headers=_headers(server, namespace),
                ssl=_trust(server),
                allow_redirects=False,  # the token is for this server
            ) as answer:
                body = await _body(answer)
                return _data(server, answer.status, body) if len(body) <= LONGEST else None
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise MetricsError(f"metric server {server.name} cannot be reached: {type(error).__name__}") from error


async def _body(answer: aiohttp.ClientResponse) -> bytes:
    """The body, or as much of it as shows that it is too long."""
    body = b""
    async for chunk in answer.content.iter_chunked(1 << 16):
        body += chunk
        if len(body) > LONGEST:
            break
    return body


def _headers(server: MetricServer, namespace: str) -> dict[str, str]:
    headers = {}
    if server.bearer_token_file is not None:
        headers["Authorization"] = f"Bearer {_read(server, server.bearer_token_file).strip()}"
    if server.namespace_header:
        headers[server.namespace_header] = namespace
    return headers


def _read(server: MetricServer, path: Path) -> str:
    try:
        return path.read_text()
    except OSError as error:
        raise MetricsError(f"the token of metric server {server.name} cannot be read: {error.strerror}") from error


def _trust(server: MetricServer) -> ssl.SSLContext | bool:
    if server.ca_file is None:
        return True
    try:
        return ssl.create_default_context(cafile=server.ca_file)
    except (OSError, ssl.SSLError) as error:
        raise MetricsError(f"the caFile of metric server {server.name} cannot be used: {error}") from error


def _data(server: MetricServer, status: int, body: bytes) -> Mapping[str, Any]:
    """What stands under `data` of the answer."""
    try:
        document = json.loads(body)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        document = {}
    if status == 200 and document.get("status") == "success" and isinstance(document.get("data"), dict):
        data: Mapping[str, Any] = document["data"]
        return data
    if status in {401, 403}:
        raise MetricsError(f"metric server {server.name} answered {status}: it does not let the operator ask this")
    said = str(document.get("error") or "no answer that Prometheus would give")[:300]
    raise MetricsError(f"metric server {server.name} answered {status}: {said}")


def _number(data: Mapping[str, Any]) -> Found:
    """The one number of an instant query's result."""
    kind, result = data.get("resultType"), data.get("result")
    if kind == "scalar" and isinstance(result, list):
        return _finite(result)
    if kind != "vector" or not isinstance(result, list):
        return None, f"the query gives a {kind}, not one number"
    if not result:
        return None, "the query finds no data"
    if len(result) > 1:
        return None, f"the query gives {len(result)} series; aggregate them, e.g. by sum(…)"
    return _finite(result[0].get("value", ()))


def _finite(sample: Any) -> Found:
    try:
        value = float(sample[1])
    except (IndexError, TypeError, ValueError):
        return None, "the query gives no number"
    return (value, "") if math.isfinite(value) else (None, f"the query gives {sample[1]}, which is no number")


def _counted(data: Mapping[str, Any]) -> Mapping[str, int]:
    """The counts of a vector, by Pod and target."""
    found: dict[str, int] = {}
    for series in data.get("result", ()):
        value, _ = _finite(series.get("value", ()))
        if value is not None:
            labels = series.get("metric", {})
            found[f"{labels.get('pod', '')}/{labels.get('instance', '')}"] = int(value)
    return found
