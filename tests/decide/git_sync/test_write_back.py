"""Edits are derived from wishes and the head: due once, never against a newer edit."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from fake_world import NOON
from kanaria.api import GitSync
from kanaria.decide.git_sync import Seen, decide, read_file, read_tree
from kanaria.decide.git_sync.head import newest_commit
from kanaria.vocabulary import (
    Answer,
    Answered,
    Apply,
    CommitEdits,
    CommitResult,
    Edit,
    EditClass,
    Failure,
    FailureKind,
    Field,
    ObjectRef,
    Plan,
    Set,
    Unanswered,
    Unset,
    WriteStatus,
)
from team_repository import WINE

WINE_REF = ObjectRef("kanaria.dev/v1alpha1", "ModelDeployment", "wine", "wine")
PROMOTION = Edit(
    WINE_REF,
    EditClass.PROPOSE,
    (Field(("spec", "candidate", "version"), "8"),),
    (Set(("spec", "stable"), {"version": "8"}), Unset(("spec", "candidate"))),
    "Promote wine to version 8",
)
REMOVAL = replace(PROMOTION, edit_class=EditClass.SETTLE, changes=(Unset(("spec", "candidate")),), subject="Take back")
LATER = NOON + timedelta(minutes=1)
MUCH_LATER = NOON + timedelta(hours=1)


def a_sync(status: dict[str, Any] | None = None, **spec: Any) -> GitSync:
    whole = {"url": "https://git.example.com/wine.git", "path": "deploy", "secretRef": {"name": "git"}, **spec}
    metadata = {"name": "team", "namespace": "wine", "generation": 1}
    return GitSync.read({"kind": "GitSync", "metadata": metadata, "spec": whole, "status": status or {}})


def seen(*edits: Edit, text: str = WINE, **more: Any) -> Seen:
    files = {"deploy/wine.yaml": read_file("deploy/wine.yaml", text.encode(), a_sync().ref)}
    tree = read_tree(files, {}, a_sync().ref, found=True)
    return replace(Seen(head=Answered(NOON, "c1"), commit="c1", tree=tree, edits=edits), **more)


def commits(plan: Plan) -> list[CommitEdits]:
    return [act for act in plan.acts if isinstance(act, CommitEdits)]


def test_an_edit_that_is_due_is_committed_alone_and_looked_at_right_after():
    plan = decide(a_sync(), seen(PROMOTION), LATER)

    (act,) = plan.acts
    assert isinstance(act, CommitEdits)
    assert (act.url, act.branch, act.namespace, act.secret) == (
        "https://git.example.com/wine.git",
        "main",
        "wine",
        "git",
    )
    assert [(each.path, each.edit) for each in act.edits] == [("deploy/wine.yaml", PROMOTION)]
    assert plan.look_again == LATER


LANDED = WINE.replace('"7"', '"8"').replace('  candidate:\n    version: "8"\n', "")


@pytest.mark.parametrize(
    ("spec", "world"),
    [
        pytest.param({}, seen(PROMOTION, text=LANDED), id="landed, and not applied yet"),
        pytest.param({}, seen(PROMOTION, text=WINE.replace('"8"', '"9"')), id="a newer candidate by hand"),
        pytest.param({}, seen(replace(PROMOTION, target=replace(WINE_REF, name="other"))), id="not in the path"),
        pytest.param({"writeBack": {"propose": "Disabled"}}, seen(PROMOTION), id="proposals are disabled"),
        pytest.param({"writeBack": {"settle": "Disabled"}}, seen(REMOVAL), id="removals are disabled"),
        pytest.param({"suspend": True}, seen(PROMOTION), id="suspended"),
        pytest.param({}, seen(PROMOTION, head=Unanswered(LATER, "no")), id="the remote is away"),
        pytest.param({}, seen(PROMOTION, head=None, commit=""), id="nothing is fetched yet"),
        pytest.param(
            {}, seen(PROMOTION, result=CommitResult(LATER, "", dropped=((PROMOTION, "x"),))), id="dropped just now"
        ),
    ],
)
def test_an_edit_is_not_due(spec: dict[str, Any], world: Seen):
    assert commits(decide(a_sync(**spec), world, LATER)) == []


@pytest.mark.parametrize(
    ("spec", "world"),
    [
        pytest.param({"writeBack": {"settle": "Disabled"}}, seen(PROMOTION), id="only removals are disabled"),
        pytest.param({}, seen(PROMOTION, text=WINE + "---\nkind: x\n"), id="a fault elsewhere"),
        pytest.param(
            {},
            seen(PROMOTION, head=Answered(LATER, "c1"), result=CommitResult(NOON, "", dropped=((PROMOTION, "x"),))),
            id="dropped at an older head",
        ),
        pytest.param({}, seen(PROMOTION, synced=False), id="caches are not there yet"),
    ],
)
def test_an_edit_is_due(spec: dict[str, Any], world: Seen):
    assert len(commits(decide(a_sync(**spec), world, LATER))) == 1


def test_several_edits_are_one_commit_and_one_object_is_edited_once():
    cider = WINE.replace("name: wine,", "name: cider,")
    other = replace(PROMOTION, target=replace(WINE_REF, name="cider"))

    (act,) = commits(decide(a_sync(), seen(PROMOTION, REMOVAL, other, text=f"{WINE}---\n{cider}"), LATER))

    assert [each.edit for each in act.edits] == [PROMOTION, other]


def test_what_landed_is_told_once_and_stands_in_the_status():
    result = CommitResult(LATER, "c2", landed=(PROMOTION,), dropped=((REMOVAL, "spec.x is 1 there"),))
    world = seen(text=LANDED, commit="c2", result=result, result_is_news=True)

    plan = decide(a_sync(), world, LATER)

    assert plan.status is not None
    assert plan.status["lastWriteBack"] == "c2 Promote wine to version 8"
    assert [(notice.type, notice.reason, notice.message) for notice in plan.notices[1:]] == [
        ("Normal", "Committed", "c2: Promote wine to version 8"),
        ("Warning", "EditDropped", "not committed: Take back: spec.x is 1 there"),
    ]
    again = decide(a_sync(), replace(world, result_is_news=False), LATER)
    assert [notice.reason for notice in again.notices] == ["Succeeded"]


def test_a_push_that_failed_is_told_and_holds_nothing_up():
    failure = Failure(CommitEdits("u", "main", "wine", None, ("", ""), ()), FailureKind.UNREACHABLE, "ten times", NOON)
    world = seen(PROMOTION, failure=failure, differing={WINE_REF: ()})

    plan = decide(a_sync(), world, LATER)

    assert [type(act) for act in plan.acts] == [WriteStatus, Apply, CommitEdits]
    assert plan.status is not None
    ready, reconciling = plan.status["conditions"]
    assert (ready["reason"], reconciling["reason"]) == ("PushFailed", "ProgressingWithRetry")
    assert "edits to main are not committed yet: ten times" in reconciling["message"]


@pytest.mark.parametrize(
    ("answer", "result", "remembered", "expected"),
    [
        pytest.param(None, None, "", "", id="nothing is known"),
        pytest.param(Answered(NOON, "c1"), None, "c0", "c1", id="fetched"),
        pytest.param(Unanswered(NOON, "no"), None, "c0", "c0", id="away: the last known"),
        pytest.param(Answered(NOON, "c1"), CommitResult(LATER, "c2"), "c1", "c2", id="our own push, at once"),
        pytest.param(Answered(LATER, "c3"), CommitResult(NOON, "c2"), "c2", "c3", id="fetched after our push"),
        pytest.param(Answered(NOON, "c1"), CommitResult(LATER, "", error="no"), "c1", "c1", id="a push that failed"),
        pytest.param(Unanswered(LATER, "no"), CommitResult(NOON, "c2"), "c2", "c2", id="away after our push"),
        pytest.param(
            Answered(LATER, "c3"), CommitResult(MUCH_LATER, "c2"), "c2", "c3", id="the clock was set back since"
        ),
        pytest.param(Answered(MUCH_LATER, "c1"), CommitResult(MUCH_LATER, "c2"), "c1", "c2", id="set back after both"),
    ],
)
def test_the_newest_commit_that_is_known_is_worked_with(
    answer: Answer | None, result: CommitResult | None, remembered: str, expected: str
):
    assert newest_commit(answer, result, remembered, LATER) == expected


def test_an_edit_that_landed_and_that_a_person_took_back_is_not_made_again():
    result = CommitResult(NOON, "c0", landed=(PROMOTION,))

    plan = decide(a_sync(), seen(PROMOTION, head=Answered(LATER, "c1"), result=result), LATER)

    assert commits(plan) == []
    assert commits(decide(a_sync(), seen(PROMOTION, head=Answered(LATER, "c1")), LATER)) != []


@pytest.mark.parametrize("pinned", [{"tag": "v1"}, {"commit": "a" * 40}], ids=["a tag", "a commit"])
def test_there_is_no_way_back_to_what_is_no_branch(pinned: dict[str, str]):
    sync = a_sync(ref=pinned)

    assert commits(decide(sync, seen(PROMOTION, REMOVAL), NOON)) == []
    assert (sync.spec.proposes, sync.spec.settles) == (False, False)
