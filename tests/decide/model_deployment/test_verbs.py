"""A person's verbs are edits to the document, or sentences that say why there is nothing to do."""

from typing import Any

import pytest

from deployments import a_spec, canary
from kanaria.api import ModelDeployment
from kanaria.decide.model_deployment import verbs
from kanaria.vocabulary import Append, Edit, Set, Unset
from model_world import NOON

STEPS = canary({"setWeight": 5}, {"pause": {}}, {"setWeight": 25}, {"pause": {"duration": "1m"}}, {"pause": {}})
CANDIDATE = ("spec", "candidate")
PAUSED, FROM_STEP, PROMOTE = ((*CANDIDATE, word) for word in ("paused", "fromStep", "promote"))
REJECTED = ("spec", "rejected")
SIX, FIVE = {"version": "6", "reason": "Failed", "evidence": ""}, {"version": "5", "reason": "Failed", "evidence": ""}


def md(**fields: Any) -> ModelDeployment:
    spec = a_spec(**{"stable": {"version": "7"}, "strategy": STEPS, **fields})
    return ModelDeployment.read({"metadata": {"name": "wine", "namespace": "cellar"}, "spec": spec})


def trying(**fields: Any) -> ModelDeployment:
    return md(candidate={"version": "8", **fields})


def done(verb: verbs.Verb) -> tuple[str, list[Any]]:
    assert isinstance(verb, Edit), verb
    return verb.subject, list(verb.changes)


@pytest.mark.parametrize(
    ("verb", "subject", "changes"),
    [
        pytest.param(
            verbs.promote(trying()), "Let wine 8 go on from step 3", [Set(FROM_STEP, 3)], id="past the next open pause"
        ),
        pytest.param(
            verbs.promote(trying(fromStep=3)),
            "Let wine 8 go on from step 6",
            [Set(FROM_STEP, 6)],
            id="and the one after",
        ),
        pytest.param(
            verbs.promote(trying(), step=5), "Let wine 8 go on from step 5", [Set(FROM_STEP, 5)], id="from a step"
        ),
        pytest.param(
            verbs.promote(trying(paused=True), full=True),
            "Promote wine 8 without proof",
            [Set(PROMOTE, "Full"), Unset(PAUSED)],
            id="all the way",
        ),
        pytest.param(verbs.pause(trying()), "Pause wine 8", [Set(PAUSED, True)], id="pause"),
        pytest.param(verbs.resume(trying(paused=True)), "Resume wine 8", [Unset(PAUSED)], id="resume"),
        pytest.param(
            verbs.resume(trying()), "Let wine 8 go on from step 3", [Set(FROM_STEP, 3)], id="resume what waits"
        ),
        pytest.param(verbs.abort(trying()), "Take back wine 8", [Unset(CANDIDATE)], id="abort"),
        pytest.param(
            verbs.abort(trying(), "too slow", NOON),
            "Take back wine 8",
            [
                Unset(CANDIDATE),
                Append(
                    REJECTED,
                    {"version": "8", "reason": "Rejected", "evidence": "too slow", "at": "2026-01-15T12:00:00Z"},
                ),
            ],
            id="abort and reject",
        ),
        pytest.param(
            verbs.retry(md(rejected=[FIVE, SIX])),
            "Try wine 6 again",
            [Set(REJECTED, [FIVE]), Set(CANDIDATE, {"version": "6"})],
            id="retry the newest",
        ),
        pytest.param(
            verbs.retry(md(rejected=[FIVE]), "5"),
            "Try wine 5 again",
            [Unset(REJECTED), Set(CANDIDATE, {"version": "5"})],
            id="retry the only one",
        ),
        pytest.param(
            verbs.retry(md(), "9"),
            "Try wine 9 again",
            [Set(CANDIDATE, {"version": "9"})],
            id="retry what was withdrawn",
        ),
    ],
)
def test_a_verb_is_an_edit(verb: verbs.Verb, subject: str, changes: list[Any]):
    assert done(verb) == (subject, changes)


@pytest.mark.parametrize(
    ("verb", "said"),
    [
        pytest.param(verbs.promote(md()), "tries nothing", id="promote nothing"),
        pytest.param(verbs.pause(md()), "tries nothing", id="pause nothing"),
        pytest.param(verbs.resume(md()), "tries nothing", id="resume nothing"),
        pytest.param(verbs.abort(md()), "tries nothing", id="abort nothing"),
        pytest.param(verbs.promote(trying(fromStep=6)), "--full", id="no pause is left"),
        pytest.param(verbs.promote(trying(), step=9), "has 5 steps", id="no such step"),
        pytest.param(verbs.promote(trying(promote="Full"), full=True), "Full already", id="said already"),
        pytest.param(verbs.pause(trying(paused=True)), "paused already", id="paused already"),
        pytest.param(verbs.retry(md()), "no version of wine was rejected", id="nothing to retry"),
        pytest.param(verbs.retry(trying(), "6"), "abort", id="another is tried"),
        pytest.param(verbs.retry(md(), "7"), "serves 7 already", id="what serves"),
    ],
)
def test_a_verb_that_has_nothing_to_do_says_so(verb: verbs.Verb, said: str):
    assert isinstance(verb, verbs.Refused)
    assert said in verb.sentence


def test_undoing_brings_back_what_the_promotion_changed_and_nothing_else():
    before = {
        "spec": {
            "stable": {"version": "7", "modelId": "m-7"},
            "candidate": {"version": "8", "promote": "Full", "predictor": {"image": "b"}},
            "predictor": {"image": "a", "minReplicas": 1},
        }
    }
    after = {"spec": {"stable": {"version": "8"}, "predictor": {"image": "b", "minReplicas": 1, "new": True}}}

    verb = verbs.undo(md(stable={"version": "8"}), before, after)

    assert done(verb) == (
        "Undo the promotion of wine 8",
        [
            Set(("spec", "stable"), {"version": "7", "modelId": "m-7"}),
            Set(CANDIDATE, {"version": "8", "predictor": {"image": "b"}}),
            Set(("spec", "predictor", "image"), "a"),
            Unset(("spec", "predictor", "new")),
        ],
    )


def test_a_first_version_is_not_undone():
    verb = verbs.undo(md(), {"spec": {}}, {"spec": {"stable": {"version": "7"}}})

    assert isinstance(verb, verbs.Refused)
