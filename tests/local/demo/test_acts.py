"""An act of the demo ends only when what it tells has come true."""

from typing import Any

import pytest

from kanaria.local.demo.acts import ACTS, Observed

AT = {act.letter: act for act in ACTS}


def deployment(*, spec: dict[str, Any], serves: str | None, phase: str = "Healthy") -> dict[str, Any]:
    return {"spec": spec, "status": {"phase": phase, **({"stable": {"version": serves}} if serves else {})}}


def refused_run(commit: str) -> dict[str, Any]:
    gates = [{"verdict": "Passed", "message": "fine"}, {"verdict": "Failed", "message": "accuracy is 0.5"}]
    return {"spec": {"revision": commit}, "status": {"phase": "Failed", "verdict": "Failed", "gates": gates}}


ROLLED_BACK = {
    "stable": {"version": "2"},
    "rejected": [{"version": "4", "reason": "Failed", "evidence": "errors ×9"}],
}
REVERTED = {"stable": {"version": "1"}, "rejected": [{"version": "2", "reason": "Reverted"}]}


@pytest.mark.parametrize(
    ("letter", "spec", "serves", "phase"),
    [
        pytest.param("a", {"stable": {"version": "1"}}, "1", "Healthy", id="a: version 1 serves"),
        pytest.param("b", {"stable": {"version": "2"}}, "2", "Healthy", id="b: version 2 promoted"),
        pytest.param("d", ROLLED_BACK, "2", "Healthy", id="d: version 4 rejected"),
        pytest.param("e", REVERTED, "1", "Healthy", id="e: version 2 reverted"),
    ],
)
def test_an_act_ends_with_a_sentence(letter: str, spec: dict[str, Any], serves: str, phase: str):
    assert AT[letter].ended(Observed(deployment(spec=spec, serves=serves, phase=phase), ()), "c0ffee")


@pytest.mark.parametrize(
    ("letter", "spec", "serves", "phase"),
    [
        pytest.param("a", {"stable": {"version": "1"}}, None, "Pending", id="a: committed and not serving"),
        pytest.param("b", {"stable": {"version": "1"}}, "1", "Healthy", id="b: still the first"),
        pytest.param("b", {"stable": {"version": "2"}}, "1", "Progressing", id="b: committed and not serving"),
        pytest.param("d", {"stable": {"version": "2"}}, "2", "Healthy", id="d: nothing rejected"),
        pytest.param(
            "d",
            {**ROLLED_BACK, "candidate": {"version": "4"}},
            "2",
            "Healthy",
            id="d: rejected and still a candidate",
        ),
        pytest.param("e", {"stable": {"version": "1"}}, "1", "Healthy", id="e: not rejected as reverted"),
    ],
)
def test_an_act_goes_on_until_all_of_it_is_true(letter: str, spec: dict[str, Any], serves: str | None, phase: str):
    assert not AT[letter].ended(Observed(deployment(spec=spec, serves=serves, phase=phase), ()), "c0ffee")


def test_the_refused_run_says_why():
    seen = Observed(deployment(spec={"stable": {"version": "2"}}, serves="2"), (refused_run("c0ffee"),))

    assert "accuracy is 0.5" in AT["c"].ended(seen, "c0ffee")
    assert AT["c"].ended(seen, "another commit") == ""
