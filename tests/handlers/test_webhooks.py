"""Forges tell of pushes: only those who know the token, on any replica."""

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack
from typing import Any

import aiohttp
import pytest

from fake_world import FakeObjects
from kanaria.cluster.errors import NotFoundError
from kanaria.handlers.endpoints import Address, AddressError
from kanaria.handlers.genuine import is_genuine
from kanaria.handlers.webhooks import AT_ONCE, BODY_MAX, READ_WITHIN, hooks_at
from kanaria.reconcile.world import Objects
from kanaria.vocabulary import ObjectRef

TOKEN = b"open-sesame"
BODY = b'{"ref": "refs/heads/main"}'
SIGNATURE = hmac.new(TOKEN, BODY, hashlib.sha256).hexdigest()
URL = "https://git.example.com/team/wine.git"


def a_sync(name: str, **spec: Any) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "wine"}
    return {
        "apiVersion": "kanaria.dev/v1alpha1",
        "kind": "GitSync",
        "metadata": metadata,
        "spec": {"url": URL, **spec},
    }


class Replica:
    """An operator that leads, or knows who does."""

    def __init__(self, *, leads: bool = True, other: str = "") -> None:
        self.looked: list[str] = []
        self.leads, self.other = leads, other
        syncs = [
            a_sync("team", webhook={"secretRef": {"name": "hook"}}),
            a_sync("deaf"),
            a_sync("poor", webhook={"secretRef": {"name": "nowhere"}}),
        ]
        self.objects: Objects = FakeObjects({ObjectRef.of(sync): sync for sync in syncs})

    def elsewhere(self) -> str:
        return self.other

    def look_at(self, url: str) -> bool:
        if self.leads:
            self.looked.append(url)
        return self.leads


async def secrets(namespace: str, name: str) -> Mapping[str, bytes]:
    if (namespace, name) != ("wine", "hook"):
        raise NotFoundError("there is no such Secret")
    return {"token": TOKEN + b"\n"}


Starting = Callable[..., Any]


@pytest.fixture
async def starting(unused_tcp_port_factory: Callable[[], int]) -> AsyncIterator[Starting]:
    async with AsyncExitStack() as running:

        async def start(replica: Replica, read_within: float = READ_WITHIN) -> str:
            port = unused_tcp_port_factory()
            await running.enter_async_context(hooks_at(Address("127.0.0.1", port), replica, secrets, read_within))
            return f"127.0.0.1:{port}"

        yield start


async def called(there: str, path: str = "/hook/wine/team", body: bytes = BODY, **headers: str) -> tuple[int, str]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"http://{there}{path}", data=body, headers=named) as answer,
    ):
        return answer.status, await answer.text()


@pytest.mark.parametrize(
    ("headers", "genuine"),
    [
        pytest.param({"X-Hub-Signature-256": f"sha256={SIGNATURE}"}, True, id="GitHub"),
        pytest.param({"X-Gitea-Signature": SIGNATURE}, True, id="Gitea"),
        pytest.param({"X-Gitlab-Token": TOKEN.decode()}, True, id="GitLab"),
        pytest.param({"X-Signature": f"sha256={SIGNATURE}"}, True, id="any other"),
        pytest.param({}, False, id="nothing"),
        pytest.param({"X-Gitlab-Token": ""}, False, id="an empty token"),
        pytest.param({"X-Hub-Signature-256": "sha256=" + "0" * 64}, False, id="a wrong signature"),
        pytest.param({"X-Hub-Signature-256": "sha256=ü"}, False, id="no signature at all"),
        pytest.param({"X-Gitlab-Token": "\udcff"}, False, id="no text at all"),
        pytest.param(
            {"X-Hub-Signature-256": "sha256=" + "0" * 64, "X-Gitlab-Token": TOKEN.decode()}, False, id="two proofs"
        ),
    ],
)
def test_a_call_is_genuine_by_its_signature_or_token(headers: dict[str, str], *, genuine: bool):
    assert is_genuine(headers, BODY, TOKEN) is genuine


def test_an_empty_token_proves_nothing():
    assert not is_genuine({"X-Gitlab-Token": ""}, BODY, b"")


async def test_a_genuine_call_makes_the_operator_look(starting: Starting):
    replica = Replica()

    status, _ = await called(await starting(replica), X_Gitea_Signature=SIGNATURE)

    assert (status, replica.looked) == (202, [URL])


@pytest.mark.parametrize(
    ("path", "status"),
    [
        pytest.param("/hook/wine/team", 401, id="not signed"),
        pytest.param("/hook/wine/poor", 401, id="its Secret is not there"),
        pytest.param("/hook/wine/deaf", 404, id="no webhook"),
        pytest.param("/hook/wine/nobody", 404, id="no GitSync"),
        pytest.param("/", 404, id="no hook at all"),
    ],
)
async def test_other_calls_are_refused(starting: Starting, path: str, status: int):
    replica = Replica()

    assert (await called(await starting(replica), path))[0] == status
    assert replica.looked == []


async def test_a_huge_call_is_refused(starting: Starting):
    replica = Replica()
    address = Address.parse(await starting(replica))
    reader, writer = await asyncio.open_connection(address.host, address.port)
    head = f"POST /hook/wine/team HTTP/1.1\r\nHost: a\r\nX-Signature: 0\r\nContent-Length: {BODY_MAX + 1}\r\n\r\n"

    writer.write(head.encode() + b"x" * (BODY_MAX + 1))
    answer = await reader.readline()
    writer.close()
    await writer.wait_closed()

    assert answer == b"HTTP/1.1 413 Request Entity Too Large\r\n"


async def test_a_replica_that_stands_by_passes_the_call_on(starting: Starting):
    leader = Replica()
    standby = Replica(leads=False, other=await starting(leader))

    status, said = await called(await starting(standby), X_Hub_Signature_256=f"sha256={SIGNATURE}")

    assert (status, said, leader.looked) == (202, "the repository is looked at now\n", [URL])


async def test_two_that_take_each_other_for_the_leader_pass_nothing_round(starting: Starting):
    one, other = Replica(leads=False), Replica(leads=False)
    one.other, other.other = await starting(other), await starting(one)

    status, said = await called(one.other, X_Gitea_Signature=SIGNATURE)

    assert (status, said) == (503, "no replica leads now; the next poll sees the push\n")


async def test_a_leader_that_is_gone_is_told(starting: Starting, unused_tcp_port: int):
    standby = Replica(leads=False, other=f"127.0.0.1:{unused_tcp_port}")

    status, said = await called(await starting(standby), X_Gitea_Signature=SIGNATURE)

    assert status == 503
    assert "cannot be reached" in said


async def test_a_port_that_is_taken_is_told_in_words(starting: Starting):
    taken = Address.parse(await starting(Replica()))

    with pytest.raises(AddressError, match=r"--webhooks .* cannot be listened at"):
        async with hooks_at(taken, Replica(), secrets):
            pass


SLOW = "POST /hook/wine/{} HTTP/1.1\r\nHost: a\r\n{}Content-Length: 9\r\n\r\n"


@pytest.mark.parametrize(
    ("sync", "headers", "read_within"),
    [
        pytest.param("nobody", "X-Signature: 0\r\n", READ_WITHIN, id="no such webhook"),
        pytest.param("team", "", READ_WITHIN, id="no proof"),
        pytest.param("team", "X-Signature: 0\r\n", 0.2, id="a proof that is none"),
    ],
)
async def test_calls_that_tell_nothing_keep_nobody_out(starting: Starting, sync: str, headers: str, read_within: float):
    replica = Replica()
    there = await starting(replica, read_within)
    address = Address.parse(there)
    opened = [await asyncio.open_connection(address.host, address.port) for _ in range(AT_ONCE)]
    for _, writer in opened:
        writer.write(SLOW.format(sync, headers).encode())

    async with asyncio.timeout(READ_WITHIN / 2):
        status, _ = await called(there, X_Gitea_Signature=SIGNATURE)

    assert (status, replica.looked) == (202, [URL])
    for _, writer in opened:
        writer.close()
