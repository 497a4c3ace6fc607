"""Which edits to Git are due follows from the status and the live spec alone."""

import pytest

from deployments import a_spec
from kanaria.api import ModelDeployment
from kanaria.decide.model_deployment.trials import trial_id
from kanaria.decide.model_deployment.wishes import SUBJECT_MAX, edits_due
from kanaria.vocabulary import Append, EditClass, Field, Set, Unset

NOON = "2026-01-15T12:00:00Z"
EVIDENCE = "errors ×3.1 [2.0, 4.9]"


def a_deployment(phase: str | None, version: str = "8", **spec: object) -> ModelDeployment:
    fields = {"stable": {"version": "7"}, "candidate": {"version": version, "modelId": "m-8"}, **spec}
    tried = ModelDeployment.read({"metadata": {"name": "wine", "namespace": "cellar"}, "spec": a_spec(**fields)})
    trial = {"id": trial_id(tried.spec, 2), "generation": 2, "version": "8", "step": 4, "weight": 50}
    trial |= {"startedAt": NOON, "endedAt": NOON, "evidence": EVIDENCE, "runId": "r8"}
    body = {
        "metadata": {"name": "wine", "namespace": "cellar", "generation": 3},
        "spec": a_spec(**fields),
        "status": {"observedGeneration": 3} | ({"trial": trial | {"phase": phase}} if phase else {}),
    }
    return ModelDeployment.read(body)


def test_a_passed_candidate_becomes_stable():
    (edit,) = edits_due(a_deployment("Passed"))

    assert (edit.subject, edit.edit_class) == ("Promote wine to version 8", EditClass.PROPOSE)
    assert edit.expects == (
        Field(("spec", "candidate", "version"), "8"),
        Field(("spec", "candidate"), {"version": "8", "modelId": "m-8"}),
        Field(("spec", "stable", "version"), "7"),
    )
    assert edit.changes == (
        Set(("spec", "stable"), {"version": "8", "modelId": "m-8"}),
        Unset(("spec", "candidate")),
    )
    assert ("Kanaria-Run", "r8") in edit.trailers


def test_changes_tried_with_a_candidate_move_up_leaf_by_leaf():
    changed = {"model": {"resources": {"limits": {"cpu": "2"}}, "env": [{"name": "A", "value": "1"}]}}

    (edit,) = edits_due(a_deployment("Passed", candidate={"version": "8", "predictor": changed}))

    assert edit.changes[1:3] == (
        Set(("spec", "predictor", "model", "resources", "limits", "cpu"), "2"),
        Set(("spec", "predictor", "model", "env"), [{"name": "A", "value": "1"}]),
    )


def test_a_first_version_expects_no_stable():
    (edit,) = edits_due(a_deployment("Passed", stable=None))

    assert edit.expects[2] == Field(("spec", "stable"), None)


@pytest.mark.parametrize("phase", ["Failed", "Reverted"])
def test_a_candidate_that_failed_or_was_reverted_is_removed_and_rejected(phase: str):
    (edit,) = edits_due(a_deployment(phase))

    entry = {"version": "8", "reason": phase, "evidence": EVIDENCE, "at": NOON}
    assert edit.changes == (Unset(("spec", "candidate")), Append(("spec", "rejected"), entry))
    assert (edit.subject, edit.edit_class) == (f"Take back wine 8: {EVIDENCE}", EditClass.SETTLE)


@pytest.mark.parametrize("phase", ["Inconclusive", "Aborted"])
def test_a_candidate_without_proof_against_it_is_removed_only(phase: str):
    (edit,) = edits_due(a_deployment(phase))

    assert edit.changes == (Unset(("spec", "candidate")),)


@pytest.mark.parametrize(
    "deployment",
    [
        pytest.param(a_deployment(None), id="no trial"),
        pytest.param(a_deployment("Loading"), id="loading"),
        pytest.param(a_deployment("Stepping"), id="stepping"),
        pytest.param(a_deployment("Paused"), id="paused"),
        pytest.param(a_deployment("Promoted"), id="promoted already"),
        pytest.param(a_deployment("Passed", version="9"), id="a newer candidate stands there"),
        pytest.param(a_deployment("Failed", candidate=None), id="the candidate is gone"),
        pytest.param(a_deployment("Passed", suspend=True), id="suspended"),
    ],
)
def test_nothing_is_due(deployment: ModelDeployment):
    assert edits_due(deployment) == ()


def test_nothing_is_due_before_the_pass_has_seen_the_spec_as_it_is():
    deployment = a_deployment("Failed")
    status = deployment.status.model_copy(update={"observed_generation": 2})

    assert edits_due(deployment.model_copy(update={"status": status})) == ()


def test_a_passed_candidate_that_is_held_at_zero_is_not_promoted():
    deployment = a_deployment("Passed")
    trial = deployment.status.trial.model_copy(update={"weight": 0})
    status = deployment.status.model_copy(update={"trial": trial})

    assert edits_due(deployment.model_copy(update={"status": status})) == ()


def test_a_candidate_that_was_changed_since_it_passed_is_not_promoted():
    deployment = a_deployment("Passed")
    changed = deployment.spec.candidate.model_copy(update={"predictor": {"model": {"runtime": "other"}}})
    spec = deployment.spec.model_copy(update={"candidate": changed})

    assert edits_due(deployment.model_copy(update={"spec": spec})) == ()


def test_a_subject_is_short_whatever_the_evidence():
    deployment = a_deployment("Failed")
    trial = deployment.status.trial.model_copy(update={"evidence": "x " * 200})
    status = deployment.status.model_copy(update={"trial": trial})

    (edit,) = edits_due(deployment.model_copy(update={"status": status}))

    assert len(edit.subject) <= SUBJECT_MAX
