"""The verbs of a rollout are commits of a person's own, to one file of their working copy."""

import subprocess
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner, Result

from kanaria.cli.app import app

MANIFEST = """\
# the team's model
apiVersion: kanaria.dev/v1alpha1
kind: ModelDeployment
metadata: {name: wine}
spec:
  model: {name: wine-quality}
  stable: {version: "7"}   # seven
  candidate:
    version: "8"
  predictor:
    model: {modelFormat: {name: sklearn}}
  strategy:
    canary:
      steps: [{setWeight: 5}, {pause: {}}, {setWeight: 50}]
"""


def git(folder: Path, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A working copy with a remote, and a file beside the manifest that is staged and not committed."""
    folder = tmp_path / "wine"
    git(tmp_path, "init", "-q", "--bare", "-b", "main", "remote.git")
    git(tmp_path, "init", "-q", "-b", "main", "wine")
    for key, value in (("user.name", "Hana"), ("user.email", "hana@example.com"), ("commit.gpgsign", "false")):
        git(folder, "config", key, value)
    (folder / "deploy").mkdir()
    (folder / "deploy" / "wine.yaml").write_text(MANIFEST)
    (folder / "deploy" / "other.yaml").write_text("a: [1\n")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "Serve 7 and try 8")
    git(folder, "remote", "add", "origin", str(tmp_path / "remote.git"))
    git(folder, "push", "-q", "-u", "origin", "main")
    (folder / "notes.txt").write_text("mine")
    git(folder, "add", "notes.txt")
    return folder


def kanaria(copy: Path, *words: str) -> Result:
    return CliRunner().invoke(app, [*words, "--path", str(copy)])


def spec(copy: Path) -> dict:
    return yaml.safe_load((copy / "deploy" / "wine.yaml").read_text())["spec"]


def subject(copy: Path) -> str:
    return git(copy, "log", "-1", "--format=%an: %s")


def test_a_verb_shows_its_change_and_commits_that_file_alone(copy: Path):
    ended = kanaria(copy, "pause", "wine")

    assert ended.exit_code == 0, ended.stderr
    assert "+    paused: true" in ended.stdout
    assert subject(copy) == "Hana: Pause wine 8"
    assert git(copy, "show", "--name-only", "--format=", "HEAD") == "deploy/wine.yaml"
    assert git(copy, "status", "--porcelain") == "A  notes.txt"
    assert "# seven" in (copy / "deploy" / "wine.yaml").read_text()


def test_a_dry_run_changes_nothing(copy: Path):
    ended = kanaria(copy, "promote", "wine", "--full", "--dry-run")

    assert "+    promote: Full" in ended.stdout
    assert subject(copy) == "Hana: Serve 7 and try 8"
    assert (copy / "deploy" / "wine.yaml").read_text() == MANIFEST


def test_push_takes_the_commit_to_the_remote(copy: Path):
    assert kanaria(copy, "abort", "wine", "--reject", "too slow", "--push").exit_code == 0

    assert git(copy, "rev-parse", "origin/main") == git(copy, "rev-parse", "HEAD")
    assert spec(copy)["rejected"][0]["evidence"] == "too slow"
    assert "candidate" not in spec(copy)


def test_a_retry_brings_back_what_was_aborted(copy: Path):
    kanaria(copy, "abort", "wine", "--reject", "too slow")

    kanaria(copy, "retry", "wine")

    assert (spec(copy)["candidate"], "rejected" in spec(copy)) == ({"version": "8"}, False)


def test_undo_brings_back_what_was_stable_before_the_last_promotion(copy: Path):
    file = copy / "deploy" / "wine.yaml"
    promoted = MANIFEST.replace('"7"}   # seven', '"8"}').replace('  candidate:\n    version: "8"\n', "")
    for text, message in ((promoted, "Promote wine to version 8"), (promoted + "  suspend: false\n", "Say more")):
        file.write_text(text)
        git(copy, "commit", "-q", "-m", message, "--", str(file))

    ended = kanaria(copy, "undo", "wine")

    assert ended.exit_code == 0, ended.stderr
    assert (spec(copy)["stable"], spec(copy)["candidate"]) == ({"version": "7"}, {"version": "8"})
    assert spec(copy)["suspend"] is False
    promotion = git(copy, "log", "--format=%H", "--grep=Promote")
    assert git(copy, "log", "-1", "--format=%b") == f"This takes back commit {promotion}."


@pytest.mark.parametrize(
    ("words", "said"),
    [
        pytest.param(("pause", "beer"), "holds no ModelDeployment beer", id="no such manifest"),
        pytest.param(("pause", "cellar/wine"), "Pause wine 8", id="a namespace that the file leaves open"),
        pytest.param(("undo", "wine"), "holds no other stable version", id="nothing to undo"),
        pytest.param(("promote", "wine", "--step", "9"), "has 3 steps", id="no such step"),
    ],
)
def test_what_a_verb_says(copy: Path, words: tuple[str, ...], said: str):
    ended = kanaria(copy, *words)

    assert said in ended.output


def test_a_file_with_changes_of_its_own_is_left_alone(copy: Path):
    (copy / "deploy" / "wine.yaml").write_text(MANIFEST + "  suspend: true\n")

    ended = kanaria(copy, "pause", "wine")

    assert (ended.exit_code, "commit or stash" in ended.stderr) == (1, True)


def test_two_manifests_of_one_name_are_told(copy: Path):
    (copy / "deploy" / "again.yaml").write_text(MANIFEST)

    ended = kanaria(copy, "pause", "wine")

    assert (ended.exit_code, "again.yaml" in ended.stderr) == (1, True)


def test_a_refused_commit_leaves_the_file_as_it_was(copy: Path):
    hook = copy / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho not today >&2\nexit 1\n")
    hook.chmod(0o755)

    ended = kanaria(copy, "pause", "wine")

    assert (ended.exit_code, "not today" in ended.stderr) == (1, True)
    assert (copy / "deploy" / "wine.yaml").read_text() == MANIFEST


def test_outside_of_a_working_copy_a_verb_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))

    ended = CliRunner().invoke(app, ["pause", "wine", "--path", str(tmp_path)])

    assert (ended.exit_code, "in no Git working copy" in ended.stderr) == (1, True)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_learns_to_complete(shell: str):
    ended = CliRunner().invoke(app, ["completion", shell])

    assert "_KANARIA_COMPLETE" in ended.stdout


def test_a_verb_in_a_folder_of_the_working_copy_sees_and_commits_that_folder_s_file(
    copy: Path, monkeypatch: pytest.MonkeyPatch
):
    (copy / "wine.yaml").write_text("unrelated: 1\n")
    git(copy, "add", "wine.yaml")
    git(copy, "commit", "-q", "-m", "A file of the same name at the top", "--", "wine.yaml")
    (copy / "wine.yaml").write_text("unrelated: 2\n")
    monkeypatch.chdir(copy / "deploy")

    ended = CliRunner().invoke(app, ["pause", "wine"])

    assert ended.exit_code == 0, ended.stderr
    assert git(copy, "show", "--name-only", "--format=", "HEAD") == "deploy/wine.yaml"


def test_a_verb_in_a_folder_sees_changes_that_are_not_committed(copy: Path, monkeypatch: pytest.MonkeyPatch):
    (copy / "deploy" / "wine.yaml").write_text(MANIFEST + "  suspend: true\n")
    monkeypatch.chdir(copy / "deploy")

    ended = CliRunner().invoke(app, ["pause", "wine"])

    assert (ended.exit_code, "commit or stash" in ended.stderr) == (1, True)


def test_a_file_name_is_no_pattern(copy: Path):
    (copy / "deploy" / "wine.yaml").rename(copy / "deploy" / "win[de].yaml")
    (copy / "deploy" / "wind.yaml").write_text("a: 1\n")
    git(copy, "add", "deploy")
    git(copy, "commit", "-q", "-m", "Strange names", "--", "deploy")
    (copy / "deploy" / "wind.yaml").write_text("a: 2\n")

    ended = kanaria(copy, "pause", "wine")

    assert ended.exit_code == 0, ended.stderr
    assert git(copy, "show", "--name-only", "--format=", "HEAD") == "deploy/win[de].yaml"
