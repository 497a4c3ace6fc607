"""Values that are put into a manifest in place of their names."""

from typing import Any

import pytest

from kanaria.vocabulary.documents import DocumentError, documents

VALUES = {"n": "2", "host": "wine.example.com", "yes": "true", "evil": "x\nadmin: true", "more": "${n}", "empty": ""}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param("a: ${host}", {"a": "wine.example.com"}, id="a text"),
        pytest.param("a: https://${host}/${n}", {"a": "https://wine.example.com/2"}, id="within a text"),
        pytest.param("a: ${n}", {"a": 2}, id="a number"),
        pytest.param("a: '${n}'", {"a": "2"}, id="a number in quotes"),
        pytest.param('a: "${yes}"', {"a": "true"}, id="a word in quotes"),
        pytest.param("a: ${yes}", {"a": True}, id="a word"),
        pytest.param("a: ${empty}", {"a": None}, id="nothing"),
        pytest.param("a: |\n  ${n}\n", {"a": "2\n"}, id="a block"),
        pytest.param("a:\n- 1\n- b: ${n}", {"a": [1, {"b": 2}]}, id="deep"),
        pytest.param("a: &x ${n}\nb: *x", {"a": 2, "b": 2}, id="an alias"),
        pytest.param("a: ${evil}", {"a": "x\nadmin: true"}, id="what it holds stays in its place"),
        pytest.param("a: ${more}", {"a": "${n}"}, id="what it holds is not looked at again"),
        pytest.param("a: $${n}", {"a": "${n}"}, id="meant as it stands"),
        pytest.param("a: ${parameters.n} $n $(n) ${}", {"a": "${parameters.n} $n $(n) ${}"}, id="none of ours"),
        pytest.param("${n}: 1", {"${n}": 1}, id="a key"),
    ],
)
def test_values_are_put_in(text: str, value: Any):
    assert documents(text, VALUES)[0].value == value


def test_without_variables_nothing_is_put_in():
    assert documents("a: ${n} $${n}")[0].value == {"a": "${n} $${n}"}


def test_a_name_that_stands_for_nothing_is_told_with_its_line():
    with pytest.raises(DocumentError) as raised:
        documents("a: 1\nb: ${nn}\n", {"n": "2"})

    assert raised.value.line == 2
    assert str(raised.value).startswith("${nn} stands for nothing: the ConfigMaps of spec.substituteFrom hold n;")
    assert "write $${nn} for a text that is meant as it stands" in str(raised.value)


def test_values_that_unfold_to_too_much_are_refused():
    with pytest.raises(DocumentError, match="unfold to too much"):
        documents("a: [" + "'${long}'," * 100 + "]", {"long": "x" * 100_000})
