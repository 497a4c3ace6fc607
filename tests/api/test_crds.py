"""The CustomResourceDefinitions in crds/ are the models', and structural."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openapi_schema_validator import OAS30Validator

from kanaria.api.crds import crds
from kanaria.cli.crds import texts

FOLDER = Path(__file__).parents[2] / "crds"


@pytest.mark.parametrize("name", sorted(crds()))
def test_the_committed_file_is_what_the_models_make(name: str):
    assert (FOLDER / name).read_text() == texts()[name], "run `make crds`"


def nodes(schema: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    yield path, schema
    for name, child in schema.get("properties", {}).items():
        yield from nodes(child, f"{path}.{name}")
    if "items" in schema:
        yield from nodes(schema["items"], f"{path}[]")
    if isinstance(schema.get("additionalProperties"), dict):
        yield from nodes(schema["additionalProperties"], f"{path}{{}}")


def fields() -> list[tuple[str, dict[str, Any]]]:
    found = []
    for name, crd in crds().items():
        schema = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
        found += [(name.split("_")[1] + path, node) for path, node in nodes(schema)]
    return found


def test_every_field_of_a_spec_is_described():
    silent = [p for p, n in fields() if ".spec" in p and not p.endswith(("]", "}")) and not n.get("description")]

    assert silent == []


def test_every_list_is_bounded_and_says_how_it_merges():
    loose = [
        p for p, n in fields() if n.get("type") == "array" and not {"maxItems", "x-kubernetes-list-type"} <= set(n)
    ]

    assert loose == []


def test_every_text_is_bounded():
    loose = [
        p
        for p, n in fields()
        if n.get("type") == "string"
        and not {"maxLength", "enum", "format"} & set(n)
        and p.split(".")[-1] not in {"apiVersion", "kind"}
    ]

    assert loose == []


def test_nothing_is_left_that_a_structural_schema_forbids():
    forbidden = {"$ref", "anyOf", "oneOf", "allOf", "title", "const"}

    assert [p for p, n in fields() if forbidden & set(n)] == []


def test_every_default_fits_its_schema_or_the_api_server_refuses_the_definition():
    wrong = [
        f"{path}: {error.message}"
        for path, node in fields()
        if "default" in node
        for error in OAS30Validator(node).iter_errors(node["default"])
    ]

    assert wrong == []
