"""The house stays readable: sizes, names and seams are counted."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "controller").rglob("*.py"))
FILE_LIMIT = 400
FUNCTION_LIMIT = 50
NAMES_THAT_SAY_NOTHING = {"utils", "helpers", "common", "base", "manager", "misc", "core"}


def test_no_file_is_too_long():
    long = {
        str(p.relative_to(ROOT)): n
        for p in [*SOURCES, *(ROOT / "tests").rglob("*.py")]
        if (n := p.read_text().count("\n")) > FILE_LIMIT
    }

    assert long == {}


def functions(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            docstring = ast.get_docstring(node, clean=False)
            yield node.name, (node.end_lineno or 0) - node.lineno + 1 - (docstring.count("\n") + 1 if docstring else 0)


def test_no_function_is_too_long():
    long = [
        (str(p.relative_to(ROOT)), name, lines)
        for p in SOURCES
        for name, lines in functions(p)
        if lines > FUNCTION_LIMIT
    ]

    assert long == []


def test_every_name_says_something():
    silent = [str(p.relative_to(ROOT)) for p in SOURCES if NAMES_THAT_SAY_NOTHING & {p.stem, *p.parent.parts}]

    assert silent == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT / "controller")))
def test_every_file_says_what_it_is_for(path: Path):
    assert ast.get_docstring(ast.parse(path.read_text()))


def test_no_test_patches_our_own_modules():
    patch = re.compile(r"mock\.patch|mocker\.patch|monkeypatch\.setattr" + r"\(")
    patching = [p.name for p in (ROOT / "tests").rglob("*.py") if p != Path(__file__) and patch.search(p.read_text())]

    assert patching == []
