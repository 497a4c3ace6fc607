"""Which steps a spec stands for."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from kanaria.api.ml_pipeline import PipelineSpec
from kanaria.decide.filling import Values
from kanaria.decide.unfolding import unfoldable, unfolded
from pipelines import a_pipeline_spec, a_step


def a_spec(*steps: dict[str, Any], **more: Any) -> PipelineSpec:
    return PipelineSpec.model_validate(a_pipeline_spec(*steps, **more))


def test_a_step_without_items_stays_what_it_is():
    spec = a_spec(a_step("a"), a_step("b", after=("a",)), onExit=[a_step("tell")])

    found = unfolded(spec)

    assert (found.steps, found.last, found.groups) == (spec.steps, spec.on_exit, {})


def test_a_step_is_there_once_for_each_item_and_later_steps_wait_for_all():
    tried = a_step("try", withItems=["0.1", "${parameters.b}"], env=[{"name": "I", "value": "${step.index}"}])
    tried["command"] = ["train", "--alpha", "${step.item}"]
    best = a_step("best", after=("try",))

    found = unfolded(a_spec(tried, best, parameters=[{"name": "b", "value": "2"}]))

    assert [step.name for step in found.steps] == ["try-0", "try-1", "best"]
    assert [step.command[-1] for step in found.steps[:2]] == ["0.1", "${parameters.b}"]
    assert [step.env[0].value for step in found.steps[:2]] == ["0", "1"]
    assert found.steps[2].depends_on == ("try-0", "try-1")


def test_items_can_be_a_parameter():
    spec = a_spec(a_step("try", withParam="alphas"), parameters=[{"name": "alphas", "value": '[0.1, "x"]'}])

    assert [step.name for step in unfolded(spec).steps] == ["try-0", "try-1"]
    assert unfoldable(spec) == ""


@pytest.mark.parametrize(
    ("steps", "value", "sentence"),
    [
        pytest.param(
            [a_step("try", withParam="p")], "0.1, 0.5", "must be a JSON list with 1 to 32 items", id="no JSON"
        ),
        pytest.param([a_step("try", withParam="p")], "[]", "must be a JSON list with 1 to 32 items", id="no items"),
        pytest.param([a_step("a-0"), a_step("a", withItems=["x"])], "", "would be called 'a-0'", id="a name taken"),
        pytest.param(
            [a_step(name, withItems=["x"] * 32) for name in ("a", "b", "c")], "", "96 steps; 64 are possible", id="many"
        ),
    ],
)
def test_what_cannot_be_unfolded_is_told(steps: list[dict[str, Any]], value: str, sentence: str):
    assert sentence in unfoldable(a_spec(*steps, parameters=[{"name": "p", "value": value}]))


@pytest.mark.parametrize(
    ("step", "more", "sentence"),
    [
        pytest.param({"withItems": ["a"], "withParam": "p"}, {}, "both withItems and withParam", id="two lists"),
        pytest.param({"withParam": "q"}, {}, "there is no parameter 'q'", id="an unknown parameter"),
        pytest.param({"cache": {}}, {"model": {"name": "m", "step": "it"}}, "cannot be cached", id="a cached model"),
        pytest.param({"cache": {}}, {"workspace": {"size": "1Gi"}}, "new in each run", id="a cache and a workspace"),
        pytest.param({"when": [{"input": "1", "operator": "Gt", "values": ["x"]}]}, {}, "one number", id="no number"),
        pytest.param(
            {"env": [{"name": "A", "value": "1", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]},
            {},
            "both value and valueFrom",
            id="two values",
        ),
        pytest.param({"env": [{"name": "A", "valueFrom": {}}]}, {}, "exactly one of secretKeyRef", id="no source"),
        pytest.param({}, {"onExit": [a_step("it")]}, "names 'it' twice", id="one name in two lists"),
        pytest.param({"dependsOn": ["t"]}, {"onExit": [a_step("t")]}, "which is no step", id="waiting for the exit"),
    ],
)
def test_steps_that_do_not_fit_together_are_refused(step: dict[str, Any], more: dict[str, Any], sentence: str):
    with pytest.raises(ValidationError, match=sentence):
        a_spec(a_step("it") | step, **more)


def test_what_is_meant_as_it_stands_is_no_item():
    step = a_step("try", withItems=["x"]) | {"command": ["echo", "$${step.item}", "${step.item}"]}

    (found,) = unfolded(a_spec(step)).steps

    assert found.command == ("echo", "$${step.item}", "x")


@pytest.mark.parametrize("item", ["${parameters.alphas}", "${no.such}", "$${no.such}", "${HOME}", "${step.index}"])
def test_an_item_of_a_parameter_is_no_reference(item: str):
    step = a_step("try", withParam="alphas") | {"command": ["echo", "${step.item}"]}
    spec = a_spec(step, parameters=[{"name": "alphas", "value": json.dumps([item])}])

    (found,) = unfolded(spec).steps

    values = Values.of(spec, "", {})
    assert values.lacking(found) == ""
    assert values.fill(found.command[1]) == item
