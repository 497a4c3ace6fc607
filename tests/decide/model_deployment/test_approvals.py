"""A candidate that needs an approval is tried once another than its author gave it, by a commit."""

from dataclasses import replace
from typing import Any

import pytest
from pydantic import ValidationError

from deployments import a_spec, a_world, message, phase, reason, serving
from kanaria.api import ModelDeployment
from kanaria.decide.model_deployment import verbs
from kanaria.vocabulary import Append, Approval, ApprovalAsked, Set
from model_world import ModelWorld

ANN, BEN = "ann@example.com", "ben@example.com"
EIGHT = {"version": "8", "approved": True}


def asked(approval: Approval | None, candidate: dict[str, Any] | None = None) -> ModelWorld:
    """A candidate beside 7, where approvals are needed; this is what Git says of it."""
    world = serving("7", requireApproval=True)
    world.approval = approval
    return world.spec(candidate=candidate or EIGHT).run(10)


def test_a_candidate_that_another_approved_is_tried():
    assert phase(asked(Approval(ANN, BEN))) == "Stepping"


@pytest.mark.parametrize(
    ("approval", "candidate", "said"),
    [
        pytest.param(Approval(ANN), {"version": "8"}, "(kanaria approve wine)", id="not approved"),
        pytest.param(Approval(ANN), EIGHT, "is not in the commit that was applied", id="by hand, not in Git"),
        pytest.param(Approval(ANN, ANN), EIGHT, f"{ANN} proposed and approved it", id="by its author"),
        pytest.param(None, EIGHT, "Git cannot say who approved it: the mirror is gone", id="nobody can tell"),
    ],
)
def test_what_is_no_approval(approval: Approval | None, candidate: dict[str, Any], said: str):
    world = asked(approval, candidate)

    assert (phase(world), reason(world), said in message(world)) == (None, "AwaitingApproval", True), message(world)
    assert world.weights() == {"r7": 100} or set(world.weights().values()) == {100}


def test_what_no_git_sync_applied_is_never_approved():
    world = serving("7", requireApproval=True)
    world.approval, world.way_back = Approval(ANN, BEN), None

    world.spec(candidate=EIGHT).run(10)

    assert (reason(world), "no GitSync holds it" in message(world)) == ("AwaitingApproval", True)


def test_an_approval_starts_the_trial_and_no_other():
    world = asked(Approval(ANN), {"version": "8"})
    world.approval = Approval(ANN, BEN)
    world.spec(candidate=EIGHT).run(10)
    trial = world.read_md().status.trial

    world.spec(candidate={"version": "8"}).run(10)

    assert (phase(world), world.read_md().status.trial.id) == ("Stepping", trial.id)


def test_git_is_asked_for_the_candidate_without_what_is_said_of_it():
    world = asked(Approval(ANN, BEN), EIGHT | {"paused": True, "predictor": {"maxReplicas": 2}})
    world.way_back = replace(world.way_back, url="https://git/team", path="prod", revision="def5678")
    world = asked_again(world)

    (question,) = [each for each in world.decide().plan.questions if isinstance(each, ApprovalAsked)]

    assert (question.url, question.path, question.commit) == ("https://git/team", "prod", "def5678")
    assert question.candidate == '{"predictor": {"maxReplicas": 2}, "version": "9"}'


def asked_again(world: ModelWorld) -> ModelWorld:
    world.approval = Approval(ANN)
    return world.spec(candidate={"version": "9", "approved": True, "predictor": {"maxReplicas": 2}}).run(10)


def test_a_first_version_needs_an_approval_too():
    world = a_world(candidate={"version": "1"}, requireApproval=True)

    assert reason(world.run(10)) == "AwaitingApproval"


def test_where_none_is_needed_nobody_asks():
    world = serving("7").spec(candidate=EIGHT).run(10)

    assert phase(world) == "Stepping"


def test_an_approval_that_stable_could_go_past_is_refused():
    with pytest.raises(ValidationError, match="requireApproval is of no use with requireCanary: false"):
        ModelDeployment.parse(
            {
                "metadata": {"name": "wine", "namespace": "cellar"},
                "spec": a_spec(requireApproval=True, requireCanary=False),
            }
        )


def test_the_verb_approves_what_waits_for_it():
    waits = asked(Approval(ANN), {"version": "8"}).read_md()

    edit = verbs.approve(waits)

    assert not isinstance(edit, verbs.Refused)
    assert (edit.changes, edit.subject) == ((Set(("spec", "candidate", "approved"), True),), "Approve wine 8")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        pytest.param({"candidate": EIGHT}, "is approved already", id="twice"),
        pytest.param({}, "tries nothing", id="nothing"),
        pytest.param(
            {"candidate": {"version": "8"}, "requireApproval": False}, "asks for no approval", id="not needed"
        ),
    ],
)
def test_the_verb_says_why_there_is_nothing_to_approve(fields: dict[str, Any], said: str):
    md = a_world(**{"requireApproval": True, "stable": {"version": "7"}, **fields}).read_md()

    refused = verbs.approve(md)

    assert isinstance(refused, verbs.Refused)
    assert said in refused.sentence


def test_a_promotion_leaves_no_approval_behind():
    world = asked(Approval(ANN, BEN)).run(3600, every=10)
    for _ in range(3):
        world.commit()
        world.run(60, every=10)

    assert (world.md["spec"]["stable"]["version"], "candidate" in world.md["spec"]) == ("8", False)
    assert not any(isinstance(change, Append) for edit in world.commits for change in edit.changes)
