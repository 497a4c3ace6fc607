"""Requests through the router to real backends."""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from collections.abc import Iterator
from io import BytesIO

import pytest

from kanaria.local.router.endpoints import Endpoint
from routed_backends import Scene, Server, a_proxy, a_server
from waiting import eventually


@pytest.fixture
def dead() -> Iterator[Endpoint]:
    """An address that nobody listens on, nor can for as long."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield Endpoint("dead", "127.0.0.1", held.getsockname()[1])


def one(server: Server) -> Scene:
    return Scene({"stable": 100}, {"stable": (server.endpoint,)})


async def test_method_target_headers_and_body_reach_the_pod_and_its_answer_comes_back():
    async with a_server() as server, a_proxy(one(server)) as scene:
        answer = await scene.ask("/echo?a=b%20c", "PUT", data=b"body", headers={"X-Mark": "m"})

    assert answer == (200, "PUT /echo?a=b%20c m body")


@pytest.mark.parametrize("size", [pytest.param(10, id="whole"), pytest.param(100_000, id="as it comes")])
async def test_a_backends_own_headers_stand_in_its_answers(size: int):
    setting = {"set": [{"name": "kanaria-version", "value": "v7"}]}
    async with a_server() as server, a_proxy(one(server)) as scene:
        scene.more = {"stable": {"filters": [{"responseHeaderModifier": setting}]}}
        assert scene.session
        url = f"{scene.url}/serving/cellar/wine/echo"
        async with scene.session.post(url, data=b"x" * size) as answer:
            assert (answer.headers["kanaria-version"], answer.headers["X-Answer"]) == ("v7", "stable")


@pytest.mark.parametrize("size", [0, 10, 64 * 1024, 64 * 1024 + 1, 3_000_000])
async def test_bodies_of_any_size_pass_both_ways(size: int):
    async with a_server() as server, a_proxy(one(server)) as scene:
        status, text = await scene.ask("/echo", data=BytesIO(b"x" * size))

    assert (status, text.count("x")) == (200, size)


async def test_an_answer_is_passed_on_while_it_is_being_made():
    async with a_server() as server, a_proxy(one(server)) as scene:
        assert scene.session
        async with scene.session.get(f"{scene.url}/serving/cellar/wine/stream") as answer:
            first = await asyncio.wait_for(answer.content.readexactly(6), 30)
            server.let_go.set()
            rest = await answer.content.read()

    assert (first, rest) == (b"first ", b"last")


@pytest.mark.parametrize(
    ("path", "status", "digit"),
    [
        pytest.param("/", 200, 2, id="good"),
        pytest.param("/fail", 500, 5, id="the model raised"),
        pytest.param("/cut", 503, 5, id="the Pod hung up"),
    ],
)
async def test_each_request_is_counted_once_by_its_answer(path: str, status: int, digit: int):
    async with a_server() as server, a_proxy(one(server)) as scene:
        assert (await scene.ask(path))[0] == status

        counts = {each: await scene.counted(f"upstream_rq_xx {each}") for each in (2, 4, 5)}
        assert counts == {2: 0, 4: 0, 5: 0} | {digit: 1}
        assert await scene.counted("upstream_rq_total") == 1


async def test_shares_follow_the_weights_and_the_counters_agree_with_the_pods():
    async with a_server("stable") as stable, a_server("canary") as canary:
        pods = {"stable": (stable.endpoint,), "canary": (canary.endpoint,)}
        async with a_proxy(Scene({"stable": 80, "canary": 20}, pods)) as scene:
            names = Counter([(await scene.ask())[1] for _ in range(400)])

            assert names["canary"] == pytest.approx(80, abs=32)
            for service, server in (("stable", stable), ("canary", canary)):
                assert await scene.counted("upstream_rq_total", service) == server.answered == names[service]
                assert await scene.counted("upstream_rq_time_count", service) == names[service]


async def test_a_new_weight_holds_for_the_very_next_request():
    async with a_server("stable") as stable, a_server("canary") as canary:
        pods = {"stable": (stable.endpoint,), "canary": (canary.endpoint,)}
        async with a_proxy(Scene({"stable": 0, "canary": 100}, pods)) as scene:
            before = await scene.ask()
            scene.weights = {"stable": 100, "canary": 0}
            after = {(await scene.ask())[1] for _ in range(20)}

    assert (before[1], after) == ("canary", {"stable"})


async def test_pods_of_a_backend_take_turns():
    async with a_server("a") as one, a_server("b") as two, a_proxy(Scene({"stable": 1})) as scene:
        scene.pods = {"stable": (one.endpoint, two.endpoint)}
        names = [(await scene.ask())[1] for _ in range(4)]

    assert names == ["a", "b", "a", "b"]


async def test_a_request_under_way_is_finished_by_a_backend_that_has_lost_its_weight_and_its_pod():
    async with a_server("old") as old, a_server("new") as new, a_proxy(Scene({"old": 1})) as scene:
        scene.pods = {"old": (old.endpoint,)}
        under_way = asyncio.create_task(scene.ask("/slow"))
        await old.waiting.wait()
        scene.show({"new": 1}, {"new": (new.endpoint,)})
        fresh = await scene.ask()
        old.let_go.set()

        assert await under_way == (200, "old")
        assert fresh == (200, "new")


async def test_a_pod_that_cannot_be_reached_is_tried_once_and_another_answers(dead: Endpoint):
    async with a_server() as server, a_proxy(Scene({"stable": 1})) as scene:
        scene.pods = {"stable": (dead, server.endpoint)}
        answers = [await scene.ask("/echo", data=BytesIO(b"x" * 100_000)) for _ in range(2)]

        assert [(status, text.count("x")) for status, text in answers] == [(200, 100_000)] * 2
        assert await scene.counted("upstream_cx_connect_fail") == 1
        assert await scene.counted("upstream_rq_retry") == 1
        assert await scene.counted("upstream_rq_xx 2") == 2
        assert await scene.counted("upstream_rq_total") == server.answered == 2


async def test_a_request_that_reached_a_pod_is_never_sent_twice():
    async with a_server() as server, a_proxy(one(server)) as scene:
        await scene.ask("/cut")

        assert server.answered == 1
        assert await scene.counted("upstream_rq_retry") == 0


async def test_when_no_pod_can_be_reached_the_client_is_told_so_once(dead: Endpoint):
    async with a_proxy(Scene({"stable": 1}, {"stable": (dead,)})) as scene:
        status, text = await scene.ask()

        assert (status, await scene.counted("upstream_rq_xx 5")) == (503, 1)
        assert "Service stable" in text
        assert await scene.counted("upstream_rq_total") == 0


async def test_a_backend_without_pods_answers_503_with_the_reason():
    async with a_proxy(Scene({"stable": 1})) as scene:
        status, text = await scene.ask()

        assert (status, text) == (503, "no healthy upstream: no Pod of Service stable is ready\n")
        assert await scene.counted("upstream_rq_xx 5") == 1
        assert await scene.counted("upstream_cx_none_healthy") == 1


async def test_a_request_without_a_route_is_404_and_one_without_weights_500():
    async with a_proxy(Scene({"stable": 0})) as scene:
        assert scene.session
        async with scene.session.get(f"{scene.url}/elsewhere") as answer:
            assert answer.status == 404
        assert (await scene.ask())[0] == 500


async def test_copies_reach_the_mirror_and_nobody_sees_its_answers():
    async with a_server() as server, a_server("mirror") as mirror, a_proxy(one(server)) as scene:
        scene.pods |= {"mirror": (mirror.endpoint,)}
        copies = {"backendRef": {"name": "mirror"}, "percent": 50}
        scene.filters = [{"type": "RequestMirror", "requestMirror": copies}]

        answers = Counter([await scene.ask("/echo", data=b"b") for _ in range(100)])

        assert answers == {(200, "POST /echo  b"): 100}
        await eventually(lambda: 30 < mirror.answered < 70)


async def test_a_mirror_that_is_gone_is_no_harm(dead: Endpoint):
    async with a_server() as server, a_proxy(one(server)) as scene:
        scene.pods |= {"dead": (dead,)}
        for name in ("dead", "nowhere"):
            copies = {"backendRef": {"name": name}, "percent": 100}
            scene.filters.append({"type": "RequestMirror", "requestMirror": copies})

        assert await scene.ask() == (200, "stable")
