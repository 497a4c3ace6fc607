"""Whether a run that was repeated came out as before."""

from typing import Any

import pytest

from kanaria.api import MLPipelineRun
from kanaria.decide.replaying import compare
from pipelines import a_run

REPLAYS = {"run": "wine-1", "request": "wine-1"}


def a_replay(before: dict[str, float], now: dict[str, float], **more: Any) -> MLPipelineRun:
    body = a_run(number=2).model_dump(mode="json", by_alias=True, exclude_none=True)
    body["spec"]["replays"] = {**REPLAYS, "metrics": before, **more.get("replays", {})}
    return MLPipelineRun.read(body | {"status": {"metrics": now, **more.get("status", {})}})


@pytest.mark.parametrize(
    ("before", "now", "same"),
    [
        pytest.param({"a": 0.9}, {"a": 0.9}, True, id="equal"),
        pytest.param({"a": 100.0}, {"a": 101.0}, True, id="at the tolerance"),
        pytest.param({"a": 100.0}, {"a": 101.1}, False, id="beyond it"),
        pytest.param({"a": -100.0}, {"a": 100.0}, False, id="of another sign"),
        pytest.param({"a": 0.0}, {"a": 1e-12}, True, id="nothing, as good as"),
        pytest.param({"a": 0.0}, {"a": 0.001}, False, id="nothing, and something"),
        pytest.param({"a": 1.0, "b": 1.0}, {"a": 1.0}, False, id="one is gone"),
        pytest.param({"a": 1.0}, {"a": 1.0, "b": 1.0}, False, id="one is new"),
    ],
)
def test_metrics_may_differ_by_a_share_of_the_larger(before: dict[str, float], now: dict[str, float], same: bool):  # noqa: FBT001 - a row
    assert compare(a_replay(before, now), 0.01).same is same


def test_only_the_metrics_that_are_named_count():
    run = a_replay({"accuracy": 0.9, "seconds": 3.0}, {"accuracy": 0.9, "seconds": 9.0})

    assert not compare(run, 0.01).same
    assert compare(run, 0.01, ["accuracy"]).same


@pytest.mark.parametrize(
    ("run", "only", "fault"),
    [
        pytest.param(a_run(), [], "repeats no other run", id="no replay"),
        pytest.param(a_replay({}, {}), [], "run wine-1 logged no metric, so nothing can be compared", id="no metrics"),
        pytest.param(a_replay({"a": 1}, {"a": 1}), ["b"], "logged no metric 'b' (there: a)", id="an unknown metric"),
    ],
)
def test_what_cannot_be_compared_is_no_proof(run: MLPipelineRun, only: list[str], fault: str):
    comparison = compare(run, 0.01, only)

    assert fault in comparison.fault
    assert not comparison.same


def test_what_it_was_made_of_and_is_another_now_is_told():
    run = a_replay(
        {"a": 1.0},
        {"a": 1.0},
        replays={"data": {"train": "sha256:1", "test": "sha256:2"}, "images": {"train": "python@sha256:3"}},
        status={
            "data": [{"name": "train", "digest": "sha256:9"}, {"name": "test", "digest": "sha256:2"}],
            "steps": [{"name": "train", "imageId": "python@sha256:8"}],
        },
    )

    assert compare(run, 0.01).others == (
        "data 'train' was sha256:1, and is sha256:9",
        "step 'train' ran python@sha256:3, and now python@sha256:8",
    )
