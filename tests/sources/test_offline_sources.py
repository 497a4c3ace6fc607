"""Where the number of an offline metric is read."""

import pytest

from kanaria.sources.mlflow import Mlflow
from kanaria.sources.step_output import StepOutput


def test_an_mlflow_metric_is_read_by_its_key():
    source = Mlflow.model_validate({"key": "accuracy"})

    assert source.read({"accuracy": 0.9}) == 0.9
    assert source.read({"Accuracy": 0.9}) is None
    assert source.address == "accuracy"


@pytest.mark.parametrize(
    ("outputs", "value"),
    [
        pytest.param({"train": {"auc": "0.9"}}, 0.9, id="a number"),
        pytest.param({"train": {"auc": "1e-3"}}, 0.001, id="a small number"),
        pytest.param({"train": {"auc": "high"}}, None, id="no number"),
        pytest.param({"train": {}}, None, id="no such output"),
        pytest.param({}, None, id="no such step"),
    ],
)
def test_an_output_of_a_step_is_read_as_a_number(outputs: dict, value: float | None):
    assert StepOutput(step="train", output="auc").read(outputs) == value
