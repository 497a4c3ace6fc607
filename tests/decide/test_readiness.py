"""How Ready follows from the outcome of a pass."""

from datetime import UTC, datetime, timedelta

import pytest

from kanaria.api import MetricPolicy
from kanaria.api.conditions import Reason
from kanaria.api.resource import Condition
from kanaria.decide.readiness import Ready, conditions, notices, status_write
from kanaria.vocabulary import GO, Outcome, Stall, Wait

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)
READY = Ready(Reason.SUCCEEDED, "all is well")


def said(outcome: Outcome, before: tuple[Condition, ...] = ()) -> dict[str, tuple[str, str]]:
    return {c.type: (c.status, c.reason) for c in conditions(before, outcome, READY, 3, NOW)}


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        pytest.param(GO, {"Ready": ("True", "Succeeded")}, id="done"),
        pytest.param(
            Wait(Reason.LOADING, "servers come up"),
            {"Ready": ("Unknown", "Loading"), "Reconciling": ("True", "Loading")},
            id="waiting",
        ),
        pytest.param(
            Stall(Reason.INVALID_SPEC, "mend it"),
            {"Ready": ("False", "InvalidSpec"), "Stalled": ("True", "InvalidSpec")},
            id="the user must act",
        ),
        pytest.param(
            Wait(Reason.FETCH_FAILED, "no route", retry=True),
            {"Ready": ("Unknown", "FetchFailed"), "Reconciling": ("True", "ProgressingWithRetry")},
            id="the world failed at first sight",
        ),
    ],
)
def test_conditions_follow_the_outcome(outcome: Outcome, expected: dict[str, tuple[str, str]]):
    assert said(outcome) == expected


def test_a_failing_world_leaves_what_is_ready_as_it_was():
    before = conditions((), GO, READY, 3, NOW)

    after = said(Wait(Reason.FETCH_FAILED, "no route", retry=True), before)

    assert after == {"Ready": ("True", "Succeeded"), "Reconciling": ("True", "ProgressingWithRetry")}


@pytest.mark.parametrize(
    "earlier",
    [
        pytest.param(Wait(Reason.LOADING, "servers come up"), id="waited"),
        pytest.param(Stall(Reason.INVALID_SPEC, "mend it"), id="stalled for something that is mended"),
    ],
)
def test_a_failing_world_replaces_what_ready_said_of_something_else(earlier: Outcome):
    before = conditions((), earlier, READY, 3, NOW)
    failing = Wait(Reason.FETCH_FAILED, "no route", retry=True)

    after = conditions(before, failing, READY, 3, LATER)

    assert {c.type: (c.status, c.reason, c.message) for c in after} == {
        "Ready": ("Unknown", "FetchFailed", "no route"),
        "Reconciling": ("True", "ProgressingWithRetry", "no route"),
    }
    assert [(n.type, n.reason) for n in notices(before, after)] == [("Warning", "ProgressingWithRetry")]


def test_the_transition_time_moves_only_with_the_status():
    before = conditions((), GO, READY, 3, NOW)

    same = conditions(before, GO, Ready(Reason.SERVING, "another reason"), 4, LATER)
    other = conditions(before, Stall(Reason.INVALID_SPEC, "mend it"), READY, 4, LATER)

    assert [c.last_transition_time for c in same] == [NOW]
    assert {c.last_transition_time for c in other} == {LATER}


def test_users_are_told_once_of_a_change_and_not_of_a_repetition():
    first = conditions((), Stall(Reason.INVALID_SPEC, "mend it"), READY, 3, NOW)

    told = notices((), first)

    assert [(n.type, n.reason) for n in told] == [("Warning", "InvalidSpec")]
    assert notices(first, first) == ()


def a_policy() -> MetricPolicy:
    metric = {"name": "accuracy", "mlflow": {"key": "accuracy"}, "threshold": {"min": 0.9}}
    return MetricPolicy.read(
        {"kind": "MetricPolicy", "metadata": {"name": "p", "namespace": "n"}, "spec": {"metrics": [metric]}}
    )


def test_a_status_that_says_the_same_is_not_written():
    policy = a_policy()
    changed = policy.status.model_copy(update={"metrics": "accuracy"})

    assert status_write(policy, policy.status) == ()
    assert [w.status["metrics"] for w in status_write(policy, changed)] == ["accuracy"]
