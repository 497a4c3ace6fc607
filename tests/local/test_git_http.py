import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kanaria.local.git_http import serve_git
from kanaria.local.repository import Repository, repository

IDENTITY = {"GIT_AUTHOR_NAME": "ann", "GIT_AUTHOR_EMAIL": "ann@example.com"}
ENVIRONMENT = IDENTITY | {
    "GIT_COMMITTER_NAME": "ann",
    "GIT_COMMITTER_EMAIL": "ann@example.com",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "PATH": "/usr/local/bin:/usr/bin:/bin",
}


async def git(folder: Path, *words: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        "git", *words, cwd=folder, env=ENVIRONMENT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await process.communicate()
    return process.returncode or 0, said.decode()


async def a_clone(folder: Path, address: str, name: str = "clone") -> Path:
    code, said = await git(folder, "clone", "-q", address, name)
    assert code == 0, said
    return folder / name


async def a_commit(clone: Path, text: str) -> None:
    (clone / "file").write_text(text)
    await git(clone, "checkout", "-q", "-B", "main")
    await git(clone, "add", "file")
    assert (await git(clone, "commit", "-q", "-m", text[:9]))[0] == 0


@pytest.fixture
async def bare(tmp_path: Path) -> Repository:
    return await repository(tmp_path / "git", "team")


@pytest.fixture
async def address(bare: Repository) -> AsyncIterator[str]:
    async with serve_git(bare.path.parent) as url:
        yield f"{url}/team.git"


async def test_what_is_pushed_by_http_is_cloned_by_http_and_by_file(tmp_path: Path, bare: Repository, address: str):
    clone = await a_clone(tmp_path, address)
    # Larger than a pipe holds, so that both directions must flow at once.
    await a_commit(clone, "".join(f"line {n}\n" for n in range(100_000)))

    code, said = await git(clone, "push", "-q", "origin", "main")

    assert code == 0, said
    for url in (address, bare.file_url):
        name = url.split(":")[0]
        other = await a_clone(tmp_path, url, name)
        assert (other / "file").read_text() == (clone / "file").read_text()


async def test_a_push_that_would_lose_a_commit_is_refused(tmp_path: Path, address: str):
    first = await a_clone(tmp_path, address, "first")
    await a_commit(first, "one")
    await git(first, "push", "-q", "origin", "main")
    second = await a_clone(tmp_path, address, "second")
    await a_commit(second, "two")
    assert (await git(second, "push", "-q", "origin", "main"))[0] == 0
    await a_commit(first, "three")

    plain, forced = await git(first, "push", "origin", "main"), await git(first, "push", "--force", "origin", "main")

    assert plain[0] != 0
    assert forced[0] != 0


async def test_an_unknown_repository_is_not_found(tmp_path: Path, address: str):
    code, said = await git(tmp_path, "clone", address.replace("team", "other"), "clone")

    assert code != 0
    assert "not found" in said


async def test_a_password_is_asked_for(tmp_path: Path, bare: Repository):
    async with serve_git(bare.path.parent, password="hush") as url:
        refused = await git(tmp_path, "clone", f"{url}/team.git", "one")
        wrong = await git(tmp_path, "clone", url.replace("//", "//team:loud@") + "/team.git", "two")
        right = await git(tmp_path, "clone", url.replace("//", "//team:hush@") + "/team.git", "three")
        bearer = ["-c", "http.extraHeader=Authorization: Bearer hush"]
        token = await git(tmp_path, *bearer, "clone", f"{url}/team.git", "four")

    assert [code == 0 for code, _ in (refused, wrong, right, token)] == [False, False, True, True]


async def test_a_repository_is_made_once(tmp_path: Path, bare: Repository):
    clone = await a_clone(tmp_path, bare.file_url)
    await a_commit(clone, "kept")
    await git(clone, "push", "-q", "origin", "main")

    again = await repository(tmp_path / "git", "team")

    assert again == bare
    assert "kept" in (await git(again.path, "log", "--oneline", "main"))[1]
