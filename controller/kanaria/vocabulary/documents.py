"""How YAML and JSON manifests are read: strictly, as plain JSON, each fault with its line."""

import re
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from kanaria.vocabulary.variables import UnknownVariableError, filled, refers

# The parser in C is ten times as fast, and comes with every wheel.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAG = "tag:yaml.org,2002:"
_INT = re.compile(r"[-+]?(?:0b[01_]+|0[0-7_]+|0x[0-9a-fA-F_]+|0|[1-9][0-9_]*)$")
_FLOAT = re.compile(
    r"[-+]?(?:[0-9][0-9_]*\.[0-9_]*(?:[eE][-+]?[0-9]+)?|[0-9]+[eE][-+]?[0-9]+|\.[0-9]+(?:[eE][-+]?[0-9]+)?)$"
)
_REPLACED = {f"{_TAG}{name}" for name in ("timestamp", "value", "int", "float")}

UNFOLDED_MAX = 8_000_000
"""Characters that a document may have once its aliases are written out."""
_REMEDY = "this is no YAML; mend brackets, quotes or indentation near this line"


class DocumentError(Exception):
    """A file that is no YAML or JSON; `line` counts from 1, or is 0 where it is not known."""

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True, slots=True)
class Document:
    """One document of a file: its value as plain JSON, and the line on which it begins."""

    value: Any
    line: int


class _Strict(_Loader):  # type: ignore[misc]
    """YAML as kubectl reads it: no dates, no numbers to the base of 60, no key twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002 - the signature is PyYAML's
        seen: set[str] = set()
        for key, _ in node.value:
            name = str(key.value) if isinstance(key, yaml.ScalarNode) else ""
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                raise DocumentError("a key must be a text: write key: value", line)
            if name in seen and key.tag != f"{_TAG}merge":
                raise DocumentError(f"the key {name!r} stands twice in one mapping: remove one", line)
            seen.add(name)
        made: dict[Hashable, Any] = super().construct_mapping(node, deep)
        return {_key(key): value for key, value in made.items()}


_Strict.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag not in _REPLACED]
    for first, resolvers in _Loader.yaml_implicit_resolvers.items()
}
_Strict.add_implicit_resolver(f"{_TAG}int", _INT, list("-+0123456789"))
_Strict.add_implicit_resolver(f"{_TAG}float", _FLOAT, list("-+.0123456789"))


def documents(text: str, variables: Mapping[str, str] | None = None) -> tuple[Document, ...]:
    """The documents of a file that hold anything; with variables, their values stand in for ${NAME}.

    Raises:
        DocumentError: with the line at fault.
    """
    loader = _Strict(text.removeprefix("\ufeff"))
    try:
        return tuple(_documents(loader, variables))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        fact = _one_line(error.problem or str(error))
        raise DocumentError(f"{fact}: {_REMEDY}", mark.line + 1 if mark else 0) from error
    except yaml.reader.ReaderError as error:
        raise DocumentError(f"it holds a character that YAML does not know ({error.reason}): remove it") from error
    except RecursionError as error:
        raise DocumentError("it is nested too deeply: make it flatter") from error
    finally:
        loader.dispose()


def _documents(loader: Any, variables: Mapping[str, str] | None) -> Iterator[Document]:
    while loader.check_node():
        node = loader.get_node()
        _refuse_bombs(node)
        if variables is not None:
            _fill(loader, node, variables)
            _refuse_bombs(node)
        value = loader.construct_document(node)
        if value is not None:
            yield Document(value, node.start_mark.line + 1)


def _fill(loader: Any, root: yaml.Node, variables: Mapping[str, str]) -> None:
    """Values, not keys, and not the text of the file: whatever a variable holds, it stays within its place.

    Where it stands without quotes it is read as a number or a word as it would be if it were written there.
    """
    left: list[Any] = [root]
    seen: set[int] = set()
    while left:
        node = left.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            left += [value for _, value in node.value]
        elif isinstance(node, yaml.SequenceNode):
            left += node.value
        elif refers(node.value):
            try:
                node.value = filled(node.value, variables)
            except UnknownVariableError as error:
                raise DocumentError(str(error), node.start_mark.line + 1) from error
            if not node.style and node.tag == f"{_TAG}str":
                node.tag = loader.resolve(yaml.ScalarNode, node.value, (True, False))


def _refuse_bombs(root: yaml.Node, limit: int = UNFOLDED_MAX) -> None:
    """A few lines of aliases of aliases can mean millions of values, or one long value a million times."""
    sizes: dict[int, int] = {}

    def size(node: yaml.Node) -> int:
        if isinstance(node, yaml.ScalarNode):
            return 1 + len(node.value)
        if id(node) not in sizes:
            sizes[id(node)] = limit
            parts = [part for pair in node.value for part in (pair if isinstance(pair, tuple) else (pair,))]
            sizes[id(node)] = min(limit, 1 + sum(size(part) for part in parts))
        return sizes[id(node)]

    if size(root) >= limit:
        raise DocumentError("its aliases unfold to too much: write them out", root.start_mark.line + 1)


def line_of(text: str, document_line: int, path: tuple[str | int, ...]) -> int:
    """The line of the field in the document that begins on `document_line`; of its nearest parent where it is not."""
    found = document_line
    nodes = yaml.compose_all(text.removeprefix("\ufeff"), Loader=_Loader)
    here = next((node for node in nodes if node.start_mark.line + 1 == document_line), None)
    for part in path:
        step = None if here is None else _step(here, part)
        if step is None:
            return found
        here, found = step
    return found


def _step(node: yaml.Node, part: str | int) -> tuple[yaml.Node, int] | None:
    if isinstance(node, yaml.MappingNode):
        found = (pair for pair in node.value if pair[0].value == str(part))
        return next(((value, key.start_mark.line + 1) for key, value in found), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        item = node.value[part]
        return item, item.start_mark.line + 1
    return None


def field_at(value: Any, path: tuple[str, ...]) -> Any:
    """The value of a field by its keys from the root; None where it is absent."""
    for key in path:
        if not isinstance(value, Mapping):
            return None
        value = value.get(key)
    return value


def _key(key: Hashable) -> str:
    if isinstance(key, bool):
        return "true" if key else "false"
    return str(key)


def _one_line(text: str) -> str:
    return " ".join(text.split())
