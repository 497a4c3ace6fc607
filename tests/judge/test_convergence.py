"""When a loss counts as falling."""

import math

import pytest

from kanaria.judge.convergence import does_not_converge


@pytest.mark.parametrize(
    ("loss", "decrease", "most", "fault"),
    [
        pytest.param([1.0, 0.7, 0.5], 0.5, None, "", id="by just as much as is asked"),
        pytest.param([1.0, 0.7, 0.51], 0.5, None, "it was 1 and came to 0.51 in 3 points, where 0.5 is", id="by less"),
        pytest.param([1.0, 5.0, 0.2, 0.3], 0.5, None, "", id="after it rose"),
        pytest.param([1.0, *[0.1] * 9, 0.2, 9.0], 0.5, None, "", id="but for one bad batch at its end"),
        pytest.param([1.0, *[0.9] * 10, 0.0], 0.5, None, "it was 1 and came to 0.9", id="only in one lucky batch"),
        pytest.param([-1.0, -1.4, -1.6], 0.5, None, "", id="below nothing, as a log-likelihood"),
        pytest.param([-1.0, -0.5, -0.1], 0.5, None, "it was -1 and came to -0.1", id="towards nothing"),
        pytest.param([0.0, 0.0, 0.0], 0.5, None, "", id="nothing from the start"),
        pytest.param([1.0, 0.2, 0.1], 0.5, 0.05, "it came to 0.1 in 3 points, where 0.05 is", id="not far enough"),
        pytest.param([1.0, 0.2, 0.05], 0.5, 0.05, "", id="far enough"),
        pytest.param([1.0, 0.1], 0.5, None, "it was logged 2 times, and 3 are needed at least", id="too few points"),
        pytest.param([1.0, math.nan, 0.1], 0.5, None, "it is nan at point 2 of 3", id="no number"),
        pytest.param([math.inf, 1.0, 0.1], 0.5, None, "it is inf at point 1 of 3", id="infinite"),
    ],
)
def test_a_loss_that_falls(loss: list[float], decrease: float, most: float | None, fault: str):
    said = does_not_converge(loss, decrease, most)

    assert said.startswith(fault)
    assert bool(said) == bool(fault)
