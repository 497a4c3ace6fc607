"""What the workshop brings from and to real repositories."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kanaria.git.trouble import GitTrouble
from kanaria.git.workshop import GitWorkshop
from kanaria.local.git_http import serve_git
from kanaria.vocabulary import (
    Append,
    CommitEdits,
    Edit,
    EditClass,
    Field,
    GitHead,
    LocatedEdit,
    ObjectRef,
    Set,
    SourceHead,
    Unset,
    Writer,
)
from team_repository import WINE, TeamRepository, git, secret

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
FILE = "deploy/wine.yaml"
OTHER = WINE.replace("name: wine,", "name: cider,")


async def no_secrets(namespace: str, name: str) -> Mapping[str, bytes]:
    raise AssertionError(f"nobody asked for {namespace}/{name}")


async def no_pause(seconds: float) -> None:
    assert 0 < seconds <= 3


@pytest.fixture
def team(tmp_path: Path) -> TeamRepository:
    made = TeamRepository.make(tmp_path)
    made.commit({FILE: WINE, "training/train.py": "print(1)\n"})
    return made


@pytest.fixture
async def workshop(tmp_path: Path) -> AsyncGenerator[GitWorkshop]:
    made = GitWorkshop(tmp_path / "home", no_secrets, allow_file=True, now=lambda: NOW, pause=no_pause)
    yield made
    made.close()


def promotion(name: str = "wine", path: str = FILE) -> LocatedEdit:
    target = ObjectRef("kanaria.dev/v1alpha1", "ModelDeployment", "wine", name)
    return LocatedEdit(
        path,
        Edit(
            target,
            EditClass.PROPOSE,
            (Field(("spec", "candidate", "version"), "8"),),
            (Set(("spec", "stable"), {"version": "8"}), Unset(("spec", "candidate"))),
            f"Promote {name} to version 8",
            trailers=(("Kanaria-Reason", "Passed"),),
        ),
    )


def edits(team: TeamRepository, *located: LocatedEdit) -> CommitEdits:
    return CommitEdits(team.url, "main", "wine", None, ("kanaria", "kanaria@example.com"), located or (promotion(),))


def head_of(team: TeamRepository, branch: str = "main") -> GitHead:
    return GitHead(MINUTE, team.url, branch, "wine")


async def test_the_head_is_fetched_and_its_files_can_be_read(team: TeamRepository, workshop: GitWorkshop):
    commit = await workshop.head(head_of(team))

    files = workshop.mirrors.files(team.url, commit, "deploy")

    assert commit == team.head()
    assert list(files) == [FILE]
    assert workshop.mirrors.blob(team.url, files[FILE], 1000).decode() == WINE
    assert workshop.mirrors.subject(team.url, commit) == "Change by hand"


async def test_a_new_commit_changes_only_the_blobs_it_touched(team: TeamRepository, workshop: GitWorkshop):
    before = workshop.mirrors.files(team.url, await workshop.head(head_of(team)), ".")
    team.commit({"training/train.py": "print(2)\n"})

    after = workshop.mirrors.files(team.url, await workshop.head(head_of(team)), ".")

    assert {path for path in after if after[path] != before[path]} == {"training/train.py"}


async def test_links_are_told_apart_from_files(team: TeamRepository, workshop: GitWorkshop):
    (team.clone / "deploy" / "link.yaml").symlink_to("wine.yaml")
    team.commit({})

    commit = await workshop.head(head_of(team))

    assert workshop.mirrors.links(team.url, commit, "deploy") == {"deploy/link.yaml": "symbolic link"}
    assert list(workshop.mirrors.files(team.url, commit, "deploy")) == [FILE]


async def test_a_path_that_is_not_there_has_no_files(team: TeamRepository, workshop: GitWorkshop):
    commit = await workshop.head(head_of(team))

    assert workshop.mirrors.files(team.url, commit, "nowhere") == {}


async def test_the_code_changed_only_when_its_path_did(team: TeamRepository, workshop: GitWorkshop):
    code = team.commit({"training/train.py": "print(2)\n"})
    team.commit({FILE: WINE + "# note\n"})
    question = SourceHead(MINUTE, team.url, "main", "training", "wine")

    assert await workshop.source_head(question) == code
    assert await workshop.source_head(replace(question, path=".")) == team.head()
    assert await workshop.source_head(replace(question, path="nowhere")) == ""


async def test_a_forced_branch_is_followed(team: TeamRepository, workshop: GitWorkshop):
    first = team.head()
    team.commit({FILE: WINE + "# gone\n"})
    await workshop.head(head_of(team))
    git(team.clone, "push", "-q", "-f", "origin", f"{first}:main")

    assert await workshop.head(head_of(team)) == first


async def test_an_edit_is_committed_with_its_trailers_and_changes_only_its_lines(
    team: TeamRepository, workshop: GitWorkshop
):
    before = team.head()

    result = await workshop.commit(edits(team))

    assert (result.commit, result.error, result.rejected) == (team.head(), "", 0)
    assert result.landed == (promotion().edit,)
    assert team.told("%P") == before
    assert (
        team.told("%s|%an|%ae|%cn|%at")
        == f"Promote wine to version 8|kanaria|kanaria@example.com|kanaria|{int(NOW.timestamp())}"
    )
    assert team.told("%(trailers)") == "Kanaria-Object: ModelDeployment wine/wine\nKanaria-Reason: Passed"
    assert team.text(FILE) == WINE.replace('"7"', '"8"').replace('  candidate:\n    version: "8"\n', "")


async def test_the_pushed_commit_can_be_read_at_once(team: TeamRepository, workshop: GitWorkshop):
    result = await workshop.commit(edits(team))

    files = workshop.mirrors.files(team.url, result.commit, "deploy")

    assert "candidate" not in workshop.mirrors.blob(team.url, files[FILE], 1000).decode()


async def test_several_edits_are_one_commit(team: TeamRepository, workshop: GitWorkshop):
    team.commit({"deploy/cider.yaml": OTHER})
    before = team.head()

    result = await workshop.commit(edits(team, promotion(), promotion("cider", "deploy/cider.yaml")))

    assert len(result.landed) == 2
    assert team.told("%P") == before
    assert team.told("%s") == "Promote wine to version 8 and 1 more"
    assert "ModelDeployment wine/cider" in team.told("%(trailers)")


async def test_an_edit_that_landed_is_not_committed_again(team: TeamRepository, workshop: GitWorkshop):
    await workshop.commit(edits(team))
    head = team.head()

    again = await workshop.commit(edits(team))

    assert (again.commit, again.landed, again.dropped) == ("", (), ())
    assert team.head() == head


class Racer:
    """Clock of a workshop that lets a human push at the very moment when the commit is made."""

    def __init__(self, *pushes: Callable[[], object]) -> None:
        self._pushes = list(pushes)

    def __call__(self) -> datetime:
        if self._pushes:
            self._pushes.pop(0)()
        return NOW


@pytest.fixture
async def racing(tmp_path: Path) -> AsyncGenerator[Callable[..., GitWorkshop]]:
    made: list[GitWorkshop] = []

    def make(*pushes: Callable[[], object]) -> GitWorkshop:
        made.append(GitWorkshop(tmp_path / "home", no_secrets, allow_file=True, now=Racer(*pushes), pause=no_pause))
        return made[-1]

    yield make
    for workshop in made:
        workshop.close()


async def test_a_push_that_comes_second_is_made_again_on_the_new_head(
    team: TeamRepository, racing: Callable[..., GitWorkshop]
):
    changed = WINE.replace("# since spring", "# since summer")

    result = await racing(lambda: team.commit({FILE: changed})).commit(edits(team))

    assert (result.rejected, result.commit) == (1, team.head())
    assert team.text(FILE) == changed.replace('"7"', '"8"').replace('  candidate:\n    version: "8"\n', "")


async def test_a_newer_edit_by_hand_wins_and_the_dropped_edit_says_why(
    team: TeamRepository, racing: Callable[..., GitWorkshop]
):
    by_hand = WINE.replace('version: "8"', 'version: "9"')

    result = await racing(lambda: team.commit({FILE: by_hand})).commit(edits(team))

    assert (result.commit, result.rejected) == ("", 1)
    assert [reason for _, reason in result.dropped] == [
        'deploy/wine.yaml: spec.candidate.version is "9" there, not "8"'
    ]
    assert team.text(FILE) == by_hand


async def test_commits_that_were_taken_back_meanwhile_are_not_pushed_again(
    team: TeamRepository, racing: Callable[..., GitWorkshop]
):
    kept = team.head()
    taken_back = team.commit({"deploy/mistake.yaml": "a: 1\n"})

    result = await racing(lambda: git(team.bare, "update-ref", "refs/heads/main", kept)).commit(edits(team))

    assert (result.rejected, result.commit) == (1, team.head())
    assert taken_back not in team.behind(result.commit)


async def test_ten_rejections_are_enough(team: TeamRepository, workshop: GitWorkshop):
    team.refuse_pushes()
    before = team.head()

    result = await workshop.commit(edits(team))

    assert (result.rejected, result.commit, team.head()) == (10, "", before)
    assert "main took none of 10 pushes" in result.error
    assert "let Kanaria's account push" in result.error


@pytest.mark.parametrize(
    ("there", "message"),
    [
        pytest.param({FILE: None}, "deploy/wine.yaml is not there any more", id="the file went"),
        pytest.param({FILE: OTHER}, "the file holds no ModelDeployment wine/wine any more", id="the document went"),
        pytest.param({FILE: WINE + "a: ["}, "did not find expected node content", id="the file is broken"),
    ],
)
async def test_what_cannot_be_edited_is_dropped_with_a_sentence(
    team: TeamRepository, workshop: GitWorkshop, there: Mapping[str, str | None], message: str
):
    team.commit(there)

    result = await workshop.commit(edits(team))

    assert result.commit == ""
    assert message in result.dropped[0][1]


async def test_a_rejection_of_a_candidate_is_a_list_entry(team: TeamRepository, workshop: GitWorkshop):
    entry = {"version": "8", "reason": "Failed", "evidence": "errors ×3.1 [2.0, 4.9]"}
    edit = replace(promotion().edit, changes=(Unset(("spec", "candidate")), Append(("spec", "rejected"), entry)))

    await workshop.commit(edits(team, LocatedEdit(FILE, edit)))

    assert '  rejected:\n    - version: "8"\n' in team.text(FILE)
    assert '      evidence: "errors ×3.1 [2.0, 4.9]"\n' in team.text(FILE)


@pytest.mark.parametrize(
    ("question", "message"),
    [
        pytest.param(
            GitHead(MINUTE, "file:///nowhere/x.git", "main", "wine"), "there is no repository", id="no repository"
        ),
        pytest.param(GitHead(MINUTE, "http://example.com/x.git", "main", "wine"), "use https", id="http to the world"),
        pytest.param(
            GitHead(MINUTE, "https://me:word@example.com/x", "main", "wine"), "holds a user", id="a user in the URL"
        ),
        pytest.param(GitHead(MINUTE, "ext::sh -c true", "main", "wine"), "use https", id="a command as address"),
        pytest.param(
            GitHead(MINUTE, "http://127.0.0.1:9/x.git", "main", "wine"), "cannot be reached", id="nobody listens"
        ),
    ],
)
async def test_an_address_that_does_not_work_is_told_with_its_remedy(
    workshop: GitWorkshop, question: GitHead, message: str
):
    with pytest.raises(GitTrouble, match=message) as caught:
        await workshop.head(question)

    assert "word" not in str(caught.value)


async def test_a_server_that_does_not_answer_is_left_in_time(workshop: GitWorkshop):
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]

    async with server:
        with pytest.raises(GitTrouble, match=r"127.0.0.1: the fetch did not end within 0.5 s"):
            await workshop.head(
                GitHead(MINUTE, f"http://127.0.0.1:{port}/x.git", "main", "wine", timeout=timedelta(seconds=0.5))
            )


async def test_a_branch_that_is_not_there_is_told(team: TeamRepository, workshop: GitWorkshop):
    with pytest.raises(GitTrouble, match="no such branch: push the branch"):
        await workshop.head(head_of(team, "other"))


async def test_a_commit_to_nowhere_is_a_result_with_an_error(team: TeamRepository, workshop: GitWorkshop):
    result = await workshop.commit(replace(edits(team), url="file:///nowhere/x.git"))

    assert (result.commit, result.landed) == ("", ())
    assert "there is no repository" in result.error


@pytest.mark.parametrize(
    ("url", "message"),
    [
        pytest.param("file:///etc/x.git", "local clusters only", id="the operator's disk"),
        pytest.param("http://127.0.0.1:8080/x.git", "use https", id="the operator's own ports"),
    ],
)
async def test_what_is_near_the_operator_is_for_local_clusters(tmp_path: Path, url: str, message: str):
    workshop = GitWorkshop(tmp_path / "home", no_secrets, allow_file=False, now=lambda: NOW)

    with pytest.raises(GitTrouble, match=message):
        await workshop.head(GitHead(MINUTE, url, "main", "wine"))


@pytest.mark.parametrize(
    "entries",
    [
        pytest.param({"username": "kanaria", "password": "open-sesame"}, id="user and password"),
        pytest.param({"bearerToken": "open-sesame"}, id="token"),
    ],
)
async def test_credentials_open_a_repository_over_http(team: TeamRepository, tmp_path: Path, entries: dict[str, str]):
    async with serve_git(team.bare.parent, password="open-sesame") as base:
        url = f"{base}/team.git"
        workshop = GitWorkshop(tmp_path / "home", secret(**entries), allow_file=True, now=lambda: NOW)

        head = await workshop.head(GitHead(MINUTE, url, "main", "wine", "git"))
        result = await workshop.commit(replace(edits(team), url=url, secret="git"))
        workshop.close()

    assert head != team.head() == result.commit
    on_disk = [file.read_bytes() for file in (tmp_path / "home").rglob("*") if file.is_file()]
    assert not any(b"sesame" in content for content in on_disk)


async def test_the_first_commit_records_who_writes_and_the_next_does_not(team: TeamRepository, workshop: GitWorkshop):
    act = replace(edits(team), writer=Writer(".kanaria/deploy.writer", "here", "wine/team"))
    assert (await workshop.commit(act)).commit
    team.commit({FILE: WINE})

    await workshop.commit(act)

    assert "cluster: here\ngitSync: wine/team\n" in team.text(".kanaria/deploy.writer")
    assert git(team.bare, "show", "--format=", "--name-only", "main~2") == ".kanaria/deploy.writer\ndeploy/wine.yaml"
    assert git(team.bare, "show", "--format=", "--name-only", "main") == "deploy/wine.yaml"


async def test_nothing_is_committed_where_another_cluster_is_recorded(team: TeamRepository, workshop: GitWorkshop):
    act = replace(edits(team), writer=Writer(".kanaria/deploy.writer", "here", "wine/team"))
    before = team.commit({".kanaria/deploy.writer": "cluster: other\n"})

    result = await workshop.commit(act)

    assert result.error == ".kanaria/deploy.writer: cluster other commits there, and this is here"
    assert team.head() == before
