"""Where a team may not send the operator, by name, by address, and by a name that stands for one."""

import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web

from kanaria.git.destination import held
from kanaria.git.remote import remote
from kanaria.git.trouble import GitTrouble
from kanaria.git.workshop import GitWorkshop
from kanaria.vocabulary import GitHead

MINUTE = timedelta(minutes=1)


def stands_for(*addresses: str) -> Callable[[str, int], Iterable[str]]:
    return lambda _host, _port: addresses


@pytest.mark.parametrize(
    ("host", "address", "fact"),
    [
        pytest.param("169.254.169.254", "169.254.169.254", "metadata of the cloud", id="metadata"),
        pytest.param("[fd00:ec2::254]", "fd00:ec2::254", "metadata of the cloud", id="metadata by IPv6"),
        pytest.param("metadata.google.internal", "", "metadata of the cloud", id="metadata by its name"),
        pytest.param("git.example.com", "169.254.169.254", "metadata of the cloud", id="a name that stands for it"),
        pytest.param("git.example.com", "::ffff:169.254.169.254", "metadata of the cloud", id="in another notation"),
        pytest.param("git.example.com", "64:ff9b::a9fe:a9fe", "metadata of the cloud", id="by way of IPv6"),
        pytest.param("kubernetes.default", "10.96.0.1", "the API server", id="the API server"),
        pytest.param("kubernetes.default.svc.cluster.local.", "10.96.0.1", "the API server", id="its whole name"),
        pytest.param("localhost", "127.0.0.1", "own machine", id="localhost"),
        pytest.param("2130706433", "", "own machine", id="localhost as a number"),
        pytest.param("127.1", "", "own machine", id="localhost in short"),
        pytest.param("[::1]", "::1", "own machine", id="localhost by IPv6"),
        pytest.param("git.example.com", "127.0.0.1", "own machine", id="a name that stands for localhost"),
        pytest.param("0.0.0.0", "0.0.0.0", "own machine", id="any address"),  # noqa: S104 # nothing is bound
        pytest.param("224.0.0.1", "224.0.0.1", "no address of one server", id="many servers"),
    ],
)
def test_a_team_may_not_send_the_operator_there(host: str, address: str, fact: str):
    there = remote(f"https://{host}/team.git", {}, allow_file=False)

    with pytest.raises(GitTrouble, match="may not send the operator there; name a server of Git") as caught:
        held(there, stands_for(*filter(None, [address])), loopback=False)

    assert fact in str(caught.value)


def test_one_bad_address_among_good_ones_is_enough():
    there = remote("https://git.example.com/team.git", {}, allow_file=False)

    with pytest.raises(GitTrouble, match="metadata"):
        held(there, stands_for("203.0.113.7", "169.254.169.254"), loopback=False)


def test_the_api_server_is_known_by_its_address(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1")
    there = remote("https://git.example.com/team.git", {}, allow_file=False)

    with pytest.raises(GitTrouble, match="the API server"):
        held(there, stands_for("10.96.0.1"), loopback=False)


@pytest.mark.parametrize(
    ("url", "found"),
    [
        pytest.param("https://git.example.com/team.git", ("203.0.113.7",), id="a server of Git"),
        pytest.param("https://gitea.git.svc:3000/team.git", ("10.1.2.3", "fd12::1"), id="one of the cluster"),
    ],
)
def test_git_is_held_to_the_address_that_was_looked_at(tmp_path: Path, url: str, found: tuple[str, ...]):
    """So that a name which stands for something else a moment later leads nowhere else."""
    there = held(remote(url, {"bearerToken": b"t"}, allow_file=False), stands_for(*found), loopback=False)

    def git_has(key: str) -> str:
        words = [
            "git",
            "config",
            "--get-urlmatch" if "extra" in key else "--get",
            key,
            *([url] if "extra" in key else []),
        ]
        environment = {"PATH": "/usr/bin:/bin", **there.environment}
        return subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False).stdout

    host, _, port = url.split("/")[2].partition(":")
    assert git_has("http.curloptResolve").strip() == f"{host}:{port or 443}:{','.join(found)}"
    assert git_has("http.extraHeader").strip() == "Authorization: Bearer t"
    assert there.environment["GIT_ALLOW_PROTOCOL"] == "https"


def test_a_name_that_nobody_knows_is_left_to_git_to_tell():
    there = remote("https://git.example.com/team.git", {}, allow_file=False)

    assert held(there, stands_for(), loopback=False) == there


@asynccontextmanager
async def a_server(answer: Callable[[web.Request], Awaitable[web.Response]]) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def test_nobody_is_followed_to_another_server(tmp_path: Path):
    asked: list[str] = []

    async def told(request: web.Request) -> web.Response:
        asked.append(str(request.rel_url))
        return web.Response(status=404)

    workshop = GitWorkshop(tmp_path, _no_secret, allow_file=True, now=lambda: datetime(2026, 1, 1, tzinfo=UTC))
    async with a_server(told) as inner:

        async def sent_on(request: web.Request) -> web.Response:
            return web.Response(status=302, headers={"Location": f"{inner}{request.rel_url}"})

        async with a_server(sent_on) as outer:
            with pytest.raises(GitTrouble, match="name that one in spec"):
                await workshop.head(GitHead(MINUTE, f"{outer}/team.git", "main", "wine", None))
    workshop.close()

    assert asked == []


async def test_the_workshop_asks_nobody_there_not_even_on_a_local_cluster(tmp_path: Path):
    workshop = GitWorkshop(tmp_path, _no_secret, allow_file=True, now=lambda: datetime(2026, 1, 1, tzinfo=UTC))

    with pytest.raises(GitTrouble, match="metadata of the cloud"):
        await workshop.head(GitHead(MINUTE, "https://169.254.169.254/team.git", "main", "wine", None))
    workshop.close()


async def _no_secret(_namespace: str, _name: str) -> dict[str, bytes]:
    return {}
