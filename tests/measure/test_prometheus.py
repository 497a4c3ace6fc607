"""How a Prometheus server is asked, told by a real one where there is one, and by a stand-in for what goes wrong."""

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from fake_world import NOON
from kanaria.cluster.clock import Clock
from kanaria.local.router.counters import Counters as RouterCounters
from kanaria.measure.counters import MetricsError
from kanaria.measure.prometheus import MetricServers
from kanaria.measure.servers import MetricServer
from kanaria.sources.counter import Counter
from kanaria.sources.kind import Arm, Arms
from kanaria.vocabulary import Measurement, QueriesAsked
from real_prometheus import scraping

EVERY = timedelta(seconds=30)


CELLAR = Arms("cellar", "wine", Arm("8", "wine-v8-predictor", "v8"), Arm("7", "wine-v7-predictor", "v7"))


def asked(candidate: str, stable: str = "", server: str = "main") -> QueriesAsked:
    return QueriesAsked(EVERY, server, "cellar", candidate, stable)


async def measured(server: MetricServer, question: QueriesAsked, at: datetime = NOON) -> Measurement:
    async with MetricServers([server], lambda: at) as servers:
        return await servers.measure(question)


# What Istio's gateway, Triton and MLServer tell; the labels namespace and pod are Prometheus's own of a scraped Pod.
ISTIO = (
    'reporter="source",source_workload="istio-ingressgateway",destination_workload="wine-{0}-predictor",'
    'destination_workload_namespace="{1}",destination_service_name="wine-{0}-predictor",request_protocol="http"'
)
POD = 'namespace="{1}",pod="wine-{0}-predictor-6d4cf56db6-{2}"'


def istio(version: str, namespace: str, ok: int, failed: int, slow: int) -> str:
    labels = ISTIO.format(version, namespace)
    answers = (("200", "-", ok), ("500", "-", failed - 1), ("503", "UF", 1)) if failed else (("200", "-", ok),)
    time = "istio_request_duration_milliseconds"
    return "".join(
        f'istio_requests_total{{{labels},response_code="{code}",response_flags="{flags}"}} {count}\n'
        for code, flags, count in answers
    ) + (
        f'{time}_bucket{{{labels},response_code="200",le="250"}} {ok - slow}\n'
        f'{time}_bucket{{{labels},response_code="200",le="+Inf"}} {ok}\n'
        f'{time}_sum{{{labels},response_code="200"}} {ok}\n{time}_count{{{labels},response_code="200"}} {ok}\n'
    )


def triton(version: str, pod: str, ok: int, failed: int) -> str:
    labels = POD.format(version, "cellar", pod) + ',model="wine",version="1"'
    reasons = "".join(
        f'nv_inference_request_failure{{{labels},reason="{reason}"}} {count}\n'
        for reason, count in (("REJECTED", 1), ("BACKEND", failed - 1))
    )
    return f"nv_inference_request_success{{{labels}}} {ok}\n{reasons}"


def mlserver(version: str, pod: str, ok: int, failed: int) -> str:
    labels = POD.format(version, "cellar", pod) + ',model="wine",version="v1"'
    return (
        f"model_infer_request_success_total{{{labels}}} {ok}.0\n"
        f"model_infer_request_failure_total{{{labels}}} {failed}.0\n"
    )


PARTS = (
    istio("v8", "cellar", 90, 10, 4),
    istio("v8", "other", 1000, 1000, 0),
    istio("v7", "cellar", 900, 0, 9),
    triton("v8", "aaaaa", 80, 4),
    triton("v8", "bbbbb", 20, 1),
    triton("v7", "ccccc", 300, 3),
    mlserver("v8", "aaaaa", 70, 7),
    mlserver("v7", "ccccc", 400, 0),
    'own_requests_total{app="wine-v8-predictor",ok="yes"} 40\nown_requests_total{app="wine-v8-predictor",ok="no"} 2\n',
)
OTHERS = "".join(sorted("".join(PARTS).splitlines(keepends=True)))

# A real one


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MetricServer]:
    """It scrapes what the local router would tell after some requests."""
    counters = RouterCounters()
    for cluster, good, bad in (("v7", 990, 10), ("v8", 90, 10)):
        for status, times in ((200, good), (503, bad)):
            for _ in range(times):
                counters.of(cluster).answered(status)
    for milliseconds, times in ((3, 75), (200, 25)):
        for _ in range(times):
            counters.of("v8").took(milliseconds)
    for _ in range(1000):
        counters.of("v7").took(3)
    page = counters.page() + OTHERS
    with scraping(tmp_path_factory.mktemp("prometheus"), page) as url:
        yield MetricServer(name="main", url=url)


BAD = 'sum(envoy_cluster_upstream_rq_xx{{envoy_cluster_name="{0}",envoy_response_code_class="5"}})'
ALL = 'sum(envoy_cluster_upstream_rq_xx{{envoy_cluster_name="{0}"}})'
SHARE = f"{BAD} / {ALL}"


@pytest.mark.parametrize(
    ("candidate", "stable", "value", "baseline", "trouble"),
    [
        pytest.param(SHARE.format("v8"), SHARE.format("v7"), 0.1, 0.01, "", id="both arms"),
        pytest.param(SHARE.format("v8"), "", 0.1, None, "", id="the candidate only"),
        pytest.param("scalar(up) + 1", "", 2.0, None, "", id="a scalar"),
        pytest.param("nothing_of_this_name", "", None, None, "the query finds no data", id="no data"),
        pytest.param(
            "envoy_cluster_upstream_rq_xx",
            "",
            None,
            None,
            "the query gives 10 series; aggregate them",
            id="many series",
        ),
        pytest.param(
            "vector(0) / 0", "", None, None, "the query gives NaN, which is no number", id="no traffic at all"
        ),
        pytest.param("vector(1) / 0", "", None, None, "the query gives +Inf, which is no number", id="infinite"),
        pytest.param("up[1m]", "", None, None, "the query gives a matrix, not one number", id="a range"),
        pytest.param("up", "gone", 1.0, None, "of the stable model the query finds no data", id="no stable number"),
    ],
)
async def test_a_real_server_gives_one_number_or_a_reason(
    prometheus: MetricServer, candidate: str, stable: str, value: float | None, baseline: float | None, trouble: str
):
    now = Clock().now()

    found = await measured(prometheus, asked(candidate, stable), now)

    assert (found.at, found.value, found.baseline) == (now, value, baseline)
    assert found.trouble.startswith(trouble)
    assert bool(found.trouble) is bool(trouble)


async def test_a_real_server_tells_what_is_wrong_with_a_query(prometheus: MetricServer):
    with pytest.raises(MetricsError, match=r"^metric server main answered 400: .*parse error"):
        await measured(prometheus, asked("sum(up"), Clock().now())


async def test_both_queries_are_of_the_same_moment(prometheus: MetricServer):
    found = await measured(prometheus, asked("time()", "time()"), Clock().now() - timedelta(hours=1))

    assert found.value == found.baseline == pytest.approx(found.at.timestamp(), abs=0.001)


OWN = {
    "total": 'own_requests_total{app="{{variant}}"}',
    "bad": 'own_requests_total{app="{{variant}}",ok="no"}',
}


@pytest.mark.parametrize(
    ("source", "candidate", "stable"),
    [
        pytest.param({"preset": "envoyGateway"}, [(100, 10)], [(1000, 10)], id="Envoy Gateway"),
        pytest.param(
            {"preset": "envoyGateway", "slowerThan": 100}, [(100, 25)], [(1000, 0)], id="slow at Envoy Gateway"
        ),
        pytest.param({"preset": "istio"}, [(100, 10)], [(900, 0)], id="Istio, of this namespace"),
        pytest.param({"preset": "istio", "slowerThan": 250}, [(90, 4)], [(900, 9)], id="slow at Istio"),
        pytest.param({"preset": "triton"}, [(84, 4), (21, 1)], [(303, 3)], id="Triton, each Pod"),
        pytest.param({"preset": "mlserver"}, [(77, 7)], [(400, 0)], id="MLServer"),
        pytest.param({"preset": "custom", "custom": OWN}, [(42, 2)], [], id="counters of one's own, stable has none"),
    ],
)
async def test_a_real_server_counts_the_requests_of_both_arms(
    prometheus: MetricServer,
    source: dict[str, Any],
    candidate: list[tuple[int, int]],
    stable: list[tuple[int, int]],
):
    counter = Counter.model_validate({"from": "prometheus", "serverRef": {"name": "main"}, **source})
    question = counter.query(CELLAR)
    assert question is not None

    async with MetricServers([prometheus], Clock().now) as servers:
        found = await servers.counters(question)

    arms = [sorted((each.total, each.bad) for each in arm.values()) for arm in (found.candidate, found.stable)]
    assert arms == [sorted(candidate), sorted(stable)]
    assert all("wine-v8" in pod for pod in found.candidate if source["preset"] in {"triton", "mlserver"})


# A stand-in, for what a real one does not do when it is asked to


@dataclass
class StandIn:
    """Answers as it is told, and remembers what it was asked."""

    status: int = 200
    body: str = json.dumps({"status": "success", "data": {"resultType": "vector", "result": [{"value": [1, "3"]}]}})
    headers: Mapping[str, str] = field(default_factory=dict)
    forms: list[dict[str, Any]] = field(default_factory=list)
    heard: list[Mapping[str, str]] = field(default_factory=list)
    url: str = ""

    async def handle(self, request: web.BaseRequest) -> web.Response:
        self.forms.append(dict(await request.post()))
        self.heard.append(dict(request.headers))
        return web.Response(text=self.body, status=self.status, headers=self.headers)


@asynccontextmanager
async def a_stand_in(**fields: Any) -> AsyncIterator[StandIn]:
    stand_in = StandIn(**fields)
    runner = web.ServerRunner(web.Server(stand_in.handle), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    stand_in.url = f"http://127.0.0.1:{runner.addresses[0][1]}/base"
    try:
        yield stand_in
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        pytest.param(
            {"status": 403, "body": "no"}, "answered 403: it does not let the operator ask this", id="refused"
        ),
        pytest.param(
            {"status": 500, "body": "<html>"}, "answered 500: no answer that Prometheus would give", id="html"
        ),
        pytest.param(
            {"status": 503, "body": '{"status": "error", "error": "too busy"}'}, "answered 503: too busy", id="error"
        ),
        pytest.param({"status": 307, "headers": {"Location": "/x"}}, "answered 307", id="a redirect is not followed"),
        pytest.param({"body": "[]"}, "answered 200: no answer", id="JSON of another shape"),
    ],
)
async def test_what_is_no_answer_is_told_with_the_server_s_name(fields: dict[str, Any], said: str):
    async with a_stand_in(**fields) as stand_in:
        with pytest.raises(MetricsError, match=f"^metric server main {said}"):
            await measured(MetricServer(name="main", url=stand_in.url), asked("up"))


async def test_a_server_that_is_not_there_is_told_without_its_address():
    async with a_stand_in() as stand_in:
        url = stand_in.url

    with pytest.raises(MetricsError, match=r"^metric server main cannot be reached: ClientConnectorError$"):
        await measured(MetricServer(name="main", url=url), asked("up"))


async def test_an_unknown_server_is_told_with_those_there_are():
    with pytest.raises(MetricsError, match=r"no metric server is called 'mine' \(there: main\)"):
        await measured(MetricServer(name="main", url="http://127.0.0.1:9"), asked("up", server="mine"))


async def test_an_answer_without_end_is_not_read_to_its_end():
    async with a_stand_in(body=" " * (3 << 20)) as stand_in:
        found = await measured(MetricServer(name="main", url=stand_in.url), asked("up"))

    assert (found.value, found.trouble[:45]) == (None, "the query gives far more than one number; agg")


async def test_the_token_and_the_namespace_go_with_each_query(tmp_path: Path):
    token = tmp_path / "token"
    token.write_text("first\n")
    async with a_stand_in() as stand_in:
        server = MetricServer(
            name="main",
            url=f"{stand_in.url}/",
            bearer_token_file=token,
            namespace_parameter="namespace",
            namespace_header="X-Scope-OrgID",
        )
        await measured(server, asked("up"))
        token.write_text("renewed\n")
        found = await measured(server, asked("up"))

    assert found == Measurement(NOON, 3.0)
    assert [heard["Authorization"] for heard in stand_in.heard] == ["Bearer first", "Bearer renewed"]
    assert {heard["X-Scope-OrgID"] for heard in stand_in.heard} == {"cellar"}
    assert stand_in.forms[0] == {"query": "up", "time": f"{NOON.timestamp():.3f}", "namespace": "cellar"}


async def test_a_token_or_an_authority_that_cannot_be_read_is_told_without_its_path(tmp_path: Path):
    gone = tmp_path / "gone"
    for fields, said in (({"bearer_token_file": gone}, "the token of"), ({"ca_file": gone}, "the caFile of")):
        with pytest.raises(MetricsError, match=f"^{said} metric server main") as raised:
            await measured(MetricServer(name="main", url="http://127.0.0.1:9", **fields), asked("up"))
        assert "gone" not in str(raised.value)
