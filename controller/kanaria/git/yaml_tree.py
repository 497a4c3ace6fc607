"""Where in a YAML or JSON text each field stands: a tree of nodes with their first and last characters."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(slots=True)
class Node:
    """A value in the text: `start` to `end` is what it occupies, without the comments and blank lines after it."""

    sort: str
    start: int
    end: int
    column: int
    text: str = ""
    style: str | None = None
    flow: bool = False
    anchored: bool = False
    pairs: list["Pair"] = field(default_factory=list)
    items: list["Node"] = field(default_factory=list)

    def pair(self, key: str) -> "Pair | None":
        """The field of this name."""
        return next((pair for pair in self.pairs if pair.key.sort == "scalar" and pair.key.text == key), None)

    @property
    def is_null(self) -> bool:
        """Whether nothing stands here, or null."""
        return self.sort == "scalar" and self.style is None and self.text in {"", "~", "null", "Null", "NULL"}

    @property
    def is_block(self) -> bool:
        """Whether it has lines of its own: a mapping or list by indentation, or a text after | or >."""
        return (self.sort in {"mapping", "list"} and not self.flow) or self.style in {"|", ">"}


@dataclass(slots=True)
class Pair:
    """A field of a mapping."""

    key: Node
    value: Node


def trees(text: str) -> list[Node]:
    """The documents of a text that hold anything."""
    events = yaml.parse(text, Loader=_Loader)
    found = [
        _node(next(events), events, text, flow=False) for event in events if isinstance(event, yaml.DocumentStartEvent)
    ]
    return [node for node in found if not node.is_null]


def _node(event: Any, events: Iterator[Any], text: str, *, flow: bool) -> Node:
    start, end = event.start_mark.index, event.end_mark.index
    column = event.start_mark.column
    if isinstance(event, yaml.AliasEvent):
        return Node("alias", start, end, column, flow=flow)
    anchored = event.anchor is not None
    if isinstance(event, yaml.ScalarEvent):
        style = event.style if event.style in {"'", '"', "|", ">"} else None
        if style in {"|", ">"}:
            end = _end_of_lines(text, start, end)
        return Node("scalar", start, end, column, event.value, style, flow=flow, anchored=anchored)
    inside = flow or bool(event.flow_style)
    made = Node("list" if isinstance(event, yaml.SequenceStartEvent) else "mapping", start, end, column)
    made.anchored, made.flow = anchored, inside
    _fill(made, events, text)
    return made


def _fill(made: Node, events: Iterator[Any], text: str) -> None:
    for event in events:
        if isinstance(event, yaml.SequenceEndEvent | yaml.MappingEndEvent):
            break
        child = _node(event, events, text, flow=made.flow)
        if made.sort == "list":
            made.items.append(child)
        else:
            made.pairs.append(Pair(child, _node(next(events), events, text, flow=made.flow)))
    if made.flow and text[event.end_mark.index - 1 : event.end_mark.index] in {"]", "}"}:
        made.end = event.end_mark.index
        return
    # The end of a block is told only with what comes next: it ends with its last value.
    last = made.items[-1] if made.items else made.pairs[-1].value if made.pairs else None
    made.end = last.end if last else made.end
    if made.pairs:
        # An anchor before the mapping has a column of its own.
        made.column = made.pairs[0].key.column


def _end_of_lines(text: str, start: int, end: int) -> int:
    """The end of a text after | or >: blank lines below it are its own only where it says `+`."""
    if "+" in text[start:end].partition("\n")[0]:
        return end
    return min(len(text[start:end].rstrip()) + start + (2 if "\r\n" in text else 1), end)
