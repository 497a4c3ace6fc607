"""How the requests of two backends are counted off a gateway's page."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from aiohttp import web

from fake_world import NOON
from kanaria.measure.counters import MetricsError, Scrapes
from kanaria.sources.counter import Counter
from kanaria.vocabulary import Counters, CountersAsked, SeriesCount

HEADER = "# TYPE envoy_cluster_upstream_rq_xx counter\n# TYPE envoy_cluster_upstream_rq_total counter\n"


@dataclass
class Gateway:
    """Answers with its page, after its gate is open."""

    page: str = HEADER
    status: int = 200
    scrapes: int = 0
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    url: str = ""

    async def handle(self, _: web.BaseRequest) -> web.Response:
        self.scrapes += 1
        await self.gate.wait()
        return web.Response(text=self.page, status=self.status)


@asynccontextmanager
async def a_gateway(page: str = "", status: int = 200) -> AsyncIterator[Gateway]:
    gateway = Gateway(HEADER + page, status)
    gateway.gate.set()
    runner = web.ServerRunner(web.Server(gateway.handle), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    gateway.url = f"http://127.0.0.1:{runner.addresses[0][1]}/stats/prometheus"
    try:
        yield gateway
    finally:
        await runner.cleanup()


def rq(cluster: str, total: int, bad: int, ok: int = 0, **labels: str) -> str:
    others = "".join(f',{name}="{value}"' for name, value in labels.items())
    return (
        f'envoy_cluster_upstream_rq_total{{envoy_cluster_name="{cluster}"{others}}} {total}\n'
        f'envoy_cluster_upstream_rq_xx{{envoy_response_code_class="5",envoy_cluster_name="{cluster}"{others}}} {bad}\n'
        f'envoy_cluster_upstream_rq_xx{{envoy_response_code_class="2",envoy_cluster_name="{cluster}"{others}}} {ok}\n'
    )


def asked(url: str) -> CountersAsked:
    return CountersAsked(
        every=timedelta(seconds=15),
        url=url,
        label="envoy_cluster_name",
        candidate="v8",
        stable="v7",
        total=("envoy_cluster_upstream_rq_total", ()),
        bad=("envoy_cluster_upstream_rq_xx", (("envoy_response_code_class", "5"),)),
    )


async def read(gateway: Gateway) -> Counters:
    async with Scrapes(lambda: NOON) as scrapes:
        return await scrapes.counters(asked(gateway.url))


async def test_both_arms_are_read_in_one_scrape():
    async with a_gateway(rq("v7", 900, 3, 897) + rq("v8", 100, 1, 99) + rq("v88", 5, 5)) as gateway:
        counters = await read(gateway)

        assert counters == Counters(NOON, {"": SeriesCount(100, 1)}, {"": SeriesCount(900, 3)}, timedelta(0))
        assert gateway.scrapes == 1


async def test_each_replica_of_the_gateway_is_a_series():
    async with a_gateway(rq("v8", 60, 1, pod="a") + rq("v8", 40, 0, pod="b")) as gateway:
        counters = await read(gateway)

        assert counters.candidate == {"pod=a": SeriesCount(60, 1), "pod=b": SeriesCount(40, 0)}


async def test_a_backend_that_was_never_asked_has_no_series():
    async with a_gateway(rq("v7", 900, 3)) as gateway:
        assert (await read(gateway)).candidate == {}


async def test_metrics_that_are_split_by_different_labels_are_compared_by_their_sums():
    page = rq("v8", 60, 0, pod="a") + (
        'envoy_cluster_upstream_rq_xx{envoy_response_code_class="5",envoy_cluster_name="v8",zone="z"} 4\n'
    )
    async with a_gateway(page) as gateway:
        assert (await read(gateway)).candidate == {"": SeriesCount(60, 4)}


async def test_a_page_without_the_metrics_says_what_it_lacks():
    async with a_gateway() as gateway:
        gateway.page = "# TYPE other counter\n"

        with pytest.raises(MetricsError, match="does not export envoy_cluster_upstream_rq_total"):
            await read(gateway)


async def test_a_gateway_that_answers_with_an_error_says_which():
    async with a_gateway(status=503) as gateway:
        with pytest.raises(MetricsError, match="answered 503"):
            await read(gateway)


async def test_a_gateway_that_is_not_there_is_named_without_its_password():
    gateway = Gateway(url="http://user:hush@127.0.0.1:9/metrics")

    with pytest.raises(MetricsError, match=r"^http://127\.0\.0\.1:9/metrics cannot be reached"):
        await read(gateway)


async def test_one_scrape_answers_all_who_ask_in_the_same_instant():
    async with a_gateway(rq("v7", 9, 1) + rq("v8", 5, 0)) as gateway, Scrapes(lambda: NOON) as scrapes:
        question = asked(gateway.url)
        swapped = replace(question, candidate="v7", stable="v8")
        one, other = await asyncio.gather(scrapes.counters(question), scrapes.counters(swapped))
        again = await scrapes.counters(question)

        assert gateway.scrapes == 2
        assert one.candidate == other.stable == again.candidate


async def test_one_asker_that_gives_up_does_not_take_the_page_from_the_others():
    async with a_gateway(rq("v8", 5, 0)) as gateway, Scrapes(lambda: NOON) as scrapes:
        gateway.gate.clear()
        question = asked(gateway.url)
        hasty, patient = (asyncio.create_task(scrapes.counters(question)) for _ in range(2))
        await asyncio.sleep(0)
        hasty.cancel()
        gateway.gate.set()

        assert (await patient).candidate == {"": SeriesCount(5, 0)}


async def test_the_slow_ones_are_those_that_are_in_no_bucket_up_to_the_bound():
    time = "envoy_cluster_upstream_rq_time"
    lines = [f'{time}_bucket{{envoy_cluster_name="v8",le="{bound}"}} {count}' for bound, count in ((25, 90), (50, 97))]
    page = "\n".join([f"# TYPE {time} histogram", *lines, f'{time}_count{{envoy_cluster_name="v8"}} 100', ""])
    async with a_gateway(page) as gateway, Scrapes(lambda: NOON) as scrapes:
        question = Counter.model_validate({"slowerThan": 25}).ask(gateway.url, "v8", "v7")
        counters = await scrapes.counters(question)

    assert counters.candidate == {"": SeriesCount(100, 10)}
