"""Tags and fixed commits, on real repositories."""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kanaria.git.trouble import GitTrouble
from kanaria.git.workshop import GitWorkshop
from kanaria.vocabulary import GitHead
from team_repository import WINE, TeamRepository, git

FILE = "deploy/wine.yaml"


async def no_secrets(namespace: str, name: str) -> Mapping[str, bytes]:
    raise AssertionError(f"nobody asked for {namespace}/{name}")


@pytest.fixture
def team(tmp_path: Path) -> TeamRepository:
    made = TeamRepository.make(tmp_path)
    made.commit({FILE: WINE})
    return made


@pytest.fixture
async def workshop(tmp_path: Path) -> AsyncGenerator[GitWorkshop]:
    now = datetime(2026, 1, 15, 12, tzinfo=UTC)
    made = GitWorkshop(tmp_path / "home", no_secrets, allow_file=True, now=lambda: now)
    yield made
    made.close()


def head_of(team: TeamRepository) -> GitHead:
    return GitHead(timedelta(minutes=1), team.url, "main", "wine")


async def test_a_tag_is_followed_where_it_moves(team: TeamRepository, workshop: GitWorkshop):
    question = replace(head_of(team), tag="v1")
    first = team.head()
    git(team.clone, "tag", "-a", "v1", "-m", "The first", first)
    git(team.clone, "push", "-q", "origin", "v1")
    assert await workshop.head(question) == first
    second = team.commit({FILE: WINE + "# more\n"})
    git(team.clone, "tag", "-f", "v1", second)
    git(team.clone, "push", "-q", "-f", "origin", "v1")

    assert await workshop.head(question) == second


async def test_a_commit_stays_where_the_branch_goes_on(team: TeamRepository, workshop: GitWorkshop):
    first = team.head()
    team.commit({FILE: WINE + "# more\n"})

    commit = await workshop.head(replace(head_of(team), commit=first))

    files = workshop.mirrors.files(team.url, commit, "deploy")
    assert commit == first
    assert workshop.mirrors.blob(team.url, files[FILE], 1000).decode() == WINE


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        pytest.param({"tag": "v9"}, "no such tag: push the tag, or mend spec.ref.tag", id="a tag"),
        pytest.param({"commit": "0" * 40}, "branch main does not hold commit 000000000000", id="a commit"),
    ],
)
async def test_a_tag_or_commit_that_is_not_there_is_told(
    team: TeamRepository, workshop: GitWorkshop, wanted: dict[str, str], message: str
):
    with pytest.raises(GitTrouble, match=message):
        await workshop.head(replace(head_of(team), **wanted))


async def test_a_commit_that_another_team_fetched_is_not_told_to_whom_the_server_refuses(
    team: TeamRepository, workshop: GitWorkshop
):
    wanted = replace(head_of(team), commit=team.head())
    await workshop.head(wanted)
    team.bare.rename(team.bare.with_suffix(".away"))  # to the stranger the server tells nothing
    assert await workshop.head(wanted) == wanted.commit

    with pytest.raises(GitTrouble):
        await workshop.head(replace(wanted, namespace="stranger"))
