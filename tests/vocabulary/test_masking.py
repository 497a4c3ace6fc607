"""What a step wrote is told without credentials."""

import pytest

from kanaria.vocabulary.masking import masked


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("loss is 0.3", "loss is 0.3", id="nothing to hide"),
        pytest.param("fetching https://bot:pa55@git/x", "fetching https://***@git/x", id="in a URL"),
        pytest.param("DB_PASSWORD=hunter2 next", "DB_PASSWORD=*** next", id="a variable"),
        pytest.param("{'api_key': 'abc'}", "{'api_key': '***'}", id="a dictionary"),
        pytest.param("Authorization: Bearer abcdefghij", "Authorization: Bearer ***", id="a header"),
        pytest.param("key AKIAABCDEFGHIJKLMNOP found", "key *** found", id="a token of a known form"),
        pytest.param("3 tokens read", "3 tokens read", id="a word that only sounds so"),
        pytest.param("https://host:8080/path@2", "https://host:8080/path@2", id="a port"),
    ],
)
def test_what_looks_like_a_credential_is_hidden(text: str, expected: str):
    assert masked(text) == expected


@pytest.mark.parametrize("line", ["x", "_1", "eyJ", "://", "a:"])
def test_a_long_line_is_read_once(line: str):
    """Its length squared would be minutes: whoever writes it would stop the operator."""
    long = line * 200_000

    assert masked(f"{long} token=abc") == f"{long} token=***"
