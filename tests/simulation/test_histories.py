"""Histories of a whole world around the true operator: no law breaks, and the simulator would tell if one did."""

import pytest

from simulation.happenings import ALL
from simulation.history import History, Moment, drawn, played, shrunk, still_breaks

CLOCK_SET_BACK = History(
    242, (Moment(3.0, "9 is proposed"), Moment(27.0, "the clock goes back"), Moment(0.0, "suspended")), first=True
)
"""A commit after the clock was set back was not applied until the clock had come to where it was."""


@pytest.mark.parametrize("seed", [1, 3])
def test_no_history_breaks_a_law(seed: int):
    assert played(drawn(seed)) == []


def test_a_commit_is_applied_though_the_clock_was_set_back():
    assert played(CLOCK_SET_BACK) == []


def test_the_same_seed_is_the_same_history():
    assert drawn(7) == drawn(7)
    assert len({drawn(seed) for seed in range(50)}) == 50


def test_a_law_that_is_broken_is_told_with_the_shortest_history():
    happenings = {**ALL, "somebody meddles": lambda _, laws: laws.says("safety: somebody meddled")}
    history = History(
        1, (Moment(3.0, "a comment"), Moment(1.0, "somebody meddles"), Moment(2.0, "a crash")), first=True
    )

    broken = played(history, happenings)
    shortest = shrunk(history, still_breaks(broken, happenings))

    assert broken == ["safety: somebody meddled"]
    assert ([moment.what for moment in shortest.moments], shortest.first) == (["somebody meddles"], False)
