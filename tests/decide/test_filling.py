"""What references in a step stand for."""

import pytest

from kanaria.decide.filling import Values, unknown_reference
from pipelines import a_run, a_step

VALUES = Values({"parameters.alpha": "0.5", "steps.a.outputs.n-rows": "7", "source.revision": "abc"})


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        pytest.param("--alpha=${parameters.alpha}", "--alpha=0.5", id="a parameter"),
        pytest.param("${steps.a.outputs.n-rows}/${source.revision}", "7/abc", id="two in one text"),
        pytest.param("${HOME} $HOME $(x) ${x:-y}", "${HOME} $HOME $(x) ${x:-y}", id="a shell's own"),
        pytest.param("$${parameters.alpha}", "${parameters.alpha}", id="meant as it stands"),
        pytest.param("plain", "plain", id="nothing"),
    ],
)
def test_references_are_filled_in(text: str, filled: str):
    assert VALUES.fill(text) == filled


@pytest.mark.parametrize(
    ("text", "known"),
    [
        pytest.param("${parameters.alpha}", True, id="a parameter"),
        pytest.param("${parameters.beta}", False, id="no parameter"),
        pytest.param("${steps.a.outputs.n}", True, id="an output of a step before the one before"),
        pytest.param("${steps.a.outputs.m}", False, id="an output that is not declared"),
        pytest.param("${steps.d.outputs.n}", False, id="an output of a step beside"),
        pytest.param("${source.revision}", False, id="the commit where there is no code"),
        pytest.param("${secrets.x}", False, id="another word"),
        pytest.param("$${secrets.x} ${HOME}", True, id="no reference"),
    ],
)
@pytest.mark.parametrize("where", ["command", "env"])
def test_an_unknown_reference_is_found_before_anything_runs(text: str, known: bool, where: str):  # noqa: FBT001 - a row
    asking = {"command": ["x", text]} if where == "command" else {"env": [{"name": "E", "value": text}]}
    n = [{"name": "n"}]
    steps = [
        a_step("a", outputs=n),
        a_step("b", after=("a",)),
        a_step("c", after=("b",)) | asking,
        a_step("d", outputs=n),
    ]

    told = unknown_reference(a_run(*steps, parameters=[{"name": "alpha", "value": "1"}]).spec.pipeline)

    assert (told == "") == known
    if told:
        place = "command[1]" if where == "command" else "env E"
        assert told.startswith(f"spec.steps 'c', {place}: {text} stands for nothing; there is: ${{parameters.alpha}}")


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        pytest.param("${parameters.a}", "$$(TOKEN) of $$5", id="a value"),
        pytest.param("$(TOKEN) ${parameters.b}", "$(TOKEN) plain", id="what the user wrote"),
        pytest.param("$${parameters.a}", "${parameters.a}", id="meant as it stands"),
    ],
)
def test_kubernetes_finds_no_variables_in_values(text: str, filled: str):
    values = Values({"parameters.a": "$(TOKEN) of $5", "parameters.b": "plain"})

    assert values.fill_in_pod(text) == filled
