"""Manifests are read as kubectl reads them, and strictly."""

from typing import Any

import pytest

from kanaria.vocabulary.documents import DocumentError, documents, field_at, line_of


@pytest.mark.parametrize(
    ("text", "values"),
    [
        pytest.param("a: 1\n---\n# nothing\n---\nb: 2\n", [{"a": 1}, {"b": 2}], id="empty documents do not count"),
        pytest.param('\ufeff{"a": [1, null]}', [{"a": [1, None]}], id="JSON with a mark at its start"),
        pytest.param('{\n\t"a": 1\n}', [{"a": 1}], id="JSON indented by tabs"),
        pytest.param(
            "at: 2026-01-01\nport: 22:22\nv: =\n", [{"at": "2026-01-01", "port": "22:22", "v": "="}], id="text"
        ),
        pytest.param("a: 0755\nb: 1e3\nc: .5\nd: -7\n", [{"a": 493, "b": 1000.0, "c": 0.5, "d": -7}], id="numbers"),
        pytest.param("8: a\ntrue: b\n", [{"8": "a", "true": "b"}], id="keys are texts"),
        pytest.param("x: &x {a: 1}\ny: {<<: *x, b: 2}\n", [{"x": {"a": 1}, "y": {"a": 1, "b": 2}}], id="merged"),
        pytest.param("", [], id="nothing"),
    ],
)
def test_documents_are_plain_json(text: str, values: list[Any]):
    assert [document.value for document in documents(text)] == values


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        pytest.param("a: 1\nb: {c: 1,\n  c: 2}\n", "the key 'c' stands twice", 3, id="a key twice"),
        pytest.param("a: [\n", "did not find expected node content", 2, id="unfinished"),
        pytest.param("a:\n\t- 1\n", "cannot start any token", 2, id="tabs"),
        pytest.param("? [a]\n: 1\n", "a key must be a text", 1, id="a list as key"),
        pytest.param("a: !!python/object:os.system x\n", "could not determine a constructor", 1, id="code"),
        pytest.param("a: &x [*x]\n", "aliases unfold", 1, id="an alias of itself"),
        pytest.param(
            "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
            + "".join(f"{b}: &{b} [{', '.join(['*' + a] * 10)}]\n" for a, b in zip("abcdef", "bcdefg", strict=True)),
            "aliases unfold",
            1,
            id="a billion laughs",
        ),
        pytest.param(
            f"a: &a {'x' * 10_000}\nb: [{'*a, ' * 1000}]\n", "aliases unfold", 1, id="a long value a thousand times"
        ),
        pytest.param("a: \x01\n", "character that YAML does not know", 0, id="a control character"),
        pytest.param("a: " + "[" * 5000, "depth|nested too deeply", 0, id="a very deep one"),
    ],
)
def test_a_fault_is_told_with_its_line(text: str, message: str, line: int):
    with pytest.raises(DocumentError, match=message) as caught:
        documents(text)

    assert not line or caught.value.line == line


def test_each_document_and_field_knows_its_line():
    text = "a: 1\n---\nspec:\n  steps:\n  - x: 1\n  - y:\n      z: 2\n"

    assert [document.line for document in documents(text)] == [1, 3]
    assert line_of(text, 3, ("spec", "steps", 1, "y", "z")) == 7
    assert line_of(text, 3, ("spec", "missing")) == 3


def test_a_field_that_is_not_there_reads_as_none():
    assert field_at({"a": {"b": 1}}, ("a", "b")) == 1
    assert field_at({"a": [1]}, ("a", "b")) is None
