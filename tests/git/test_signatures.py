"""Whose commits are trusted, on real repositories with real keys."""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kanaria.git.trouble import GitTrouble
from kanaria.git.workshop import GitWorkshop
from kanaria.vocabulary import CommitEdits, Edit, EditClass, GitHead, LocatedEdit, ObjectRef, Set, Trust, TrustAsked
from ssh_keys import Key, secrets_of
from team_repository import WINE, TeamRepository, git

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
FILE = "deploy/wine.yaml"
HEAD = Trust("signers")


@pytest.fixture
def ann(tmp_path: Path) -> Key:
    return Key.make(tmp_path, "ann")


@pytest.fixture
def kanaria(tmp_path: Path) -> Key:
    return Key.make(tmp_path, "kanaria")


@pytest.fixture
def held(ann: Key, kanaria: Key) -> dict[str, Mapping[str, bytes]]:
    return {
        "signers": {"allowed_signers": (ann.line + kanaria.line).encode()},
        "only-ann": {"allowed_signers": ann.line.encode()},
        "key": {"identity": kanaria.text},
    }


@pytest.fixture
def team(tmp_path: Path, ann: Key) -> TeamRepository:
    made = TeamRepository.make(tmp_path)
    made.commit({FILE: WINE}, signed_by=ann.file)
    return made


@pytest.fixture
async def workshop(tmp_path: Path, held: dict[str, Mapping[str, bytes]]) -> AsyncGenerator[GitWorkshop]:
    made = GitWorkshop(tmp_path / "home", secrets_of(**held), allow_file=True, now=lambda: NOW)
    yield made
    made.close()


async def why_not(workshop: GitWorkshop, team: TeamRepository, trust: Trust = HEAD) -> str:
    commit = await workshop.head(GitHead(MINUTE, team.url, "main", "wine"))
    return await workshop.trust(TrustAsked(MINUTE, team.url, commit, "wine", trust))


async def test_a_commit_signed_by_a_listed_key_is_trusted(workshop: GitWorkshop, team: TeamRepository):
    assert await why_not(workshop, team) == ""


async def test_an_unsigned_commit_is_named(workshop: GitWorkshop, team: TeamRepository):
    commit = team.commit({}, subject="Sneak in")

    assert await why_not(workshop, team) == f"commit {commit[:12]} (Sneak in) is not signed"


async def test_a_strangers_key_is_named(workshop: GitWorkshop, team: TeamRepository, tmp_path: Path):
    team.commit({}, signed_by=Key.make(tmp_path, "mallory").file)

    said = await why_not(workshop, team)

    assert "is signed with ED25519 key SHA256:" in said
    assert said.endswith("which is not among the allowed signers")


async def test_a_signature_of_another_commit_does_not_hold(workshop: GitWorkshop, team: TeamRepository):
    signed = git(team.bare, "cat-file", "commit", "main", strip=False)
    forged = team.bare / "forged"
    forged.write_text(signed.replace("Change by hand", "Change by foot"))
    git(team.bare, "update-ref", "refs/heads/main", git(team.bare, "hash-object", "-t", "commit", "-w", str(forged)))

    assert "bears a signature that does not hold" in await why_not(workshop, team)


async def test_pgp_is_not_taken_for_a_signature(workshop: GitWorkshop, team: TeamRepository):
    signed = git(team.bare, "cat-file", "commit", "main", strip=False)
    forged = team.bare / "forged"
    forged.write_text(signed.replace("SSH SIGNATURE", "PGP SIGNATURE"))
    git(team.bare, "update-ref", "refs/heads/main", git(team.bare, "hash-object", "-t", "commit", "-w", str(forged)))

    assert "is not signed by an ssh key" in await why_not(workshop, team)


async def test_a_signed_head_may_hide_an_unsigned_commit_from_head_and_not_from_range(
    workshop: GitWorkshop, team: TeamRepository, ann: Key
):
    applied = team.head()
    team.commit({}, subject="Sneak in")
    team.commit({}, signed_by=ann.file)

    assert await why_not(workshop, team) == ""
    assert "(Sneak in) is not signed" in await why_not(workshop, team, Trust("signers", since=applied))


async def test_a_rewritten_branch_is_not_taken_for_new_commits(workshop: GitWorkshop, team: TeamRepository):
    assert "set spec.verify.mode to Head" in await why_not(workshop, team, Trust("signers", since="0" * 40))


async def test_a_branch_that_was_taken_back_still_needs_its_signature(
    workshop: GitWorkshop, team: TeamRepository, ann: Key
):
    unsigned = team.commit({}, subject="Sneak in")
    signed = team.commit({}, signed_by=ann.file)
    await why_not(workshop, team)
    git(team.bare, "update-ref", "refs/heads/main", unsigned)

    assert "(Sneak in) is not signed" in await why_not(workshop, team, Trust("signers", since=signed))


@pytest.mark.parametrize(
    ("trust", "trusted"),
    [
        pytest.param(Trust("signers", "key"), True, id="listed"),
        pytest.param(Trust("only-ann", "key"), False, id="not listed"),
    ],
)
async def test_kanarias_own_key_must_be_listed(
    workshop: GitWorkshop, team: TeamRepository, trust: Trust, *, trusted: bool
):
    said = await why_not(workshop, team, trust)

    assert said == "" if trusted else "Kanaria's own key" in said


@pytest.mark.parametrize(
    ("trust", "message"),
    [
        pytest.param(Trust("nowhere"), "Secret wine/nowhere is not there, or has no allowed_signers", id="no signers"),
        pytest.param(Trust("signers", "nowhere"), "wine/nowhere is not there, or has no identity", id="no key"),
    ],
)
async def test_a_missing_secret_is_no_distrust(workshop: GitWorkshop, team: TeamRepository, trust: Trust, message: str):
    with pytest.raises(GitTrouble, match=message):
        await why_not(workshop, team, trust)


def edits(team: TeamRepository, signing: str | None = "key", trust: Trust | None = HEAD) -> CommitEdits:
    target = ObjectRef("kanaria.dev/v1alpha1", "ModelDeployment", "wine", "wine")
    edit = Edit(target, EditClass.SETTLE, (), (Set(("spec", "stable"), {"version": "8"}),), "Promote wine to version 8")
    located = (LocatedEdit(FILE, edit),)
    return CommitEdits(team.url, "main", "wine", None, ("kanaria", "k@example.com"), located, signing, trust)


async def test_kanarias_commits_pass_their_own_verification(workshop: GitWorkshop, team: TeamRepository):
    result = await workshop.commit(edits(team))

    assert result.commit == team.head()
    assert await why_not(workshop, team, Trust("signers", "key", result.commit)) == ""


async def test_the_key_is_not_left_on_the_disk(
    workshop: GitWorkshop, team: TeamRepository, tmp_path: Path, kanaria: Key
):
    await workshop.commit(edits(team))
    await why_not(workshop, team, Trust("signers", "key"))

    on_disk = [file.read_bytes() for file in (tmp_path / "home").rglob("*") if file.is_file()]
    assert not any(kanaria.text in content for content in on_disk)


async def test_nothing_is_built_upon_an_untrusted_head(workshop: GitWorkshop, team: TeamRepository):
    head = team.commit({}, subject="Sneak in")

    result = await workshop.commit(edits(team))

    assert (result.commit, team.head()) == ("", head)
    assert "nothing is built upon the head" in result.error


async def test_a_key_with_a_passphrase_is_told(
    team: TeamRepository, held: dict[str, Mapping[str, bytes]], tmp_path: Path
):
    locked = Key.make(tmp_path, "locked", passphrase="open sesame")
    held["locked"] = {"identity": locked.text}
    made = GitWorkshop(tmp_path / "other", secrets_of(**held), allow_file=True, now=lambda: NOW)

    result = await made.commit(replace(edits(team), signing="locked"))
    made.close()

    assert "needs a private ssh key without a passphrase" in result.error
    assert "sesame" not in result.error
