"""What both models scored on each row, as a step of the run logged it, and what that proves of their difference."""

import json
import math
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kanaria.judge.bootstrap import ROWS_MIN, paired_bounds
from kanaria.vocabulary import PairedScores, PairedScoresAsked

if TYPE_CHECKING:
    from mlflow import MlflowClient

FOLDER = "kanaria/scores"
"""Artifacts of this folder of a run: KEY.json with {"candidate": [1, 0, …], "champion": [1, 1, …]}, row by row."""
BYTES_MAX = 1_000_000
_ARMS = ("candidate", "champion")


def paired_scores(client: "MlflowClient", question: PairedScoresAsked) -> PairedScores:
    """The means and the bounds of their difference; with a sentence where the scores are not there or not fit."""
    path = f"{FOLDER}/{question.metric}.json"
    parent = path.rpartition("/")[0]
    found = next((each for each in client.list_artifacts(question.run_id, parent) if each.path == path), None)
    if found is None:
        return _missing(path, f"was not logged; log both models' scores of each row: {_SHAPE}")
    if (found.file_size or 0) > BYTES_MAX:
        return _missing(path, f"has {found.file_size} bytes, at most {BYTES_MAX} are read; log a sample of the rows")
    with tempfile.TemporaryDirectory() as folder:
        text = Path(client.download_artifacts(question.run_id, path, folder)).read_bytes()
    return _judged(path, text, question)


_SHAPE = '{"candidate": [1, 0, …], "champion": [1, 1, …]}'


def _judged(path: str, text: bytes, question: PairedScoresAsked) -> PairedScores:
    try:
        scores = json.loads(text)
        candidate, champion = (_numbers(scores[arm]) for arm in _ARMS)
    except (ValueError, KeyError, TypeError):
        return _missing(path, f"is not two lists of finite numbers: {_SHAPE}")
    if len(candidate) != len(champion):
        return _missing(path, f"has {len(candidate)} scores of the candidate and {len(champion)} of the champion")
    if len(candidate) < ROWS_MIN:
        return _missing(path, f"has {len(candidate)} rows; at least {ROWS_MIN} are needed")
    bounds = paired_bounds(candidate, champion, question.confidence, f"{question.run_id}/{question.metric}")
    one, other = (math.fsum(each) / len(each) for each in (candidate, champion))
    return PairedScores(len(candidate), one, other, bounds.low, bounds.high)


def _numbers(values: Any) -> list[float]:
    if not isinstance(values, list):
        raise TypeError(f"{type(values).__name__} is no list")
    numbers = [float(value) for value in values]
    if not all(map(math.isfinite, numbers)):
        raise ValueError("not all are finite")
    return numbers


def _missing(path: str, what: str) -> PairedScores:
    return PairedScores.missing(f"the artifact {path} {what}")
