"""A replica that does not lead pushes nothing, and says why."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from fake_world import NOON
from kanaria.git.workshop import GitWorkshop
from kanaria.vocabulary import CommitEdits, Edit, EditClass, Field, GitHead, LocatedEdit, ObjectRef, Set
from team_repository import TeamRepository

FILE = "deploy/wine.yaml"
WINE = (
    "apiVersion: kanaria.dev/v1alpha1\nkind: ModelDeployment\nmetadata: {name: wine, namespace: wine}\nspec: {a: 1}\n"
)


async def no_secrets(namespace: str, name: str) -> Mapping[str, bytes]:
    raise AssertionError(f"nobody asked for {namespace}/{name}")


@pytest.fixture
def team(tmp_path: Path) -> TeamRepository:
    made = TeamRepository.make(tmp_path)
    made.commit({FILE: WINE})
    return made


def an_edit(team: TeamRepository) -> CommitEdits:
    target = ObjectRef("kanaria.dev/v1alpha1", "ModelDeployment", "wine", "wine")
    edit = Edit(target, EditClass.PROPOSE, (Field(("spec", "a"), 1),), (Set(("spec", "a"), 2),), "Change a")
    author = ("kanaria", "kanaria@example.com")
    return CommitEdits(team.url, "main", "wine", None, author, (LocatedEdit(FILE, edit),))


async def test_what_may_not_be_written_is_not_pushed(team: TeamRepository, tmp_path: Path):
    workshop = GitWorkshop(tmp_path / "home", no_secrets, allow_file=True, now=lambda: NOON, may_write=lambda: False)
    before = team.head()
    result = await workshop.commit(an_edit(team))
    workshop.close()

    assert result.commit == ""
    assert "does not lead" in result.error
    assert team.head() == before


async def test_when_a_commit_was_made_is_told(team: TeamRepository, tmp_path: Path):
    workshop = GitWorkshop(tmp_path / "home", no_secrets, allow_file=True, now=lambda: NOON)
    question = GitHead(timedelta(minutes=1), team.url, "main", "wine", None)
    commit = await workshop.head(question)
    when = workshop.committed(team.url, commit)
    workshop.close()

    assert datetime(2020, 1, 1, tzinfo=UTC) < when
