"""Whatever goes wrong with a remote: its credentials are in no message, log, file or argument of a process."""

import asyncio
import base64
import logging
import os
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web

from kanaria.cli.checkout import checked_out
from kanaria.git.trouble import GitTrouble
from kanaria.git.workshop import GitWorkshop
from kanaria.local.git_http import serve_git
from kanaria.vocabulary import CommitEdits, Edit, EditClass, GitHead, LocatedEdit, ObjectRef, Set
from team_repository import WINE, TeamRepository

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
PASSWORD, TOKEN = "open-sesame", "wr0ng+word/=="
PAIRS = (f"kanaria:{PASSWORD}", f"kanaria:{TOKEN}", f"{TOKEN}:{TOKEN}")
SECRETS = (PASSWORD, TOKEN, *(base64.b64encode(pair.encode()).decode() for pair in PAIRS))
BASIC, BEARER = {"username": "kanaria", "password": TOKEN}, {"bearerToken": TOKEN}
EDIT = Edit(
    ObjectRef("kanaria.dev/v1alpha1", "ModelDeployment", "wine", "wine"),
    EditClass.PROPOSE,
    (),
    (Set(("spec", "stable", "version"), "8"),),
    "Promote wine to version 8",
)


@pytest.fixture(autouse=True)
def arguments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """All arguments of every git that is started, in a file."""
    git = next(path for folder in os.get_exec_path() if (path := Path(folder) / "git").exists())
    told, shim = tmp_path / "arguments", tmp_path / "bin" / "git"
    shim.parent.mkdir()
    shim.write_text(f'#!/bin/sh\necho "$@" >> {told}\nexec {git} "$@"\n')
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", f"{shim.parent}{os.pathsep}{os.environ['PATH']}")
    return told


@pytest.fixture
def team(tmp_path: Path) -> TeamRepository:
    made = TeamRepository.make(tmp_path)
    made.commit({"deploy/wine.yaml": WINE})
    return made


@asynccontextmanager
async def a_gossip() -> AsyncIterator[str]:
    """A server that tells everybody what it was shown."""

    async def answer(request: web.Request) -> web.Response:
        shown = request.headers.get("Authorization", "")
        return web.Response(status=500, text=f"error: you said {shown}", headers={"X-Said": shown})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@pytest.fixture(params=["a server that refuses", "a server that gossips", "nobody"])
async def base(request: pytest.FixtureRequest, team: TeamRepository) -> AsyncGenerator[str]:
    if request.param == "nobody":
        yield "http://127.0.0.1:9"
    elif request.param == "a server that gossips":
        async with a_gossip() as url:
            yield url
    else:
        async with serve_git(team.bare.parent, password=PASSWORD) as url:
            yield url


def a_workshop(tmp_path: Path, entries: Mapping[str, str]) -> GitWorkshop:
    async def read(_namespace: str, _name: str) -> Mapping[str, bytes]:
        return {key: value.encode() for key, value in entries.items()}

    async def no_pause(_seconds: float) -> None:
        return

    return GitWorkshop(tmp_path / "home", read, allow_file=True, now=lambda: NOW, pause=no_pause)


def told(tmp_path: Path) -> Iterator[str]:
    for place in ("home", "src", "arguments"):
        for file in [tmp_path / place, *(tmp_path / place).rglob("*")]:
            if file.is_file():
                yield file.read_bytes().decode(errors="replace")


def sure_nothing_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture, *said: str) -> None:
    everything = "\n".join([*said, caplog.text, *told(tmp_path)])
    assert "fetch" in everything
    for secret in SECRETS:
        assert secret not in everything


@pytest.mark.parametrize("entries", [BASIC, BEARER], ids=["user and password", "token"])
async def test_a_fetch_and_a_write_back_that_fail(
    base: str, tmp_path: Path, caplog: pytest.LogCaptureFixture, entries: dict[str, str]
):
    caplog.set_level(logging.DEBUG)
    workshop, url = a_workshop(tmp_path, entries), f"{base}/team.git"

    with pytest.raises(GitTrouble) as caught:
        await workshop.head(GitHead(timedelta(minutes=1), url, "main", "wine", "git"))
    act = CommitEdits(url, "main", "wine", "git", ("k", "k@example.com"), (LocatedEdit("deploy/wine.yaml", EDIT),))
    result = await workshop.commit(act)
    workshop.close()

    assert result.error
    sure_nothing_is_told(tmp_path, caplog, str(caught.value), result.error)


async def test_a_push_that_is_refused(team: TeamRepository, tmp_path: Path, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.DEBUG)
    team.refuse_pushes()
    async with serve_git(team.bare.parent, password=PASSWORD) as base:
        workshop = a_workshop(tmp_path, {"username": "kanaria", "password": PASSWORD})
        act = CommitEdits(
            *(f"{base}/team.git", "main", "wine", "git", ("k", "k@example.com")),
            (LocatedEdit("deploy/wine.yaml", EDIT),),
        )
        result = await workshop.commit(act)
        workshop.close()

    assert result.rejected
    sure_nothing_is_told(tmp_path, caplog, result.error)


@pytest.mark.parametrize("variables", [("USERNAME", "PASSWORD"), ("BEARER_TOKEN",)], ids=["password", "token"])
async def test_a_checkout_that_fails(
    base: str, tmp_path: Path, caplog: pytest.LogCaptureFixture, variables: tuple[str, ...]
):
    caplog.set_level(logging.DEBUG)
    environment = {f"KANARIA_GIT_{name}": TOKEN for name in variables} | {"KANARIA_ALLOW_FILE_REMOTES": "true"}

    with pytest.raises(GitTrouble) as caught:
        await asyncio.to_thread(checked_out, f"{base}/team.git", "0" * 40, tmp_path / "src", environment)

    sure_nothing_is_told(tmp_path, caplog, str(caught.value))
