"""How a kind is one file: models of the parts of a spec, and the unions that are made of a room's files."""

import importlib
import pkgutil
from collections.abc import Mapping
from typing import Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict, Field, create_model, model_validator
from pydantic.alias_generators import to_camel


class Part(BaseModel):
    """A part of a resource as a user writes it: camelCase in YAML, frozen, and strict about unknown fields.

    Live objects are read with `extra="ignore"`, so that a downgrade never stalls a judge.
    """

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        frozen=True,
        extra="forbid",
        use_attribute_docstrings=True,
    )


class Kind(Part):
    """A member of a union: the part of the spec that stands under its `key`."""

    key: ClassVar[str]


class Union(Part):
    """An object of which exactly one member of each room is set, beside its other fields."""

    rooms: ClassVar[Mapping[str, Mapping[str, type[Kind]]]] = {}

    @model_validator(mode="after")
    def _one_of_each_room(self) -> "Union":
        for room, kinds in self.rooms.items():
            present = [key for key in kinds if getattr(self, _attribute(key), None) is not None]
            if len(present) != 1:
                found = ", ".join(present) or "none"
                raise ValueError(f"exactly one {room} is needed, found {found}; known are: {', '.join(sorted(kinds))}")
        return self

    def member(self, room: str) -> Any:
        """The member of the room that is set."""
        return next(m for key in self.rooms[room] if (m := getattr(self, _attribute(key), None)) is not None)


K = TypeVar("K", bound=Kind)
U = TypeVar("U", bound=Union)


def kinds_in(package: str, of: type[K]) -> dict[str, type[K]]:
    """The kinds in a room's files, by their key.

    Raises:
        TypeError: if a file of the room holds no kind, or more than one.
    """
    found: dict[str, type[K]] = {}
    for module in pkgutil.iter_modules(importlib.import_module(package).__path__):
        if module.name == "kind":
            continue
        contents = vars(importlib.import_module(f"{package}.{module.name}")).values()
        kinds = [
            c
            for c in contents
            if isinstance(c, type) and issubclass(c, of) and c is not of and c.__module__.endswith(module.name)
        ]
        if len(kinds) != 1:
            raise TypeError(f"{package}/{module.name}.py holds {len(kinds)} kinds; a kind is one file")
        found[kinds[0].key] = kinds[0]
    return found


def union_of(name: str, base: type[U], **rooms: Mapping[str, type[Kind]]) -> type[U]:
    """The base with one optional field for each kind of each room, of which exactly one is set."""
    fields: dict[str, Any] = {
        _attribute(key): (kind | None, Field(default=None, description=_first_line(kind)))
        for kinds in rooms.values()
        for key, kind in kinds.items()
    }
    made = create_model(name, __base__=base, __doc__=base.__doc__, **fields)
    made.rooms = dict(rooms)
    made.model_config["json_schema_extra"] = {"x-rooms": {room: list(kinds) for room, kinds in rooms.items()}}
    made.model_rebuild(force=True)
    return made


def _attribute(key: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in key)


def _first_line(kind: type[Kind]) -> str:
    return (kind.__doc__ or kind.key).strip().splitlines()[0]
