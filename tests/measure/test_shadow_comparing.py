"""The Job that compares asks two real servers the same copy."""

import asyncio
import gzip
import io
import json
import math
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from kanaria.cli.shadow import told
from kanaria.judge.comparison import Look
from kanaria.measure.shadow import AT_ONCE, Comparing, alike
from kanaria.strategies.shadow import Shadow

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


def answering(predict: Callable[[Any], Any], status: int = 200) -> Handler:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        document = json.loads(await request.read())
        return web.json_response({"id": str(id(request)), "outputs": predict(document["x"])}, status=status)

    return answer


@asynccontextmanager
async def served(handler: Handler | web.Server) -> AsyncIterator[str]:
    server = handler if isinstance(handler, web.Server) else web.Server(handler, access_log=None)
    runner = web.ServerRunner(server, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def seen(stable: Handler, candidate: Handler, count: int = 4, **fields: Any) -> Look:
    """What is counted of so many copies."""
    async with served(stable) as one, served(candidate) as other, aiohttp.ClientSession() as session:
        comparison = Comparing(Shadow.model_validate(fields), one, other)
        for number in range(count):
            body = json.dumps({"x": number}).encode()
            await comparison.compare(session, "/v2/models/wine/infer?a=%20b", {"X-Team": "a"}, body)
        return comparison.result()


def doubled(x: float) -> list[float]:
    return [x * 2]


@pytest.mark.parametrize(
    ("stable", "candidate", "look"),
    [
        pytest.param(answering(doubled), answering(doubled), Look(compared=4), id="the same answers"),
        pytest.param(answering(doubled), answering(lambda x: [x * 2 if x < 3 else 0]), Look(4, 1), id="one differs"),
        pytest.param(answering(doubled), answering(doubled, 500), Look(4, 4, 4), id="the candidate fails"),
        pytest.param(answering(doubled, 400), answering(doubled), Look(left_out=4), id="stable refuses them"),
    ],
)
async def test_answers_are_compared_and_what_names_each_answer_is_not(stable: Handler, candidate: Handler, look: Look):
    assert await seen(stable, candidate) == look


async def test_scores_are_counted_beside():
    look = await seen(answering(doubled), answering(doubled), 120, score="$.outputs[0]", maxPsi=0.2)

    assert (look.compared, sum(look.stable_scores), look.stable_scores) == (120, 120, look.candidate_scores)
    assert look.p99 is not None


async def test_a_candidate_that_is_not_there_has_failed():
    async with served(answering(doubled)) as stable, aiohttp.ClientSession() as session:
        comparison = Comparing(Shadow(), stable, "http://127.0.0.1:9")
        await comparison.compare(session, "/", {}, b'{"x": 1}')

    assert comparison.seen == Look(1, 1, 1)


async def test_path_headers_and_body_reach_both():
    arrived: list[tuple[str, str, str, bytes]] = []

    async def note(request: web.BaseRequest) -> web.StreamResponse:
        headers = request.headers
        arrived.append((request.raw_path, headers["X-Team"], headers.get("X-B", ""), await request.read()))
        return web.json_response({})

    await seen(note, note, 1)

    assert arrived == [("/v2/models/wine/infer?a=%20b", "a", "", b'{"x": 0}')] * 2


async def test_copies_are_taken_at_once_and_no_more_than_can_be_asked_about():
    shadow, free = Shadow(duration="1s"), asyncio.Event()

    async def slow(_: web.BaseRequest) -> web.StreamResponse:
        await free.wait()
        return web.json_response({})

    async with served(slow) as url, aiohttp.ClientSession() as session:
        comparison = Comparing(shadow, url, url)
        async with served(lambda request: comparison.taken(session, request)) as taker:
            for _ in range(AT_ONCE + 6):
                async with session.post(taker, data=b"{}") as answer:
                    assert answer.status == 202
            async with session.get(taker) as answer:
                assert answer.status == 202
            free.set()
            await asyncio.gather(*comparison.under_way)

    assert comparison.result() == Look(compared=AT_ONCE, left_out=6)


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        pytest.param(b'{"x": [' + b"0, " * 700_000 + b"0]}", {}, id="a picture of 2 MB"),
        pytest.param(gzip.compress(b'{"x": 1}'), {"Content-Encoding": "gzip"}, id="compressed"),
    ],
)
async def test_a_copy_arrives_as_it_was_sent(body: bytes, headers: dict[str, str]):
    arrived: list[tuple[bytes, str | None]] = []

    async def note(request: web.BaseRequest) -> web.StreamResponse:
        arrived.append((await request.content.read(), request.headers.get("Content-Encoding")))
        return web.json_response({})

    model = web.Server(note, access_log=None, auto_decompress=False)
    async with served(model) as url, aiohttp.ClientSession() as session:
        comparison = Comparing(Shadow(), url, url)
        async with served(comparison.receiving(session)) as taker:
            async with session.post(taker, data=io.BytesIO(body), headers=headers) as answer:
                assert answer.status == 202
            await asyncio.gather(*comparison.under_way)

    assert arrived == [(body, headers.get("Content-Encoding"))] * 2
    assert comparison.result() == Look(compared=1)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        pytest.param({"a": [1, 2.0]}, {"a": [1.0000001, 2]}, True, id="numbers that are near"),
        pytest.param([1], [1.1], False, id="numbers that are not"),
        pytest.param([1], [1, 1], False, id="more of them"),
        pytest.param([math.nan], [math.nan], True, id="neither is a number"),
        pytest.param([math.nan], [1], False, id="one is no number"),
        pytest.param({"a": 1}, {"b": 1}, False, id="other names"),
        pytest.param(True, 1, False, id="a truth is no number"),
        pytest.param("red", "red", True, id="words"),
        pytest.param(None, 0, False, id="nothing is not zero"),
    ],
)
def test_what_is_alike(one: Any, other: Any, same: bool):  # noqa: FBT001 - a column of the table
    assert alike(one, other, 1e-6) is same


def test_the_program_says_what_it_was_not_told():
    with pytest.raises(KeyError, match="KANARIA_SHADOW"):
        told({})
