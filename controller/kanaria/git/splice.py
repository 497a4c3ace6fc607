"""How a field is set, removed or appended to in a YAML or JSON text without touching another character."""

from collections.abc import Mapping
from typing import Any

from kanaria.git.yaml_render import Manner, field_lines, flow, item_lines, pretty, scalar
from kanaria.git.yaml_tree import Node, Pair


class Unable(Exception):  # noqa: N818 - what the text does not allow, not a fault
    """The text is written in a way that cannot be changed here."""


def replaced(text: str, pair: Pair, value: Any, manner: Manner) -> str:
    """The field with another value."""
    old = pair.value
    if pair.key.flow or not _is_tree(value):
        return _with_inline(text, pair, _inline(value, old, pair.key, manner))
    lines = field_lines("_", value, pair.key.column, manner)[1:]
    start = _after_colon(text, pair)
    if old.is_block and old.style is None:
        head = text[start : _line_end(text, start)]
        rest = _from_line_after(text, old)
    else:
        # What stands behind the old value on its line is a comment, and stays.
        end = max(old.end - 1, start) if old.is_block else max(old.end, start)
        head = text[end : _line_end(text, end)]
        rest = _from_line_after(text, old)
    return text[:start] + head.rstrip() + _lines(lines, manner, before=manner.newline) + rest


def inserted(text: str, holder: Node, key: str, value: Any, after: Pair | None, manner: Manner) -> str:
    """The mapping with one more field, behind the given one or at its end."""
    if not holder.pairs:
        entry = "{" + _entry(key, value, manner) + "}"
        return text[: holder.start] + entry + text[holder.end :]
    before = after or holder.pairs[-1]
    if holder.flow:
        gap = _gap(text, holder.pairs[0].key.start, manner)
        shown = _entry(key, value, manner, column=len(gap.lstrip("\r\n")) if "\n" in gap else None)
        at = before.value.end
        return f"{text[:at]},{gap}{shown}{text[at:]}"
    return _with_lines(text, before.value, field_lines(key, value, holder.column, manner), holder.column, manner)


def removed(text: str, holder: Node, pair: Pair) -> str:
    """The mapping without a field; it must not be its only one."""
    number = holder.pairs.index(pair)
    if holder.flow:
        if number + 1 < len(holder.pairs):
            return text[: pair.key.start] + text[holder.pairs[number + 1].key.start :]
        return text[: holder.pairs[number - 1].value.end] + text[pair.value.end :]
    start = _line_start(text, pair.key.start)
    if text[start : pair.key.start].strip():
        raise Unable("the field does not begin its line")
    return text[:start] + text[_behind_comments(text, pair.value, holder.column) :]


def appended(text: str, pair: Pair, item: Any, manner: Manner) -> str:
    """The list with one more item."""
    holder = pair.value
    if holder.sort != "list":
        raise Unable(f"{pair.key.text} is no list that can be added to")
    if not holder.items:
        return replaced(text, pair, [item], manner)
    last = holder.items[-1]
    if holder.flow:
        gap = _gap(text, holder.items[0].start, manner)
        return f"{text[: last.end]},{gap}{flow(item, manner)}{text[last.end :]}"
    if text[holder.start] != "-":
        raise Unable(f"{pair.key.text} does not begin with a dash")
    return _with_lines(text, last, item_lines(item, holder.column, manner), holder.column, manner)


def _with_inline(text: str, pair: Pair, shown: str) -> str:
    old = pair.value
    start = _after_colon(text, pair)
    if not old.is_block:
        between = text[start : old.start] if old.start > start else " "
        return text[:start] + (between if "\n" not in between and "#" not in between else " ") + shown + text[old.end :]
    comment = text[start : _line_end(text, start)] if old.style is None else ""
    return f"{text[:start]} {shown}{comment.rstrip()}{_newline(text)}{_from_line_after(text, old)}"


def _with_lines(text: str, before: Node, lines: list[str], column: int, manner: Manner) -> str:
    at = _behind_comments(text, before, column)
    if text[:at].endswith("\n"):
        return text[:at] + _lines(lines, manner) + text[at:]
    # The text ends without a newline, and still does afterwards.
    return text[:at] + manner.newline + manner.newline.join(lines) + text[at:]


def _inline(value: Any, old: Node, key: Node, manner: Manner) -> str:
    if _is_tree(value) or isinstance(value, Mapping | list | tuple):
        return flow(value, manner)
    style = old.style if old.style in {"'", '"'} else None
    if isinstance(value, str) and key.flow and style is None and manner.quoted_keys:
        style = '"'
    return scalar(value, style)


def _entry(key: str, value: Any, manner: Manner, column: int | None = None) -> str:
    shown = pretty(value, column, manner) if column is not None else flow(value, manner)
    quotes = '"' if manner.quoted_keys else None
    return f"{scalar(key, quotes)}: {shown}"


def _gap(text: str, first: int, manner: Manner) -> str:
    """What stands between two entries: a new line with its indentation where the first one has a line of its own."""
    start = _line_start(text, first)
    alone = not text[start:first].strip() and start > 0
    return manner.newline + text[start:first] if alone else " "


def _after_colon(text: str, pair: Pair) -> int:
    at = pair.key.end
    while text[at : at + 1] in {" ", "\t"}:
        at += 1
    if text[at : at + 1] != ":":
        raise Unable(f"no colon stands behind {pair.key.text}")
    return at + 1


def _behind_comments(text: str, node: Node, column: int) -> int:
    """The start of the line behind the node and behind those comments below it that are indented deeper."""
    at = _line_after(text, node)
    while at < len(text):
        line = text[at : _line_end(text, at)]
        indent = len(line) - len(line.lstrip(" "))
        if not line.lstrip(" ").startswith("#") or indent <= column:
            break
        at = min(_line_end(text, at) + 1, len(text))
    return at


def _from_line_after(text: str, node: Node) -> str:
    return text[_line_after(text, node) :]


def _line_after(text: str, node: Node) -> int:
    last = _last(node)
    if last.style in {"|", ">"} and text[: last.end].endswith("\n"):
        return last.end
    return min(_line_end(text, node.end) + 1, len(text))


def _last(node: Node) -> Node:
    """The value with which a block ends."""
    while node.is_block and (node.items or node.pairs):
        node = node.items[-1] if node.items else node.pairs[-1].value
    return node


def _line_end(text: str, at: int) -> int:
    found = text.find("\n", at)
    return len(text) if found < 0 else found


def _line_start(text: str, at: int) -> int:
    return text.rfind("\n", 0, at) + 1


def _lines(lines: list[str], manner: Manner, before: str = "") -> str:
    return before + "".join(line + manner.newline for line in lines)


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _is_tree(value: Any) -> bool:
    return isinstance(value, Mapping | list | tuple) and bool(value)
