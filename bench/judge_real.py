"""Do real requests lead the judge to the same verdicts as simulated ones? Sixty canaries at once, on real connections.

    python bench/judge_real.py [--each 20] [--minutes 12] [--base 0.2] [--weight 50]

Model servers that fail at a set rate, the local cluster's router before them, requests of sixteen clients over HTTP,
and of the product its reader of the router's counters and its judge, with the dispersion it measures. A third of the
candidates is as good as stable, a third fails twice, a third three times as often. What the router has counted is
all that the judge knows.
"""

import argparse
import asyncio
import random
import statistics
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

import aiohttp
from aiohttp import web

from kanaria.cluster.clock import Clock
from kanaria.judge.counts import Window, arms_between, not_comparable
from kanaria.judge.evidence import Evidence, nothing_seen, observe
from kanaria.judge.interval import ratio_interval
from kanaria.judge.sequential import SequentialTest, verdict
from kanaria.judge.usual import NOTHING_USUAL, Usual, watch_usual
from kanaria.local.router.counters import Counters as RouterCounters
from kanaria.local.router.endpoints import Endpoint
from kanaria.local.router.pools import Pools
from kanaria.local.router.proxy import Proxy
from kanaria.local.router.routes import Table, table_of
from kanaria.measure.counters import Scrapes
from kanaria.serving.naming import CANDIDATE_PLACE, MAIN_PLACE, cluster_name
from kanaria.sources.counter import Counter
from kanaria.vocabulary import Counters, ObjectName, Verdict

EVERY = timedelta(seconds=5)
TEST = SequentialTest(promote_below=2.0)
SOURCE = Counter.model_validate({"interval": "5s"})
CLIENTS = 16
NAMESPACE = "bench"


@dataclass
class Canary:
    name: str
    ratio: int
    before: Counters | None = None
    evidence: Evidence = field(default_factory=lambda: nothing_seen(TEST.grid))
    usual: Usual = NOTHING_USUAL
    found: Verdict = Verdict.INCONCLUSIVE
    after: float = 0.0

    def reads(self, now: Counters, since: float) -> None:
        """One more reading of the router's page, and what it proves."""
        before, self.before = self.before, now
        if before is None:
            return
        window = arms_between(before, now, changed=before.at)
        if not isinstance(window, Window):
            return
        arrived = window.candidate.total + window.stable.total
        self.usual = watch_usual(self.usual, EVERY.total_seconds(), arrived, window.stable)
        if not_comparable(window) is None:
            self.evidence = observe(self.evidence, window)
        self.found = verdict(self.evidence, replace(TEST, dispersion=self.usual.dispersion.value)).verdict
        self.after = time.monotonic() - since


@dataclass
class View:
    """What the router knows: a route for each canary."""

    table: Table
    pods: dict[str, tuple[Endpoint, ...]]

    def endpoints(self, _namespace: str, service: str) -> tuple[Endpoint, ...]:
        return self.pods.get(service, ())


@asynccontextmanager
async def serving(handler: web.Server) -> AsyncIterator[int]:
    runner = web.ServerRunner(handler, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()


def model_server(rate: float, seed: int) -> web.Server:
    chance = random.Random(seed)  # noqa: S311 - which answers fail, no secret

    async def answer(request: web.BaseRequest) -> web.Response:
        await request.read()
        failed = chance.random() < rate
        return web.json_response(
            {"error": "the model raised"} if failed else {"outputs": []}, status=500 * failed or 200
        )

    return web.Server(answer, access_log=None)


def route(canary: Canary, weight: int) -> dict[str, object]:
    refs = [{"name": "stable", "weight": 100 - weight}, {"name": f"x{canary.ratio}", "weight": weight}]
    return {"metadata": {"name": canary.name, "namespace": NAMESPACE}, "spec": {"rules": [{"backendRefs": refs}]}}


async def client(session: aiohttp.ClientSession, url: str, canaries: list[Canary], first: int) -> None:
    """Requests to all canaries without a verdict, in turns."""
    turn = first
    while undecided := [each for each in canaries if each.found is Verdict.INCONCLUSIVE]:
        canary = undecided[turn % len(undecided)]
        turn += 1
        async with session.post(f"{url}/serving/{NAMESPACE}/{canary.name}/v2/models/m/infer", data=b"{}") as answer:
            await answer.read()


async def judge(url: str, canaries: list[Canary], minutes: float) -> None:
    start, clock = time.monotonic(), Clock()
    async with Scrapes(clock.now) as scrapes:
        while time.monotonic() < start + 60 * minutes:
            await asyncio.sleep(EVERY.total_seconds())
            for canary in canaries:
                if canary.found is Verdict.INCONCLUSIVE:
                    name = ObjectName(NAMESPACE, canary.name)
                    arms = (cluster_name(name, place) for place in (CANDIDATE_PLACE, MAIN_PLACE))
                    canary.reads(await scrapes.counters(SOURCE.ask(f"{url}/stats/prometheus", *arms)), start)
            if all(canary.found is not Verdict.INCONCLUSIVE for canary in canaries):
                return


async def run(asked: argparse.Namespace) -> list[Canary]:
    canaries = [Canary(f"c{ratio}-{n}", ratio) for ratio in (1, 2, 3) for n in range(asked.each)]
    async with AsyncExitStack() as stack:
        ports = {"stable": await stack.enter_async_context(serving(model_server(asked.base, 1)))}
        for ratio in (1, 2, 3):
            server = model_server(asked.base * ratio, 10 + ratio)
            ports[f"x{ratio}"] = await stack.enter_async_context(serving(server))
        pods = {name: (Endpoint(name, "127.0.0.1", port),) for name, port in ports.items()}
        view = View(table_of([route(canary, asked.weight) for canary in canaries]), pods)
        pools = Pools()
        stack.push_async_callback(pools.close)
        proxy = Proxy(view, RouterCounters(), pools, random.Random(asked.seed).random)  # noqa: S311 - shares of traffic
        url = f"http://127.0.0.1:{await stack.enter_async_context(serving(web.Server(proxy.handle, access_log=None)))}"
        session = await stack.enter_async_context(aiohttp.ClientSession())
        clients = [asyncio.create_task(client(session, url, canaries, n)) for n in range(CLIENTS)]
        await judge(url, canaries, asked.minutes)
        for task in clients:
            task.cancel()
        await asyncio.gather(*clients, return_exceptions=True)
    return canaries


def told(canaries: list[Canary], asked: argparse.Namespace, seconds: float) -> None:
    everything = sum(c.evidence.candidate.total + c.evidence.stable.total for c in canaries)
    print(f"{len(canaries)} canaries, stable fails {100 * asked.base:g} %, weight {asked.weight} %, windows of 5 s")
    print(f"{everything:,} requests counted in {seconds:.0f} s, {everything / seconds:.0f} a second; seed {asked.seed}")
    for ratio in (1, 2, 3):
        group = [canary for canary in canaries if canary.ratio == ratio]
        counts = {found: sum(c.found is found for c in group) for found in Verdict}
        took = [c.evidence.candidate.total + c.evidence.stable.total for c in group]
        bad = [c.evidence.candidate.bad for c in group]
        phi = statistics.median(c.usual.dispersion.value for c in group)
        shown = ", ".join(f"{count} {found}" for found, count in counts.items() if count)
        print(
            f"  x{ratio}: {shown}; median {statistics.median(took):,.0f} requests of both arms, "
            f"{statistics.mean(bad):.0f} bad answers of the candidate, dispersion {phi:.2f}"
        )
        print(f"      e.g. {ratio_interval(group[0].evidence, TEST).sentence('errors')}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--each", type=int, default=20)
    parser.add_argument("--minutes", type=float, default=12)
    parser.add_argument("--base", type=float, default=0.2)
    parser.add_argument("--weight", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    start = time.monotonic()
    told(asyncio.run(run(asked)), asked, time.monotonic() - start)


if __name__ == "__main__":
    main()
