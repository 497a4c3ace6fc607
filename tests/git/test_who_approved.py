"""Who proposed a candidate, and who approved it, is read off the commits that led to what was applied."""

import json
import os
import subprocess
from collections.abc import AsyncGenerator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kanaria.git.trouble import GitTrouble
from kanaria.git.workshop import GitWorkshop
from kanaria.vocabulary import Approval, ApprovalAsked, GitHead
from team_repository import WINE, TeamRepository

FILE = "deploy/wine.yaml"
ANN, BEN = "ann@example.com", "ben@example.com"
APPROVED = WINE.replace('version: "8"', 'version: "8"\n    approved: true')
BEFORE = WINE.replace('  candidate:\n    version: "8"\n', "")
NINE = {"version": "9"}


async def no_secrets(namespace: str, name: str) -> Mapping[str, bytes]:
    raise AssertionError(f"nobody asked for {namespace}/{name}")


class Team:
    """People with names of their own at one repository."""

    def __init__(self, folder: Path) -> None:
        self.repository = TeamRepository.make(folder)

    def git(self, who: str, *words: str) -> str:
        names = {f"GIT_{role}_{part}": who for role in ("AUTHOR", "COMMITTER") for part in ("NAME", "EMAIL")}
        clean = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
        plain = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null"}
        done = subprocess.run(
            ["git", *words],
            cwd=self.repository.clone,
            env={**clean, **names, **plain},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    def writes(self, who: str, text: str | None, file: str = FILE) -> None:
        """A commit on the branch that is checked out."""
        path = self.repository.clone / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink() if text is None else path.write_text(text)
        self.git(who, "add", "-A")
        self.git(who, "commit", "-q", "-m", "Change by hand")

    def pushed(self) -> str:
        self.git(ANN, "push", "-q", "origin", "HEAD:main")
        return self.git(ANN, "rev-parse", "HEAD")


@pytest.fixture
def team(tmp_path: Path) -> Team:
    made = Team(tmp_path)
    made.git(ANN, "checkout", "-q", "-b", "main")
    made.writes(ANN, BEFORE)
    return made


@pytest.fixture
async def workshop(tmp_path: Path) -> AsyncGenerator[GitWorkshop]:
    now = datetime(2026, 1, 15, 12, tzinfo=UTC)
    made = GitWorkshop(tmp_path / "home", no_secrets, allow_file=True, now=lambda: now)
    yield made
    made.close()


async def found(workshop: GitWorkshop, team: Team, candidate: Mapping[str, str] | None = None) -> Approval:
    url, commit = team.repository.url, team.pushed()
    await workshop.head(GitHead(timedelta(minutes=1), url, "main", "wine"))
    wanted = json.dumps(candidate or {"version": "8"})
    said = ("approved", "fromStep", "paused", "promote")
    return await workshop.approval(
        ApprovalAsked(timedelta(minutes=1), url, commit, "deploy", "wine", "wine", wanted, said)
    )


async def test_two_people_are_told_apart(workshop: GitWorkshop, team: Team):
    team.writes(ANN, WINE)
    team.writes(BEN, APPROVED)
    team.writes(ANN, APPROVED.replace("# since spring", "# since May"))

    assert await found(workshop, team) == Approval(ANN, BEN)


async def test_without_an_approval_nobody_approved(workshop: GitWorkshop, team: Team):
    team.writes(ANN, WINE)

    assert await found(workshop, team) == Approval(ANN, "")


async def test_who_proposes_and_approves_at_once_is_one_person(workshop: GitWorkshop, team: Team):
    team.writes(BEN, APPROVED)

    assert await found(workshop, team) == Approval(BEN, BEN)


async def test_an_approval_is_of_one_version_and_not_of_what_takes_its_place(workshop: GitWorkshop, team: Team):
    team.writes(ANN, WINE)
    team.writes(BEN, APPROVED)
    team.writes(ANN, APPROVED.replace('version: "8"\n    approved', 'version: "9"\n    approved'))

    assert await found(workshop, team, NINE) == Approval(ANN, ANN)


async def test_an_approval_that_was_taken_out_is_none(workshop: GitWorkshop, team: Team):
    for who, text in ((ANN, WINE), (BEN, APPROVED), (ANN, WINE)):
        team.writes(who, text)
    assert (await found(workshop, team)).approved_by == ""

    team.writes(ANN, APPROVED)

    assert await found(workshop, team) == Approval(ANN, ANN)


async def test_who_merges_an_approval_is_not_who_approved(workshop: GitWorkshop, team: Team):
    """Both sides changed the file, so that the merge itself is neither's."""
    team.writes(ANN, WINE)
    team.git(ANN, "checkout", "-q", "-b", "approving")
    team.writes(ANN, APPROVED)
    team.git(ANN, "checkout", "-q", "main")
    team.writes(BEN, WINE.replace("# the team's wine model", "# the team's best wine model"))

    team.git(BEN, "merge", "-q", "--no-ff", "-m", "Merge", "approving")

    assert await found(workshop, team) == Approval(ANN, ANN)


async def test_a_file_that_moved_has_to_be_approved_anew(workshop: GitWorkshop, team: Team):
    team.writes(ANN, WINE)
    team.writes(BEN, APPROVED)
    team.git(ANN, "mv", FILE, "deploy/elsewhere.yaml")
    team.git(ANN, "commit", "-q", "-m", "Move")

    assert await found(workshop, team) == Approval(ANN, ANN)


async def test_a_namesake_in_another_namespace_is_not_meant(workshop: GitWorkshop, team: Team):
    team.writes(BEN, APPROVED.replace("namespace: wine", "namespace: beer"), "deploy/a.yaml")
    team.writes(ANN, WINE)

    assert await found(workshop, team) == Approval(ANN, "")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param(APPROVED.replace('"8"', '"9"'), "holds another candidate than the live object", id="another"),
        pytest.param(None, "no file of commit", id="no file"),
    ],
)
async def test_a_commit_that_does_not_hold_the_candidate_proves_nothing(
    workshop: GitWorkshop, team: Team, text: str | None, said: str
):
    team.writes(BEN, text)

    with pytest.raises(GitTrouble, match=said):
        await found(workshop, team)


async def test_a_commit_that_is_not_here_proves_nothing(workshop: GitWorkshop, team: Team):
    url = team.repository.url
    asked = ApprovalAsked(timedelta(minutes=1), url, "0" * 40, "", "wine", "wine", "{}", ())

    with pytest.raises(GitTrouble, match="is not fetched yet"):
        await workshop.approval(asked)
