"""Four operators and four people push to one branch at once: nothing is lost, nothing comes twice."""

import asyncio
import subprocess
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kanaria.git.workshop import GitWorkshop
from kanaria.vocabulary import CommitEdits, Edit, EditClass, Field, LocatedEdit, ObjectRef, Set, Unset
from team_repository import SOMEBODY, WINE, TeamRepository, git

OBJECTS = 48
OPERATORS = 4
PEOPLE = 4
COMMITS_EACH = 15
FILES = {f"deploy/team-{n}/wine.yaml": WINE.replace("name: wine,", f"name: wine-{n},") for n in range(OBJECTS)}


async def no_secrets(namespace: str, name: str) -> Mapping[str, bytes]:
    raise AssertionError(f"nobody asked for {namespace}/{name}")


def promotion(number: int) -> LocatedEdit:
    target = ObjectRef("kanaria.dev/v1alpha1", "ModelDeployment", "wine", f"wine-{number}")
    edit = Edit(
        target,
        EditClass.PROPOSE,
        (Field(("spec", "candidate", "version"), "8"),),
        (Set(("spec", "stable", "version"), "8"), Unset(("spec", "candidate"))),
        f"Promote wine-{number} to version 8",
    )
    return LocatedEdit(f"deploy/team-{number}/wine.yaml", edit)


async def an_operator(home: Path, url: str, numbers: list[int]) -> int:
    """Edits one object after the other, again and again until each has landed; how often it was rejected."""
    workshop = GitWorkshop(home, no_secrets, allow_file=True, now=lambda: datetime.now(UTC))  # noqa: TID251
    rejected = 0
    try:
        for number in numbers:
            landed = False
            while not landed:
                act = CommitEdits(url, "main", "wine", None, ("kanaria", "k@example.com"), (promotion(number),))
                result = await workshop.commit(act)
                rejected += result.rejected
                landed = bool(result.commit)
                assert landed or result.error, result
    finally:
        workshop.close()
    return rejected


def pushed(clone: Path) -> bool:
    done = subprocess.run(["git", "push", "-q", "origin", "main"], cwd=clone, capture_output=True, check=False)
    return done.returncode == 0


def a_person(clone: Path, name: str) -> list[str]:
    """Commits and pushes as people do, with a rebase after each rejection; the subjects that were pushed."""
    subjects = []
    for number in range(COMMITS_EACH):
        file = clone / "deploy" / f"team-{number}" / "wine.yaml"
        # Other lines of the very files that Kanaria edits.
        file.write_text(file.read_text() + f"# {name} was here\n")
        git(clone, "commit", "-q", "-a", "-m", f"{name} {number}")
        while not pushed(clone):
            git(clone, "pull", "-q", "--rebase", "-X", "theirs", "origin", "main")
        subjects.append(f"{name} {number}")
    return subjects


@pytest.fixture
def team(tmp_path: Path) -> TeamRepository:
    made = TeamRepository.make(tmp_path)
    made.commit(FILES)
    return made


@pytest.fixture
def clones(tmp_path: Path, team: TeamRepository) -> list[Path]:
    made = [tmp_path / f"person-{number}" for number in range(PEOPLE)]
    for clone in made:
        git(tmp_path, "clone", "-q", team.url, str(clone))
        for key, value in (("user.name", SOMEBODY["GIT_AUTHOR_NAME"]), ("user.email", "ann@example.com")):
            git(clone, "config", key, value)
    return made


@pytest.mark.slow
async def test_every_commit_of_a_person_survives_and_every_edit_lands_once(
    tmp_path: Path, team: TeamRepository, clones: list[Path]
):
    machines = [
        an_operator(tmp_path / f"home-{number}", team.url, list(range(number, OBJECTS, OPERATORS)))
        for number in range(OPERATORS)
    ]
    people = [asyncio.to_thread(a_person, clone, f"person-{number}") for number, clone in enumerate(clones)]

    done = await asyncio.gather(*machines, *people)

    subjects = Counter(team.subjects())
    assert sum(done[:OPERATORS]) > 0, "nobody was ever rejected: this was no race"
    for of_one in done[OPERATORS:]:
        assert [subject for subject in of_one if subjects[subject] != 1] == []
    assert {n: subjects[f"Promote wine-{n} to version 8"] for n in range(OBJECTS)} == dict.fromkeys(range(OBJECTS), 1)
    assert git(team.bare, "fsck", "--strict", "--no-dangling") == ""


@pytest.mark.slow
async def test_an_edit_under_way_touches_only_its_lines(tmp_path: Path, team: TeamRepository, clones: list[Path]):
    await asyncio.gather(
        an_operator(tmp_path / "home", team.url, list(range(8))), asyncio.to_thread(a_person, clones[0], "ann")
    )

    for commit in git(team.bare, "log", "--format=%H", "--author=kanaria", "main").splitlines():
        lines = git(team.bare, "show", "--format=", "--unified=0", commit).splitlines()
        changed = [line for line in lines if line[:1] in "+-" and line[:3] not in {"+++", "---"}]
        assert changed == [
            '-  stable: {version: "7"}   # since spring',
            "-  candidate:",
            '-    version: "8"',
            '+  stable: {version: "8"}   # since spring',
        ]
