"""What is read of a mirror: as much as is asked for, and no commit of our own as a change of the code."""

from collections.abc import AsyncGenerator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kanaria.git.workshop import GitWorkshop
from kanaria.vocabulary import CommitEdits, Edit, EditClass, GitHead, LocatedEdit, ObjectRef, Set, SourceHead
from team_repository import WINE, TeamRepository

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
FILE = "deploy/wine.yaml"
TARGET = ObjectRef("kanaria.dev/v1alpha1", "ModelDeployment", "wine", "wine")
EDIT = Edit(TARGET, EditClass.PROPOSE, (), (Set(("spec", "stable", "version"), "8"),), "Promote wine to version 8")


async def no_secrets(namespace: str, name: str) -> Mapping[str, bytes]:
    raise AssertionError(f"nobody asked for {namespace}/{name}")


@pytest.fixture
def team(tmp_path: Path) -> TeamRepository:
    made = TeamRepository.make(tmp_path)
    made.commit({FILE: WINE, "training/train.py": "print(1)\n"})
    return made


@pytest.fixture
async def workshop(tmp_path: Path) -> AsyncGenerator[GitWorkshop]:
    made = GitWorkshop(tmp_path / "home", no_secrets, allow_file=True, now=lambda: NOW)
    yield made
    made.close()


async def test_of_a_huge_file_only_the_beginning_is_held_and_the_next_one_is_read_right(
    team: TeamRepository, workshop: GitWorkshop
):
    team.commit({"deploy/huge.yaml": "x" * 5_000_000})
    files = workshop.mirrors.files(team.url, await workshop.head(GitHead(MINUTE, team.url, "main", "wine")), "deploy")

    assert workshop.mirrors.blob(team.url, files["deploy/huge.yaml"], 7) == b"xxxxxxx"
    assert workshop.mirrors.blob(team.url, files[FILE], 1000).decode() == WINE


async def test_a_commit_of_our_own_is_no_change_of_the_code(team: TeamRepository, workshop: GitWorkshop):
    question = SourceHead(MINUTE, team.url, "main", ".", "wine")
    by_hand = team.head()

    await workshop.commit(
        CommitEdits(team.url, "main", "wine", None, ("k", "k@example.com"), (LocatedEdit(FILE, EDIT),))
    )

    assert await workshop.source_head(question) == by_hand != team.head()
