"""How measurements against a bound are counted: Argo Rollouts' words and defaults."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from kanaria.judge.tally import Limits, Tally, counted, taken_up, verdict_of, written
from kanaria.vocabulary import Verdict

NOON = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
PASSED, FAILED, INCONCLUSIVE, UNMEASURED = Verdict.PASSED, Verdict.FAILED, Verdict.INCONCLUSIVE, Verdict.UNMEASURED
LETTERS = {"P": PASSED, "F": FAILED, "I": INCONCLUSIVE, "U": UNMEASURED}


def a_tally(story: str) -> Tally:
    """The tally of measurements one after the other, a letter each."""
    tally = Tally("1", since=NOON)
    for minute, letter in enumerate(story):
        tally = counted(tally, LETTERS[letter], NOON + timedelta(minutes=minute), f"number {minute}")
    return tally


@pytest.mark.parametrize(
    ("story", "limits", "found"),
    [
        pytest.param("", Limits(), INCONCLUSIVE, id="nothing measured yet"),
        pytest.param("P", Limits(), PASSED, id="good so far"),
        pytest.param("PPPF", Limits(), FAILED, id="one failure is one too many by default"),
        pytest.param("FPPPP", Limits(), FAILED, id="a failure is not forgotten"),
        pytest.param("FPF", Limits(failure=2), PASSED, id="failures at the limit"),
        pytest.param("FF", Limits(failure=2), INCONCLUSIVE, id="tolerated failures alone prove nothing"),
        pytest.param("FPFPF", Limits(failure=2), FAILED, id="failures beyond the limit"),
        pytest.param("FFFF", Limits(failure=-1), PASSED, id="any number of failures"),
        pytest.param("PI", Limits(), INCONCLUSIVE, id="one inconclusive is one too many by default"),
        pytest.param("PIIP", Limits(inconclusive=2), PASSED, id="inconclusive at the limit"),
        pytest.param("IF", Limits(), FAILED, id="failed wins"),
        pytest.param("PUUUU", Limits(), PASSED, id="four errors in a row are tolerated by default"),
        pytest.param("PUUUUU", Limits(), UNMEASURED, id="five are not, and are no failure"),
        pytest.param("UUUUPUUUU", Limits(), PASSED, id="errors count in a row only"),
        pytest.param("FUUUUU", Limits(), FAILED, id="a failure stays one when nothing can be read any more"),
        pytest.param("PP", Limits(count=3), INCONCLUSIVE, id="not all measurements taken"),
        pytest.param("PPP", Limits(count=3), PASSED, id="all measurements taken"),
        pytest.param("PPPUUUUU", Limits(count=3), PASSED, id="what is over is not blinded"),
        pytest.param("PUPP", Limits(count=3), PASSED, id="an error is no measurement"),
        pytest.param("PPFP", Limits(failure=-1, consecutive_success=3), INCONCLUSIVE, id="successes not in a row"),
        pytest.param("FPPP", Limits(failure=-1, consecutive_success=3), PASSED, id="enough successes in a row"),
        pytest.param("PPUP", Limits(consecutive_success=3), INCONCLUSIVE, id="an error ends the row"),
    ],
)
def test_what_the_counts_say(story: str, limits: Limits, found: Verdict):
    assert verdict_of(a_tally(story), limits) is found


@pytest.mark.parametrize("story", ["", "PFIU", "UUUUU" * 50])
def test_a_tally_is_taken_up_where_it_was(story: str):
    tally = a_tally(story)

    document = json.loads(json.dumps(written(tally)))

    assert taken_up(document, "1") == tally
    assert len(json.dumps(document)) < 1024


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(None, id="none"),
        pytest.param(written(a_tally("F")) | {"of": "2"}, id="of another definition"),
        pytest.param(written(a_tally("F")) | {"version": 2}, id="of another operator"),
        pytest.param(written(a_tally("F")) | {"failed": "many"}, id="not to be read"),
        pytest.param({"version": 1, "of": "1"}, id="cut short"),
    ],
)
def test_what_cannot_be_taken_up_begins_anew(document: dict | None):
    assert taken_up(document, "1") == Tally("1")
