"""Where the operator tells how it is."""

import socket

import aiohttp
import pytest
from prometheus_client import CollectorRegistry, Counter

from kanaria.handlers.endpoints import Address, AddressError, told_at


async def get(port: int, path: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}{path}") as answer:
        return answer.status, await answer.text()


async def test_it_is_alive_before_it_is_ready(unused_tcp_port: int):
    ready = False
    async with told_at(Address("127.0.0.1", unused_tcp_port), CollectorRegistry(), lambda: ready):
        before = [await get(unused_tcp_port, path) for path in ("/healthz", "/readyz")]
        ready = True
        after = await get(unused_tcp_port, "/readyz")

    assert before == [(200, "alive\n"), (503, "the caches are not synced yet\n")]
    assert after == (200, "ready\n")


async def test_the_metrics_of_its_registry_are_told_and_no_second_series_for_each(unused_tcp_port: int):
    registry = CollectorRegistry()
    Counter("kanaria_tests", "Of this.", registry=registry).inc()
    async with told_at(Address("127.0.0.1", unused_tcp_port), registry, lambda: True):
        _, text = await get(unused_tcp_port, "/metrics")

    assert [line for line in text.splitlines() if not line.startswith("#")] == ["kanaria_tests_total 1.0"]


async def test_without_an_address_nothing_listens(unused_tcp_port: int):
    async with told_at(None, CollectorRegistry(), lambda: True):
        with pytest.raises(aiohttp.ClientError):
            await get(unused_tcp_port, "/healthz")


async def test_a_port_that_is_taken_is_told_in_words():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = Address("127.0.0.1", other.getsockname()[1])
        with pytest.raises(AddressError, match=f"127.0.0.1:{taken.port} cannot be listened at"):
            async with told_at(taken, CollectorRegistry(), lambda: True):
                pass


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:8081", Address("127.0.0.1", 8081)),
        ("0.0.0.0:80", Address("0.0.0.0", 80)),  # noqa: S104 # as the chart says
        ("[::1]:80", Address("::1", 80)),
    ],
)
def test_an_address_is_a_host_and_a_port(text: str, address: Address):
    assert Address.parse(text) == address


@pytest.mark.parametrize("text", ["", "8081", ":8081", "localhost", "localhost:http"])
def test_what_is_no_address_says_how_to_write_one(text: str):
    with pytest.raises(AddressError, match=r"write it as HOST:PORT, e\.g\. 127\.0\.0\.1:8081"):
        Address.parse(text)
