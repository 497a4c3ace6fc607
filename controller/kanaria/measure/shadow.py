"""How both models are asked the same copy of a request, and their answers compared: what the shadow's Job does."""

import asyncio
import io
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import aiohttp
from aiohttp import web
from yarl import URL

from kanaria.judge.comparison import TIMED_MIN, Look, binned
from kanaria.strategies.shadow import Shadow
from kanaria.vocabulary.durations import duration_of
from kanaria.vocabulary.json_path import value_at

PATIENCE = 30.0
"""Seconds that an answer may take."""
AT_ONCE = 64
"""So many copies are asked about at a time; what comes meanwhile is left out, so that a slow model is not flooded."""
KEPT = 50_000
"""Scores kept of a look."""
_NOT_PASSED_ON = {
    "accept-encoding", "connection", "content-length", "expect", "host", "keep-alive", "proxy-authenticate",
    "proxy-authorization", "te", "trailer", "transfer-encoding", "upgrade",
}  # fmt: skip
_NOTHING = object()


@dataclass(frozen=True, slots=True)
class Answer:
    """One model's answer: its body where that is JSON, and after how many seconds it was there."""

    status: int
    body: Any
    seconds: float

    @property
    def is_good(self) -> bool:
        """Whether it is an answer that can be compared."""
        return 200 <= self.status < 300


@dataclass(slots=True)
class Comparing:
    """The copies of one look."""

    shadow: Shadow
    stable: str
    candidate: str
    edges: tuple[float, ...] = ()
    seen: Look = field(default_factory=Look)
    seconds: list[float] = field(default_factory=list)
    scores: list[tuple[float, float]] = field(default_factory=list)
    under_way: set["asyncio.Task[None]"] = field(default_factory=set)

    async def look(self, host: str | None, port: int) -> Look:
        """Compare what comes to this address for as long as a look takes."""
        async with aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=PATIENCE), connector=aiohttp.TCPConnector(limit=0)
        ) as session:
            runner = web.ServerRunner(self.receiving(session))
            await runner.setup()
            try:
                await web.TCPSite(runner, host, port).start()
                await asyncio.sleep(duration_of(self.shadow.duration).total_seconds())
            finally:
                await runner.cleanup()
            await asyncio.gather(*self.under_way)
        return self.result()

    def receiving(self, session: aiohttp.ClientSession) -> web.Server:
        """Who takes the copies: a body is passed on as it came, compressed or not."""
        return web.Server(lambda request: self.taken(session, request), access_log=None, auto_decompress=False)

    async def taken(self, session: aiohttp.ClientSession, request: web.BaseRequest) -> web.Response:
        """A copy of a request: whoever sent it throws the answer away, so it is not kept waiting."""
        body = await request.content.read()  # request.read() takes no more than 1 MiB
        if request.method == "POST" and len(self.under_way) < AT_ONCE:
            headers = {name: value for name, value in request.headers.items() if name.lower() not in _NOT_PASSED_ON}
            task = asyncio.create_task(self.compare(session, request.raw_path, headers, body))
            self.under_way.add(task)
            task.add_done_callback(self.under_way.discard)
        elif request.method == "POST":
            self._count(left_out=1)
        return web.Response(status=202)

    async def compare(self, session: aiohttp.ClientSession, path: str, headers: Mapping[str, str], body: bytes) -> None:
        """Ask both, and count whether they agree."""
        stable, candidate = await asyncio.gather(
            *(_ask(session, f"{url.rstrip('/')}{path}", headers, body) for url in (self.stable, self.candidate))
        )
        wanted = predicted(stable.body, self.shadow.prediction) if stable.is_good else _NOTHING
        if wanted is _NOTHING:
            self._count(left_out=1)
            return
        self.seconds.append(candidate.seconds)
        found = predicted(candidate.body, self.shadow.prediction) if candidate.is_good else _NOTHING
        agree = found is not _NOTHING and alike(wanted, found, self.shadow.tolerance)
        self._count(compared=1, differing=int(not agree), candidate_errors=int(not candidate.is_good))
        pair = (_score(stable.body, self.shadow.score), _score(candidate.body, self.shadow.score))
        if pair[0] is not None and pair[1] is not None and len(self.scores) < KEPT:
            self.scores.append((pair[0], pair[1]))

    def result(self) -> Look:
        """What was seen."""
        scores = binned([one for one, _ in self.scores], [other for _, other in self.scores], self.edges)
        ordered = sorted(self.seconds)
        late = ordered[math.ceil(len(ordered) * 0.99) - 1] * 1000 if len(ordered) >= TIMED_MIN else None
        return replace(
            self.seen,
            edges=scores.edges,
            stable_scores=scores.stable_scores,
            candidate_scores=scores.candidate_scores,
            p99=round(late, 1) if late is not None else None,
        )

    def _count(self, **more: int) -> None:
        self.seen = replace(self.seen, **{name: getattr(self.seen, name) + count for name, count in more.items()})


def predicted(body: Any, path: str | None) -> Any:
    """What of an answer is compared: what stands at the path, else its outputs, its predictions, or all of it."""
    if path is None:
        return body.get("outputs", body.get("predictions", body)) if isinstance(body, Mapping) else body
    try:
        return value_at(body, path)
    except ValueError:
        return _NOTHING


def alike(one: Any, other: Any, tolerance: float) -> bool:
    """Whether two JSON values are the same, but for what numbers may differ."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, int | float) and isinstance(other, int | float):
        return _near(one, other, tolerance)
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(alike(value, other[key], tolerance) for key, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(alike(*pair, tolerance) for pair in zip(one, other, strict=True))
    return bool(one == other)


def _near(one: float, other: float, tolerance: float) -> bool:
    """Whether two numbers agree, as they do where neither is one (NaN)."""
    if math.isnan(one) or math.isnan(other):
        return math.isnan(one) and math.isnan(other)
    return one == other or math.isclose(one, other, rel_tol=tolerance, abs_tol=tolerance)


def edges_of(text: str) -> tuple[float, ...]:
    """The bins of earlier looks, as the Job is told them."""
    found: Sequence[float] = json.loads(text) if text else ()
    return tuple(float(each) for each in found)


def _score(body: Any, path: str | None) -> float | None:
    value = predicted(body, path) if path is not None else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) else None


async def _ask(session: aiohttp.ClientSession, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
    loop = asyncio.get_running_loop()
    began, status, said = loop.time(), 503, None
    try:
        sent = session.post(URL(url, encoded=True), headers=headers, data=io.BytesIO(body), allow_redirects=False)
        async with sent as answer:
            status, said = answer.status, await _json(answer)
    except TimeoutError:
        status = 504
    except (aiohttp.ClientError, OSError):
        status = 503
    return Answer(status, said, loop.time() - began)


async def _json(answer: aiohttp.ClientResponse) -> Any:
    try:
        return await answer.json(content_type=None)
    except ValueError:
        return (await answer.read()).hex()  # not JSON: compared byte by byte
