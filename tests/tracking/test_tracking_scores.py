"""Both models' scores by rows are read off a run's artifacts, and never more than a few of them."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from mlflow import MlflowClient

from kanaria.tracking import TrackingWorkshop
from kanaria.tracking.scores import BYTES_MAX
from kanaria.vocabulary import PairedScores, PairedScoresAsked

Logged = Callable[[str], PairedScoresAsked]
KEY = "test/accuracy"


@pytest.fixture
def logged(client: MlflowClient, tmp_path: Path) -> Logged:
    experiment = client.create_experiment("wine", artifact_location=(tmp_path / "artifacts").as_uri())
    run_id = client.create_run(experiment).info.run_id

    def log(text: str) -> PairedScoresAsked:
        if text:
            client.log_text(run_id, text, f"kanaria/scores/{KEY}.json")
        return PairedScoresAsked(timedelta(seconds=10), run_id, KEY, 0.95)

    return log


def as_json(candidate: list[object], champion: list[object]) -> str:
    return json.dumps({"candidate": candidate, "champion": champion})


async def test_the_means_and_the_bounds_of_their_difference_are_told(workshop: TrackingWorkshop, logged: Logged):
    question = logged(as_json([1] * 45 + [0] * 5, [1] * 40 + [0] * 10))

    found = await workshop.carry(question)

    assert (found.rows, found.candidate, found.champion, found.trouble) == (50, 0.9, 0.8, "")
    assert 0 <= found.low < 0.1 < found.high < 0.25
    assert await workshop.carry(question) == found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("", "was not logged; log both models' scores of each row", id="absent"),
        pytest.param("no json", "is not two lists of finite numbers", id="no JSON"),
        pytest.param("[1]", "is not two lists of finite numbers", id="no object"),
        pytest.param(as_json([1], "x"), "is not two lists of finite numbers", id="no list"),  # type: ignore[arg-type]
        pytest.param(as_json([None] * 40, [1] * 40), "is not two lists of finite numbers", id="no numbers"),
        pytest.param(as_json([float("nan")] * 40, [1] * 40), "is not two lists of finite numbers", id="NaN"),
        pytest.param(as_json([1] * 40, [1] * 41), "40 scores of the candidate and 41 of the champion", id="uneven"),
        pytest.param(as_json([1] * 29, [1] * 29), "29 rows; at least 30 are needed", id="too few"),
        pytest.param(as_json([0.123456789] * 99_999, [1]), f"at most {BYTES_MAX} are read", id="too large"),
    ],
)
async def test_what_is_not_fit_is_told(workshop: TrackingWorkshop, logged: Logged, text: str, said: str):
    found: PairedScores = await workshop.carry(logged(text))

    assert said in found.trouble
