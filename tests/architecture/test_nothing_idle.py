"""What the API offers is used: no reason that nobody gives, no field of a spec that nobody reads."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from kanaria.api import KINDS
from kanaria.api.conditions import Reason

PACKAGE = Path(__file__).parents[2] / "controller" / "kanaria"
CODE = {path: path.read_text() for path in PACKAGE.rglob("*.py") if "local" not in path.relative_to(PACKAGE).parts}


@pytest.mark.parametrize("reason", Reason, ids=str)
def test_every_reason_is_given_by_somebody(reason: Reason):
    used = re.compile(rf"\bReason\.{reason.name}\b")

    assert [path for path, text in CODE.items() if used.search(text)]


def parts_of(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models within an annotation, and within them."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        for field in annotation.model_fields.values():
            yield from parts_of(field.annotation)
    for argument in get_args(annotation):
        yield from parts_of(argument)


def fields() -> list[Any]:
    parts = {part for kind in KINDS for part in parts_of(kind.model_fields["spec"].annotation)}
    found = {(part, name) for part in parts for name in part.model_fields if name not in members(part)}
    ordered = sorted(found, key=lambda each: (each[0].__name__, each[1]))
    return [pytest.param(part, name, id=f"{part.__name__}.{name}") for part, name in ordered]


def members(part: Any) -> set[str]:
    """Members of a union are read by the room they belong to, not by name."""
    rooms = getattr(part, "rooms", {})
    aliases = {field.alias or name: name for name, field in part.model_fields.items()}
    return {aliases[key] for kinds in rooms.values() for key in kinds}


@pytest.mark.parametrize(("part", "name"), fields())
def test_every_field_of_a_spec_is_read_by_somebody(part: type[BaseModel], name: str):
    """By its name after a dot: a field of a common name may be idle all the same, one that is told here surely is."""
    read = re.compile(rf"\.{name}\b")
    outside = [path for path, text in CODE.items() if PACKAGE / "api" not in path.parents and read.search(text)]

    assert outside, part
