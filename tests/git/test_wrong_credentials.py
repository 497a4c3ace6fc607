"""Credentials that open nothing are told without being repeated."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kanaria.git.trouble import GitTrouble
from kanaria.git.workshop import GitWorkshop
from kanaria.local.git_http import serve_git
from kanaria.vocabulary import GitHead
from team_repository import TeamRepository, secret

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def team(tmp_path: Path) -> TeamRepository:
    return TeamRepository.make(tmp_path)


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        pytest.param({"bearerToken": "wrong-word"}, "refuses the credentials|asks for credentials", id="wrong"),
        pytest.param({"token": "wrong-word"}, "needs username and password, or bearerToken", id="other keys"),
        pytest.param({"bearerToken": "wrong-word\nX: y"}, "more than one line", id="a header smuggled in"),
        pytest.param({}, "Secret wine/git of spec.secretRef is not there", id="no Secret"),
    ],
)
async def test_credentials_that_do_not_open_are_told_without_them(
    team: TeamRepository, tmp_path: Path, entries: dict[str, str], message: str
):
    async with serve_git(team.bare.parent, password="open-sesame") as base:
        workshop = GitWorkshop(tmp_path / "home", secret(**entries), allow_file=True, now=lambda: NOW)

        with pytest.raises(GitTrouble, match=message) as caught:
            await workshop.head(GitHead(MINUTE, f"{base}/team.git", "main", "wine", "git"))

    assert "wrong-word" not in str(caught.value)
    assert "127.0.0.1" in str(caught.value)
