"""The documentation names what there is, and only that: fields, reasons, commands, links, and manifests that parse."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml

from kanaria.api import KINDS
from kanaria.api.conditions import ConditionType, Reason
from kanaria.api.crds import schema
from kanaria.cli.app import app

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
BY_KIND = {kind.model_fields["kind"].default: kind for kind in KINDS}
RUN = "MLPipelineRun"
LINK = re.compile(r"(?<!`)\[[^\]]*\]\(([^)\s]+)\)")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"(?:^|\$ |`|/)kanaria ((?:[a-z]+ ?)+)", re.MULTILINE)
TARGET = re.compile(r"\bmake ([a-z]+)")


def shown(page: Path) -> str:
    return str(page.relative_to(ROOT))


def fields(node: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """The path of each field of a schema, as the pages write it."""
    for name, child in node.get("properties", {}).items():
        yield f"{path}{name}"
        inner, mark = (child["items"], "[]") if child.get("type") == "array" else (child, "")
        yield from fields(inner, f"{path}{name}{mark}.")


def written(kind: str, part: str) -> list[str]:
    """The fields that the page of a kind has to name; a run's pipeline is explained on the pipeline's page."""
    found = fields(schema(BY_KIND[kind])["properties"][part])
    return [f for f in found if not f.startswith(("conditions[]", "trial.analysis.", "pipeline."))]


def page_of(kind: str) -> str:
    return (DOCS / f"{kind.lower()}.md").read_text()


def rows(kind: str) -> dict[str, list[str]]:
    """The rows of a page's tables, cell by cell, by the word in their first cell."""
    lines = [re.split(r"(?<!\\)\|", line) for line in page_of(kind).splitlines() if line.startswith("| `")]
    return {cells[1].strip().strip("`"): [cell.strip() for cell in cells[2:-1]] for cells in lines}


def blocks(language: str) -> Iterator[tuple[Path, str]]:
    for page in PAGES:
        yield from ((page, found[2]) for found in BLOCK.finditer(page.read_text()) if found[1] == language)


def ours() -> list[Any]:
    """Each whole manifest of Kanaria's own in a page."""
    documents = [
        (page, document)
        for page, text in blocks("yaml")
        for document in yaml.safe_load_all(text)
        if isinstance(document, dict) and str(document.get("apiVersion", "")).startswith("kanaria.dev")
    ]
    return [pytest.param(d, id=f"{shown(p)}-{d['kind']}-{n}") for n, (p, d) in enumerate(documents)]


@pytest.mark.parametrize("kind", BY_KIND)
@pytest.mark.parametrize("part", ["spec", "status"])
def test_a_page_names_every_field(kind: str, part: str):
    named = rows(kind)

    assert [field for field in written(kind, part) if field not in named] == []


@pytest.mark.parametrize("kind", BY_KIND)
def test_a_page_names_no_field_that_is_not_there(kind: str):
    spec = page_of(kind).partition("\n## Spec\n")[2].partition("\n## Conditions\n")[0]
    named = re.findall(r"^\| `([^`]+)` \|", spec, re.MULTILINE)

    assert set(named) - {*written(kind, "spec"), *written(kind, "status")} == set()


def defaults(node: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    for name, child in node.get("properties", {}).items():
        inner, mark = (child["items"], "[]") if child.get("type") == "array" else (child, "")
        if isinstance(child.get("default"), str | int | float | bool) and child["default"] != "":
            yield f"{path}{name}", child["default"]
        yield from defaults(inner, f"{path}{name}{mark}.")


@pytest.mark.parametrize("kind", [kind for kind in BY_KIND if kind != RUN])
def test_a_page_tells_the_defaults(kind: str):
    told = rows(kind)
    wrong = {
        field: default
        for field, default in defaults(schema(BY_KIND[kind])["properties"]["spec"])
        if yaml.safe_load(told[field][1].strip("`")) != default
    }

    assert wrong == {}


def test_every_reason_is_named():
    text = "\n".join(page.read_text() for page in DOCS.glob("*.md"))

    assert [reason.value for reason in Reason if f"`{reason}`" not in text] == []


@pytest.mark.parametrize("kind", BY_KIND)
def test_a_page_speaks_of_reasons_that_exist(kind: str):
    tables = page_of(kind).partition("\n## Conditions\n")[2]
    named = {word for row in re.findall(r"^\| (`[^|]+) \|", tables, re.MULTILINE) for word in re.findall(r"\w+", row)}

    assert named - {*Reason, *ConditionType} == set()


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_links_lead_somewhere(page: Path):
    lost = [link for link in LINK.findall(page.read_text()) if not leads(page, link)]

    assert lost == []


def leads(page: Path, link: str) -> bool:
    if re.match(r"[a-z]+:", link):
        return True
    path, _, anchor = link.partition("#")
    target = (page.parent / path) if path else page
    return target.exists() and (not anchor or anchor in anchors(target))


def anchors(page: Path) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("document", ours())
def test_a_manifest_in_a_page_is_valid(document: dict[str, Any]):
    assert BY_KIND[document["kind"]].parse(document)


def test_a_page_shows_every_kind_as_a_manifest():
    assert {case.values[0]["kind"] for case in ours()} == set(BY_KIND)


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_the_commands_of_a_page_exist(page: Path):
    verbs = {name for name, _ in commands()}
    typed = {" ".join(words.split()[:2]) for words in COMMAND.findall(page.read_text())}

    assert {words for words in typed if words.split()[0] not in verbs} == set()
    assert {w for w in typed if w.startswith("local ") and w.split()[1] not in dict(commands())["local"]} == set()


def commands() -> Iterator[tuple[str, list[str]]]:
    group: Any = typer.main.get_command(app)
    for name, command in group.commands.items():
        yield name, list(getattr(command, "commands", {}))


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_the_targets_of_a_page_exist(page: Path):
    known = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    typed = {target for line in code(page) for target in TARGET.findall(line)}

    assert typed - known == set()


def code(page: Path) -> Iterator[str]:
    """What a page shows as code: in blocks, and in words."""
    text = page.read_text()
    yield from (found[2] for found in BLOCK.finditer(text) if found[1] in {"sh", "console"})
    yield from re.findall(r"`(make [a-z]+)`", text)


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_a_page_tells_nothing_of_one_machine(page: Path):
    assert re.findall(r"/(?:tmp|home|root|work)/\w+", page.read_text()) == []


def test_each_assumption_of_the_judge_names_a_test_that_exists():
    table = (DOCS / "judge.md").read_text().partition("## What is assumed")[2].partition("\n## ")[0]
    named = re.findall(r"\| `([\w/]+)` (\w+) \|$", table, re.MULTILINE)
    folders = {"model_deployment": "decide/model_deployment"}
    missing = []
    for file, word in named:
        folder, _, name = file.partition("/")
        text = (ROOT / "tests" / folders.get(folder, folder) / f"{name}.py").read_text()
        if not re.search(rf"def test_\w*{word}", text):
            missing.append(f"{file} {word}")

    assert len(named) >= 18
    assert missing == []
