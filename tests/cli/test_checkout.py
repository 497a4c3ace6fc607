"""One commit of a real repository is checked out into a folder."""

import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from kanaria.cli import app as command_line
from kanaria.cli.checkout import checked_out
from kanaria.git.trouble import GitTrouble

LOCAL = {"KANARIA_ALLOW_FILE_REMOTES": "true"}


def git(folder: Path, *words: str) -> str:
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
    return subprocess.run(
        ["git", *identity, *words], cwd=folder, check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Two commits of training/train.py."""
    folder = tmp_path / "code"
    (folder / "training").mkdir(parents=True)
    git(folder, "init", "-q", "-b", "main")
    for text in ("one", "two"):
        (folder / "training" / "train.py").write_text(text)
        git(folder, "add", ".")
        git(folder, "commit", "-q", "-m", text)
    return folder


@pytest.mark.parametrize(("commit", "text"), [("HEAD", "two"), ("HEAD~1", "one")], ids=["the head", "an older one"])
def test_the_files_of_the_commit_are_there(repository: Path, tmp_path: Path, commit: str, text: str):
    revision = git(repository, "rev-parse", commit)

    checked_out(repository.as_uri(), revision, tmp_path / "src", LOCAL)

    assert (tmp_path / "src" / "training" / "train.py").read_text() == text
    assert git(tmp_path / "src", "rev-parse", "HEAD") == revision


def test_a_second_checkout_into_the_same_folder_replaces_the_first(repository: Path, tmp_path: Path):
    for commit in ("HEAD~1", "HEAD"):
        checked_out(repository.as_uri(), git(repository, "rev-parse", commit), tmp_path / "src", LOCAL)

    assert (tmp_path / "src" / "training" / "train.py").read_text() == "two"


def test_a_commit_that_is_not_there_is_named(repository: Path, tmp_path: Path):
    absent = "0123456789" * 4

    with pytest.raises(GitTrouble, match=absent[:8]):
        checked_out(repository.as_uri(), absent, tmp_path / "src", LOCAL)


@pytest.mark.parametrize(
    ("url", "environment", "sentence"),
    [
        pytest.param("file:///nosuch", LOCAL, "there is no repository", id="no repository"),
        pytest.param("file:///nosuch", {}, "for local clusters only", id="a file outside of a local cluster"),
        pytest.param("http://git.example.com/x.git", {}, "in the clear", id="http"),
        pytest.param("ext::sh -c id", LOCAL, "not known", id="a command"),
        pytest.param(
            "https://git.example.com/x.git", {"KANARIA_GIT_USERNAME": "me"}, "needs username and password", id="half"
        ),
    ],
)
def test_what_cannot_be_fetched_is_told(tmp_path: Path, url: str, environment: dict, sentence: str):
    with pytest.raises(GitTrouble, match=sentence):
        checked_out(url, "a" * 40, tmp_path / "src", environment)


def test_the_program_tells_its_trouble_on_the_error_stream_and_by_its_code(tmp_path: Path):
    words = ["checkout", "--url", "file:///nosuch", "--revision", "abc", "--into", str(tmp_path / "src")]

    ended = CliRunner().invoke(command_line.app, words, env={"KANARIA_ALLOW_FILE_REMOTES": ""})

    assert ended.exit_code == 1
    assert "cannot check out abc" in ended.stderr
    assert "local clusters only" in ended.stderr
