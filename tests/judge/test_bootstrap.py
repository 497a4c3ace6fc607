"""How sure one model's mean score is above another's, both scored on the same rows."""

import math
import random

import pytest

from kanaria.judge.bootstrap import GROUPS_MAX, ROWS_MIN, paired_bounds


def dice_of(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - made-up rows


def right(rows: int, share: float, dice: random.Random) -> list[float]:
    return [float(dice.random() < share) for _ in range(rows)]


def test_the_same_seed_gives_the_same_bounds_and_another_one_others():
    dice = dice_of(1)
    one, other = right(200, 0.9, dice), right(200, 0.8, dice)

    assert paired_bounds(one, other, 0.95, "run-1/acc") == paired_bounds(one, other, 0.95, "run-1/acc")
    assert paired_bounds(one, other, 0.95, "run-1/acc") != paired_bounds(one, other, 0.95, "run-2/acc")


def test_the_bounds_are_those_of_the_normal_distribution_where_rows_are_many():
    dice = dice_of(2)
    one, other = ([dice.gauss(mean, 1) for _ in range(2000)] for mean in (0.1, 0.0))
    mean = math.fsum(a - b for a, b in zip(one, other, strict=True)) / 2000

    bounds = paired_bounds(one, other, 0.95, "s")

    half = 1.645 * math.sqrt(2 / 2000)
    assert bounds.low == pytest.approx(mean - half, abs=0.1 * half)
    assert bounds.high == pytest.approx(mean + half, abs=0.1 * half)


def test_rows_that_are_hard_for_both_models_do_not_blur_the_difference():
    dice = dice_of(3)
    hardness = [dice.gauss(0, 10) for _ in range(500)]
    one, other = [h + 0.5 + dice.gauss(0, 0.1) for h in hardness], hardness

    assert paired_bounds(one, other, 0.95, "s").low > 0.4


def test_a_bound_is_missed_about_as_often_as_it_says():
    """The lower bound of 90 % is above the truth in a tenth of all cases: three standard errors of 100 are 9 %."""
    dice = dice_of(4)
    missed = 0
    for number in range(100):
        one, other = right(60, 0.7, dice), right(60, 0.7, dice)
        missed += paired_bounds(one, other, 0.9, str(number)).low > 0

    assert missed / 100 == pytest.approx(0.1, abs=0.09)


def test_more_rows_than_can_be_drawn_from_are_grouped_and_as_wide():
    dice = dice_of(5)
    rows = 3 * GROUPS_MAX + 7
    one, other = right(rows, 0.9, dice), right(rows, 0.9, dice)

    bounds = paired_bounds(one, other, 0.95, "s")

    half = 1.645 * math.sqrt(2 * 0.9 * 0.1 / rows)
    assert (bounds.high - bounds.low) / 2 == pytest.approx(half, rel=0.12)


def test_too_few_rows_bound_nothing():
    with pytest.raises(ValueError, match="at least 30 are needed"):
        paired_bounds([1.0] * (ROWS_MIN - 1), [0.0] * (ROWS_MIN - 1), 0.95, "s")
