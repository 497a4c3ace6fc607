"""A wrong field is told with place, fact and remedy, in words."""

import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from kanaria.api import GitSync, MLPipeline
from kanaria.decide import wrong_fields as words
from kanaria.decide.unreadable import sentence
from kanaria.decide.wrong_fields import wrong_fields

CRDS = Path(__file__).parents[2] / "crds"


def told(kind: Any, **spec: Any) -> list[str]:
    needed = {"url": "https://git.example.com/a.git"} if kind is GitSync else {"steps": [a_step()]}
    with pytest.raises(ValidationError) as caught:
        kind.parse({"metadata": {"name": "x"}, "spec": needed | spec})
    return [str(wrong) for wrong in wrong_fields(caught.value)]


def a_step(**fields: Any) -> dict[str, Any]:
    return {"name": "train", "command": ["python"], **fields}


@pytest.mark.parametrize(
    ("kind", "spec", "sentence"),
    [
        pytest.param(GitSync, {"prune": "maybe"}, "spec.prune: true or false is needed, not 'maybe'", id="a bool"),
        pytest.param(
            GitSync, {"pruneLimit": "few"}, "spec.pruneLimit: a whole number is needed, not 'few'", id="an int"
        ),
        pytest.param(GitSync, {"pruneLimit": 0}, "spec.pruneLimit: must be at least 1, not 0", id="a bound"),
        pytest.param(GitSync, {"ref": "main"}, "spec.ref: a mapping is needed, not 'main': write {key", id="a mapping"),
        pytest.param(
            GitSync,
            {"interval": "soon"},
            "spec.interval: must be a duration such as 30s or 1h30m, not",
            id="a duration",
        ),
        pytest.param(
            GitSync,
            {"writeBack": {"settle": "Push"}},
            "spec.writeBack.settle: must be 'Commit' or 'Disabled', not 'Push'",
            id="a choice",
        ),
        pytest.param(GitSync, {"path": "../up"}, "spec.path must not leave the repository: remove '..'", id="a rule"),
        pytest.param(
            MLPipeline,
            {"steps": [a_step(command="python train.py")]},
            "spec.steps[0].command: a list is needed, not 'python train.py': write [first, second]",
            id="a list",
        ),
        pytest.param(
            MLPipeline, {"steps": [a_step(env=[{"name": "N", "value": 1}])]}, "put it in quotes", id="a number as text"
        ),
        pytest.param(MLPipeline, {"steps": []}, "spec.steps: must have at least 1 entries", id="an empty list"),
    ],
)
def test_a_wrong_field_is_told_in_words(kind: Any, spec: dict[str, Any], sentence: str):
    (found,) = told(kind, **spec)

    assert sentence in found


def test_a_list_with_a_wrong_entry_is_not_called_empty():
    assert told(MLPipeline, steps=[{"name": "train"}]) == ["spec.steps[0].command: this field is needed: add it"]


def test_a_password_in_an_address_is_not_repeated():
    (found,) = told(GitSync, url="ssh://me:secret@git.example.com/a.git")

    assert "secret" not in found
    assert found.startswith("spec.url: must begin with https://")


def test_a_long_value_is_cut():
    (found,) = told(GitSync, interval="x" * 30 + "s")
    assert len(found) < 150


def test_many_wrong_fields_are_told_in_short():
    with pytest.raises(ValidationError) as caught:
        GitSync.parse({"metadata": {"name": "x"}, "spec": {"url": "https://a.example", **dict.fromkeys("abcdefg", 1)}})

    assert sentence(caught.value).endswith("; and 2 more")


def test_every_pattern_of_the_api_has_words():
    lines = (line for path in CRDS.glob("*.yaml") for line in path.read_text().splitlines())
    patterns = {found[1].strip("'") for line in lines if (found := re.search(r"^\s+pattern: (.+)$", line))}

    assert patterns - set(words._IN_WORDS) == set()
