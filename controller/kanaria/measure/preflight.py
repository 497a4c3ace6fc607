"""How a candidate is asked before it gets any traffic: what the preflight's Job does."""

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import cycle
from typing import Any

import aiohttp

from kanaria.engines.preflight import GoldenRequest, Load, Preflight
from kanaria.vocabulary import Verdict
from kanaria.vocabulary.durations import duration_of

PATIENCE = 30.0
"""Seconds that an answer may take."""
TOLD = 5
"""So many faults are told; more would not be read."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a preflight came to."""

    verdict: Verdict
    evidence: str


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, and after how many seconds it was there."""

    status: int
    body: Any
    seconds: float


async def fly(preflight: Preflight, url: str) -> Result:
    """Ask the servers at the address; whatever keeps them from being asked is no fault of the candidate."""
    timeout = aiohttp.ClientTimeout(total=PATIENCE)
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(timeout=timeout, connector=connector) as session:
        try:
            faults = [*await _contract(session, url, preflight), *await _golden(session, url, preflight.requests)]
            if faults:
                return Result(Verdict.FAILED, "; ".join(faults[:TOLD]))
            said = [_passed(preflight)]
            if preflight.load is not None:
                measured = await _load(session, url, preflight.requests, preflight.load)
                if measured.verdict is Verdict.FAILED:
                    return measured
                said.append(measured.evidence)
            return Result(Verdict.PASSED, "; ".join(said))
        except (aiohttp.ClientConnectionError, OSError) as error:
            return Result(Verdict.UNMEASURED, f"{url} cannot be asked: {str(error) or type(error).__name__}")


def _passed(preflight: Preflight) -> str:
    number = len(preflight.requests)
    requests = f"{number} golden request{'' if number == 1 else 's'}" if number else ""
    parts = [requests, "the contract" if preflight.contract is not None else ""]
    return f"{' and '.join(filter(None, parts))} as expected"


async def _contract(session: aiohttp.ClientSession, url: str, preflight: Preflight) -> list[str]:
    contract = preflight.contract
    if contract is None:
        return []
    answer = await _ask(session, url, GoldenRequest(name="contract", path=contract.path))
    if answer.status != 200:
        return [f"contract: {contract.path} answered {answer.status}"]
    return [f"contract: {fault}" for fault in contract.faults(answer.body)]


async def _golden(session: aiohttp.ClientSession, url: str, requests: Sequence[GoldenRequest]) -> list[str]:
    faults = []
    for request in requests:
        fault = _fault(request, await _ask(session, url, request))
        if fault:
            faults.append(f"{request.name}: {fault}")
    return faults


def _fault(request: GoldenRequest, answer: Answer) -> str:
    return request.expect.fault(answer.status, answer.body)


async def _load(session: aiohttp.ClientSession, url: str, requests: Sequence[GoldenRequest], load: Load) -> Result:
    """Requests at their times, whether those before were answered or not: a slow server does not slow the clock."""
    loop, tasks, turn = asyncio.get_running_loop(), [], cycle(requests)
    began, count = loop.time(), math.ceil(duration_of(load.duration).total_seconds() * load.qps)
    for number in range(count):
        await asyncio.sleep(max(0.0, began + number / load.qps - loop.time()))
        request = next(turn)
        tasks.append((request, asyncio.ensure_future(_ask(session, url, request))))
    answers = [(request, await task) for request, task in tasks]
    wrong = sum(bool(_fault(request, answer)) for request, answer in answers)
    return _weighed(load, sorted(answer.seconds for _, answer in answers), wrong)


def _weighed(load: Load, seconds: Sequence[float], wrong: int) -> Result:
    """What the load showed."""
    count = len(seconds)
    p99 = timedelta(seconds=seconds[math.ceil(count * 0.99) - 1])
    rate = f"at {load.qps} requests a second ({count:,} requests)"
    if wrong * 100 > load.max_error_percent * count:
        allowed = f"{load.max_error_percent:g} %"
        return Result(Verdict.FAILED, f"load: {wrong:,} answers were not as expected {rate}; {allowed} may be")
    told = f"load: 99 % were answered within {p99.total_seconds() * 1000:.0f} ms {rate}"
    if p99 > duration_of(load.p99):
        return Result(Verdict.FAILED, f"{told}, where {load.p99} is allowed")
    return Result(Verdict.PASSED, told)


async def _ask(session: aiohttp.ClientSession, url: str, request: GoldenRequest) -> Answer:
    """One answer; a server that hangs up, or does not answer in time, has answered 503 or 504 as a gateway would."""
    loop = asyncio.get_running_loop()
    began, method = loop.time(), "GET" if request.body is None else "POST"
    try:
        async with session.request(method, url.rstrip("/") + request.path, json=request.body) as response:
            body: Any = await _body(response)
            return Answer(response.status, body, loop.time() - began)
    except TimeoutError:
        return Answer(504, None, loop.time() - began)
    except aiohttp.ServerDisconnectedError:
        return Answer(503, None, loop.time() - began)


async def _body(response: aiohttp.ClientResponse) -> Any:
    try:
        return await response.json(content_type=None)
    except ValueError:
        return None
