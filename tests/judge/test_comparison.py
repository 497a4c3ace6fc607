"""What looks at copies of requests prove."""

from random import Random

import pytest

from kanaria.judge.comparison import Bounds, Look, binned, compared, read, written
from kanaria.vocabulary import Verdict

EDGES = (1.0, 2.0)


def scored(stable: tuple[int, ...], candidate: tuple[int, ...]) -> Look:
    return Look(compared=5000, edges=EDGES, stable_scores=stable, candidate_scores=candidate)


@pytest.mark.parametrize(
    ("look", "bounds", "verdict"),
    [
        pytest.param(Look(compared=500), Bounds(0.01), "Passed", id="all agree"),
        pytest.param(Look(compared=312), Bounds(0.01), "Passed", id="just as many as it takes"),
        pytest.param(Look(compared=311), Bounds(0.01), "Inconclusive", id="one too few to tell"),
        pytest.param(Look(compared=500, differing=30), Bounds(0.01), "Failed", id="far too many differ"),
        pytest.param(Look(compared=1000, differing=10), Bounds(0.01), "Inconclusive", id="as many as may"),
        pytest.param(Look(compared=20, differing=20), Bounds(0.9), "Inconclusive", id="nearly all may differ"),
        pytest.param(Look(), Bounds(0.01), "Inconclusive", id="nothing"),
        pytest.param(scored((800, 100, 100), (800, 100, 100)), Bounds(0.01, psi=0.2), "Passed", id="scores alike"),
        pytest.param(scored((800, 100, 100), (100, 100, 800)), Bounds(0.01, psi=0.2), "Failed", id="scores apart"),
        pytest.param(scored((8, 1, 1), (1, 1, 8)), Bounds(0.01, psi=0.2), "Inconclusive", id="too few scores"),
        pytest.param(Look(compared=500, p99=90.0), Bounds(0.01, p99=100.0), "Passed", id="fast"),
        pytest.param(Look(compared=500, p99=110.0), Bounds(0.01, p99=100.0), "Failed", id="slow"),
        pytest.param(Look(compared=500), Bounds(0.01, p99=100.0), "Inconclusive", id="not timed"),
    ],
)
def test_what_is_proven(look: Look, bounds: Bounds, verdict: str):
    assert compared(look, bounds).verdict == verdict


@pytest.mark.parametrize(
    ("rate", "wrong"),
    [pytest.param(0.05, Verdict.FAILED, id="at the bound, failed"), pytest.param(0.05, Verdict.PASSED, id="passed")],
)
def test_a_candidate_at_the_bound_is_seldom_told_either_way_however_often_one_looks(rate: float, wrong: Verdict):
    random, told = Random(5), 0  # noqa: S311 - no secret
    for _ in range(200):
        look = Look()
        for _ in range(20):
            look = look.plus(Look(compared=50, differing=sum(random.random() < rate for _ in range(50))))
            if compared(look, Bounds(rate)).verdict is wrong:
                told += 1
                break

    assert told <= 0.05 * 200 + 9  # two standard errors


def test_looks_add_up_and_the_newest_time_counts():
    one = Look(10, 1, 1, 2, EDGES, (1, 2, 3), (3, 2, 1), 5.0)
    other = Look(20, 0, 0, 1, EDGES, (1, 1, 1), (1, 1, 1))

    assert one.plus(other) == Look(30, 1, 1, 3, EDGES, (2, 3, 4), (4, 3, 2), 5.0)
    assert Look().plus(one) == one.plus(Look()) == one


def test_scores_are_counted_at_the_deciles_of_stable_s():
    values = [float(value) for value in range(100)]

    look = binned(values, [value + 50 for value in values], ())

    assert len(look.edges) == 9
    assert look.stable_scores == (11, *[10] * 8, 9)
    assert look.candidate_scores[:4] == (0, 0, 0, 0)
    assert binned(values[:50], values[:50], ()) == Look()
    assert binned([1.5], [9.0], EDGES) == Look(edges=EDGES, stable_scores=(0, 1, 0), candidate_scores=(0, 0, 1))


def test_what_was_written_is_read():
    look = Look(10, 1, 1, 2, EDGES, (1, 2, 3), (3, 2, 1), 5.5)

    assert read(written(look), EDGES) == look
    assert read(written(Look())) == Look()


@pytest.mark.parametrize(
    "said",
    [
        pytest.param("killed", id="no JSON"),
        pytest.param("[1]", id="no object"),
        pytest.param('{"compared": 1, "differing": 2}', id="more differ than there are"),
        pytest.param('{"compared": -1}', id="less than none"),
        pytest.param('{"compared": {}, "differing": "x"}', id="no numbers"),
        pytest.param('{"edges": [1], "stable_scores": [1], "candidate_scores": [1]}', id="a bin too few"),
        pytest.param('{"edges": [3], "stable_scores": [1, 1], "candidate_scores": [1, 1]}', id="other bins"),
    ],
)
def test_what_is_no_look(said: str):
    with pytest.raises(ValueError, match=r"."):
        read(said, EDGES)


def test_the_sentence_says_what_differs_and_what_may():
    look = Look(compared=3400, differing=12, candidate_errors=2, left_out=7, p99=34.2)

    assert compared(look, Bounds(0.01, psi=0.2, p99=250)).sentence == (
        "12 of 3,400 answers differ (0.353 %), 1 % may; 2 of them are errors of the candidate; 0 of 1,000 scores that "
        "are needed; 99 % were answered within 34 ms, 250 ms may be; 7 copies left out"
    )
