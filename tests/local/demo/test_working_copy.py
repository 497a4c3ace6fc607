"""The demo commits as a person would."""

from pathlib import Path

import pytest
from git import Repo

from kanaria.local.demo.working_copy import WorkingCopy


@pytest.fixture
def remote(tmp_path: Path) -> str:
    Repo.init(tmp_path / "remote.git", bare=True, initial_branch="main")
    return f"file://{tmp_path}/remote.git"


def test_the_first_act_fills_in_the_repository_address(remote: str, tmp_path: Path):
    copy = WorkingCopy.clone(remote, tmp_path / "copy")

    copy.commit_act("a", "Begin")

    assert f"url: {remote}" in (copy.folder / "deploy/pipeline.yaml").read_text()
    assert [(c.author, c.subject) for c in copy.log()] == [("Hana", "Begin")]


def test_a_commit_of_another_is_pulled_before_ours(remote: str, tmp_path: Path):
    ours = WorkingCopy.clone(remote, tmp_path / "ours")
    ours.commit_act("a", "Begin")
    theirs = WorkingCopy.clone(remote, tmp_path / "theirs")
    theirs.commit_act("b", "Improve")

    ours.commit_act("c", "Hurry")

    assert [c.subject for c in ours.log()] == ["Hurry", "Improve", "Begin"]


def test_a_revert_finds_the_commit_by_its_subject(remote: str, tmp_path: Path):
    copy = WorkingCopy.clone(remote, tmp_path / "copy")
    copy.commit_act("a", "Begin")
    copy.commit_act("b", "Promote digits to version 2")

    copy.revert("^Promote .*2")

    assert "DecisionTree" in (copy.folder / "training/model.py").read_text()


def test_nothing_to_revert_is_said(remote: str, tmp_path: Path):
    copy = WorkingCopy.clone(remote, tmp_path / "copy")
    copy.commit_act("a", "Begin")

    with pytest.raises(LookupError, match="Promote"):
        copy.revert("^Promote .*2")
