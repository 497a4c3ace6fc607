"""A preflight asks real servers: golden requests, the contract, and a load."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from kanaria.cli.preflight import told
from kanaria.engines.preflight import Preflight
from kanaria.measure.preflight import Result, fly
from kanaria.vocabulary import Verdict

METADATA = {"inputs": [{"name": "x", "datatype": "FP32"}], "outputs": [{"name": "y", "datatype": "INT64"}]}
GOLDEN = {"name": "golden", "path": "/infer", "body": {"x": 1}, "expect": {"jsonPath": "$.y[0]", "equals": "2"}}


async def answer(request: web.Request) -> web.StreamResponse:
    match request.path:
        case "/infer":
            return web.json_response({"y": [(await request.json())["x"] * 2]})
        case "/v2/models/wine":
            return web.json_response(METADATA)
        case "/slow":
            await asyncio.sleep(0.05)
            return web.json_response({})
        case "/hangs-up":
            assert request.transport
            request.transport.abort()
    return web.Response(status=500, text="the model raised")


@pytest.fixture
async def server() -> AsyncIterator[str]:
    runner = web.ServerRunner(web.Server(answer, access_log=None), shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def flown(url: str, **spec: Any) -> Result:
    return await fly(Preflight.model_validate(spec), url)


@pytest.mark.parametrize(
    ("spec", "verdict", "evidence"),
    [
        pytest.param({"requests": [GOLDEN]}, "Passed", "1 golden request as expected", id="as expected"),
        pytest.param(
            {"requests": [{**GOLDEN, "body": {"x": 2}}]},
            "Failed",
            "golden: $.y[0] is 4 where 2 is expected",
            id="another value",
        ),
        pytest.param(
            {"requests": [{"name": "raises", "path": "/nowhere"}]},
            "Failed",
            "raises: answered 500 where 200 is expected",
            id="a server that fails",
        ),
        pytest.param(
            {"requests": [{"name": "cut", "path": "/hangs-up"}]},
            "Failed",
            "cut: answered 503 where 200 is expected",
            id="a server that hangs up",
        ),
        pytest.param(
            {"contract": {"path": "/v2/models/wine", "inputs": [{"name": "x", "datatype": "FP32"}]}},
            "Passed",
            "the contract as expected",
            id="a kept contract",
        ),
        pytest.param(
            {"contract": {"path": "/v2/models/wine", "outputs": [{"name": "y", "datatype": "FP32"}, {"name": "z"}]}},
            "Failed",
            "contract: y of the model's outputs is INT64 where FP32 is expected; "
            "contract: the model's outputs are y, and z is not among them",
            id="a broken contract",
        ),
        pytest.param(
            {"contract": {"path": "/v1"}}, "Failed", "contract: /v1 answered 500", id="a server that tells no metadata"
        ),
    ],
)
async def test_what_is_asked_and_what_it_comes_to(server: str, spec: dict[str, Any], verdict: str, evidence: str):
    assert await flown(server, **spec) == Result(Verdict(verdict), evidence)


@pytest.mark.parametrize(
    ("path", "p99", "verdict", "evidence"),
    [
        pytest.param("/slow", "20s", "Passed", "ms at 50 requests a second (10 requests)", id="fast enough"),
        pytest.param("/slow", "20ms", "Failed", "(10 requests), where 20ms is allowed", id="too slow"),
    ],
)
async def test_a_load(server: str, path: str, p99: str, verdict: str, evidence: str):
    load = {"qps": 50, "duration": "200ms", "p99": p99}

    result = await flown(server, requests=[{"name": "r", "path": path}], load=load)

    assert (result.verdict, evidence in result.evidence) == (verdict, True), result.evidence


async def test_servers_that_cannot_be_reached_are_not_failed_by_it():
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{held.getsockname()[1]}"

        result = await flown(url, requests=[GOLDEN])

    assert (result.verdict, "cannot be asked" in result.evidence) == (Verdict.UNMEASURED, True)


async def test_the_job_tells_its_verdict_as_json(server: str):
    asked = {"KANARIA_PREFLIGHT": json.dumps({"requests": [GOLDEN]}), "KANARIA_PREFLIGHT_URL": server}

    said = json.loads(await asyncio.to_thread(told, asked))

    assert said == {"verdict": "Passed", "evidence": "1 golden request as expected"}
