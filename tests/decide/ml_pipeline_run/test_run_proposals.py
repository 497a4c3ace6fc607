"""Where a run that passed is proposed, by which edit, and how far that is."""

from dataclasses import replace
from datetime import timedelta

import pytest

from kanaria.api import ModelDeployment
from kanaria.decide.ml_pipeline_run.wishes import edits_due
from kanaria.vocabulary import CommitResult, EditClass, Field, ObjectName, Set
from pipelines import A_MODEL, TO_WINE, Story, a_run, a_target, played, with_candidate

WINE = ObjectName("wine", "wine")
ELSEWHERE = [{"modelDeployment": {"name": "wine", "namespace": "prod"}}]


def proposing(*targets: ModelDeployment, promote: list = TO_WINE, **more: object) -> Story:
    return played(Story(a_run(model=A_MODEL, promote=promote, revision="abc"), targets=targets, **more))


def state(story: Story) -> tuple[str, str]:
    (proposal,) = story.run.status.proposals
    return proposal.state, proposal.message


def edits(story: Story) -> tuple:
    return edits_due(story.run, {target.name: target for target in story.targets})


def test_a_run_that_passed_waits_for_the_commit_that_proposes_it():
    story = proposing(a_target(stable={"version": "7"}))

    assert (story.run.status.phase, state(story)) == ("Succeeded", ("Due", ""))
    assert story.ready() == ("Unknown", "AwaitingCommit", "version 8 is to be proposed to wine/wine by a commit")


def test_the_edit_sets_the_candidate_and_says_why():
    (edit,) = edits(proposing(a_target(stable={"version": "7"})))

    assert (edit.target.kind, edit.target.object_name, edit.edit_class) == ("ModelDeployment", WINE, EditClass.PROPOSE)
    assert edit.expects == (Field(("spec", "candidate"), None),)
    assert edit.changes == (Set(("spec", "candidate"), {"version": "8", "modelId": "m-8"}),)
    assert edit.subject == "Propose wine version 8"
    assert ("Kanaria-Run", "wine/wine-1-abcde") in edit.trailers
    assert ("Kanaria-Revision", "abc") in edit.trailers


def test_the_edit_replaces_the_candidate_that_stood_there():
    (edit,) = edits(proposing(a_target(candidate={"version": "7", "predictor": {"minReplicas": 2}})))

    assert edit.expects[0].value == {"version": "7", "predictor": {"minReplicas": 2}}
    assert edit.changes[0].value == {"version": "8", "modelId": "m-8"}


@pytest.mark.parametrize(
    "spec", [{"candidate": {"version": "8"}}, {"stable": {"version": "8"}}], ids=["tried", "stable"]
)
def test_it_is_applied_once_the_live_spec_has_the_version(spec: dict):
    story = proposing(a_target())

    story.targets = (a_target(**spec),)
    story.settle()

    assert state(story)[0] == "Applied"
    assert story.ready() == ("True", "Proposed", "version 8 was proposed to wine/wine")
    assert edits(story) == ()


def test_the_commit_that_proposed_it_is_told_also_where_it_is_applied_at_once():
    story = proposing(a_target())

    story.landed, story.targets = {WINE: CommitResult(story.now, "abc123")}, (a_target(candidate={"version": "8"}),)
    story.settle()

    assert (state(story)[0], story.run.status.proposals[0].commit) == ("Applied", "abc123")


def test_what_is_applied_stays_applied():
    story = proposing(a_target(candidate={"version": "8"}))

    story.targets = (a_target(candidate={"version": "9"}),)
    story.settle()

    assert state(story)[0] == "Applied"


def landed() -> Story:
    """A run whose proposal is committed, and not applied yet."""
    story = proposing(a_target())
    story.landed = {WINE: CommitResult(story.now, "abc123")}
    story.settle()
    story.landed = {}
    return story.settle()


def test_between_the_commit_and_its_sync_nothing_is_edited_twice():
    story = landed()

    assert (state(story)[0], story.ready()[1], edits(story)) == ("Landed", "AwaitingSync", ())
    assert story.run.status.proposals[0].commit == "abc123"


@pytest.mark.parametrize(
    ("applied", "later", "expected"),
    [
        pytest.param(None, 300, "Landed", id="nothing was applied yet"),
        pytest.param(-1, 300, "Landed", id="only what came before"),
        pytest.param(5, 10, "Landed", id="something later, just now: the target may not be seen yet"),
        pytest.param(5, 300, "Dropped", id="something later, and the target does not show it"),
    ],
)
def test_a_proposal_that_a_person_took_back_is_not_waited_for(applied: int | None, later: int, expected: str):
    story = landed()
    story.applied_at = {} if applied is None else {WINE: story.now + timedelta(seconds=applied)}

    story.later(seconds=later).settle()

    assert state(story)[0] == expected
    assert edits(story) == ()
    assert ("commit abc123 was taken back" in state(story)[1]) == (expected == "Dropped")


def test_the_newer_edit_of_a_person_wins():
    story = proposing(a_target(candidate={"version": "7"}))

    story.targets = (a_target(candidate={"version": "9"}),)
    assert edits(story) == ()
    story.settle()

    assert state(story) == ("Dropped", "another candidate, version 9, was set meanwhile; the newer edit wins")


def test_a_proposal_waits_for_the_end_of_another_trial_where_the_target_queues():
    story = proposing(a_target(candidate={"version": "7"}, onSupersede="Queue"))

    assert (state(story), edits(story)) == (("Due", ""), ())
    assert story.ready()[2].startswith("version 8 is proposed to wine/wine once the trial of version 7 is over")

    story.targets = (a_target(candidate={"version": "6"}, onSupersede="Queue"),)  # by a person, who needs no queue
    story.settle()
    assert (state(story)[0], edits(story)) == ("Due", ())

    story.targets = (a_target(stable={"version": "7"}, onSupersede="Queue"),)
    story.settle()
    assert [edit.changes[0].value["version"] for edit in edits(story)] == ["8"]


def test_a_candidate_that_ended_meanwhile_is_no_newer_edit():
    story = proposing(a_target(candidate={"version": "7"}))

    story.targets = (a_target(stable={"version": "7"}),)
    story.settle()

    assert state(story)[0] == "Due"
    assert edits(story)[0].expects == (Field(("spec", "candidate"), None),)


def test_the_newest_run_wins():
    newer = played(Story(a_run(number=2, model=A_MODEL, promote=TO_WINE), targets=(a_target(),)))
    assert newer.run.status.phase == "Failed"  # it registered nothing: it proposes nothing
    story = proposing(a_target(), newer=(newer.run,))
    assert state(story)[0] == "Due"

    status = newer.run.status.model_copy(update={"proposals": story.run.status.proposals})
    story.newer = (newer.run.model_copy(update={"status": status}),)
    story.settle()

    assert state(story) == ("Dropped", "run wine-2-abcde proposes a newer version")


def test_a_version_that_was_rejected_is_not_proposed_again():
    story = proposing(a_target(rejected=[{"version": "8", "reason": "Reverted"}]))

    assert state(story)[0] == "Dropped"
    assert "version 8 is in spec.rejected of wine/wine (Reverted)" in state(story)[1]
    assert story.ready()[:2] == ("True", "RunSucceeded")


def test_a_target_that_does_not_exist_yet_is_waited_for():
    story = proposing()
    said = "spec.promote: ModelDeployment wine/wine does not exist yet; commit it"
    assert story.ready() == ("Unknown", "AwaitingCommit", said)
    assert story.decide().look_again is not None

    story.targets = (a_target(),)

    assert len(edits(story.settle())) == 1


def test_a_target_that_no_git_sync_holds_has_no_way_back():
    story = proposing(a_target(synced=False))

    assert (state(story)[0], story.ready()[:2]) == ("Due", ("False", "NoWayBack"))
    story.targets = (a_target(),)
    assert story.settle().ready()[1] == "AwaitingCommit"


@pytest.mark.parametrize(
    ("accepted", "expected"),
    [
        pytest.param([], "Dropped", id="nobody"),
        pytest.param([{"name": "wine", "namespace": "wine"}], "Due", id="this pipeline"),
        pytest.param([{"name": "wine", "namespace": "beer"}], "Dropped", id="its namesake elsewhere"),
        pytest.param([{"name": "beer", "namespace": "wine"}], "Dropped", id="its neighbour"),
    ],
)
def test_another_namespace_must_accept_proposals(accepted: list, expected: str):
    story = proposing(a_target(namespace="prod", acceptFrom=accepted), promote=ELSEWHERE)

    assert state(story)[0] == expected
    assert (story.ready()[:2] == ("False", "TargetRefused")) == (expected == "Dropped")
    assert len(edits(story)) == (expected == "Due")


def test_a_target_that_comes_later_and_accepts_nobody_is_not_edited_before_the_run_looks():
    story = proposing(promote=ELSEWHERE)
    assert state(story)[0] == "Due"

    story.targets = (a_target(namespace="prod"),)

    assert edits(story) == ()


def test_each_target_has_its_own_proposal():
    prod = a_target(namespace="prod", acceptFrom=[{"name": "wine", "namespace": "wine"}])
    story = proposing(a_target(), prod, promote=[*TO_WINE, *ELSEWHERE])

    story.targets = (with_candidate(a_target(), "8"), prod)
    story.settle()

    assert [p.state for p in story.run.status.proposals] == ["Applied", "Due"]
    assert [edit.target.namespace for edit in edits(story)] == ["prod"]


def test_a_run_that_failed_proposes_nothing():
    story = Story(a_run(model=A_MODEL, promote=TO_WINE), targets=(a_target(),)).settle()

    story.ends("train", code=1).settle()

    assert edits(story) == ()


def test_the_commit_tells_what_the_gates_said():
    story = proposing(a_target())
    gate = {"policy": "offline", "metric": "accuracy", "verdict": "Passed", "message": "accuracy is 0.95, within"}
    status = type(story.run.status).model_validate(story.run.status.model_dump() | {"gates": [gate]})

    (edit,) = edits(replace(story, run=story.run.model_copy(update={"status": status})))

    assert "* offline/accuracy: accuracy is 0.95, within" in edit.body
    assert "commit abc changed the code" in edit.body
