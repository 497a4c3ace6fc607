"""How the changes of an edit are made in one document of a text, and proven to be nothing but these changes."""

import copy
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from kanaria.api import KINDS
from kanaria.git.splice import Unable, appended, inserted, removed, replaced
from kanaria.git.yaml_render import Manner
from kanaria.git.yaml_tree import Node, Pair, trees
from kanaria.vocabulary import Append, Set, Unset
from kanaria.vocabulary.documents import DocumentError, documents
from kanaria.vocabulary.edit import Path

Change = Set | Unset | Append
BOM = "\ufeff"


def changed(text: str, number: int, changes: tuple[Change, ...]) -> str:
    """The text with the changes in its document of this number, those that hold nothing not counted.

    Raises:
        Unable: if the text is written in a way that does not allow it.
    """
    mark, bare = (BOM, text[1:]) if text.startswith(BOM) else ("", text)
    wanted = [copy.deepcopy(document.value) for document in documents(bare)]
    made = bare
    for change in changes:
        _change(wanted[number], change)
        made = _Document(made, number).with_change(change)
    _prove(made, wanted)
    return mark + made


def _prove(text: str, wanted: list[Any]) -> None:
    try:
        found = [document.value for document in documents(text)]
    except DocumentError as error:
        raise Unable(f"the change would break the file ({error})") from error
    if found != wanted:
        raise Unable("the file is written in a way that does not let this field be changed alone")


class _Document:
    """One document as it stands in the text now."""

    def __init__(self, text: str, number: int) -> None:
        self.text = text
        self.number = number
        try:
            self.root = trees(text)[number]
        except yaml.YAMLError as error:
            raise Unable("the changes before would break the file") from error
        self.manner = _manner(text, self.root)

    def with_change(self, change: Change) -> str:
        match change:
            case Set(path, value):
                return self._set(path, value)
            case Unset(path):
                return self._unset(path)
            case Append(path, item):
                pair = self._pair(path)
                if pair is None or pair.value.is_null:
                    return self._set(path, [item])
                return appended(self.text, pair, item, self.manner)

    def _set(self, path: Path, value: Any) -> str:
        holder, known = self._deepest(path)
        key, rest = path[known], path[known + 1 :]
        pair = holder.pair(key)
        for missing in reversed(rest):
            value = {missing: value}
        if pair is None:
            return inserted(self.text, holder, key, value, self._neighbour(holder, path[: known + 1]), self.manner)
        if rest and not pair.value.is_null:
            raise Unable(f"{'.'.join(path[: known + 1])} is no mapping of its own")
        if isinstance(value, Mapping) and value and pair.value.sort == "mapping" and pair.value.pairs:
            return self._merge(path, pair.value, value)
        return replaced(self.text, pair, value, self.manner)

    def _merge(self, path: Path, old: Node, value: Mapping[str, Any]) -> str:
        """Field by field, so that the comments and the order of what stays are kept."""
        now = documents(self.text)[self.number].value
        for key in path:
            now = now[key]
        steps: list[Change] = [Set((*path, key), item) for key, item in value.items() if now.get(key) != item]
        steps += [Unset((*path, pair.key.text)) for pair in old.pairs if pair.key.text not in value]
        text = self.text
        for step in steps:
            text = _Document(text, self.number).with_change(step)
        return text

    def _unset(self, path: Path) -> str:
        holder, known = self._deepest(path)
        pair = holder.pair(path[known]) if known == len(path) - 1 else None
        if pair is None:
            return self.text
        if len(holder.pairs) > 1:
            return removed(self.text, holder, pair)
        parent = self._pair(path[:-1])
        if parent is None:
            raise Unable("nothing would be left of the document")
        return replaced(self.text, parent, {}, self.manner)

    def _pair(self, path: Path) -> Pair | None:
        if not path:
            return None
        holder, known = self._deepest(path)
        return holder.pair(path[known]) if known == len(path) - 1 else None

    def _deepest(self, path: Path) -> tuple[Node, int]:
        """The deepest mapping on the way to the field, and how many keys lead to it."""
        holder = self.root
        for known, key in enumerate(path[:-1]):
            pair = holder.pair(key)
            if pair is None or pair.value.is_null:
                return holder, known
            if pair.value.sort == "alias":
                raise Unable(f"{'.'.join(path[: known + 1])} is an alias of something else")
            if pair.value.sort != "mapping":
                return holder, known
            holder = pair.value
        return holder, len(path) - 1

    def _neighbour(self, holder: Node, path: Path) -> Pair | None:
        """The field behind which a new one of a spec is looked for by people: as the API orders them."""
        kind = self.root.pair("kind")
        order = _spec_order(kind.value.text if kind else "") if path[:-1] == ("spec",) else ()
        if path[-1] not in order:
            return None
        before = (holder.pair(key) for key in reversed(order[: order.index(path[-1])]))
        return next((pair for pair in before if pair is not None), None)


def _spec_order(kind: str) -> tuple[str, ...]:
    model = next((each for each in KINDS if each.model_fields["kind"].default == kind), None)
    if model is None:
        return ()
    spec: Any = model.model_fields["spec"].annotation
    return tuple(field.alias or name for name, field in spec.model_fields.items())


def _manner(text: str, root: Node) -> Manner:
    step = next((c.column - p.column for p, c in _nested(root) if c.sort == "mapping" and c.pairs), 2)
    dash = next((c.column - p.column for p, c in _nested(root) if c.sort == "list" and not c.anchored), step)
    first = root.pairs[0].key if root.pairs else None
    return Manner(
        step=max(step, 1),
        dash_indent=max(dash, 0),
        quoted_keys=first is not None and first.style == '"',
        newline="\r\n" if "\r\n" in text else "\n",
    )


def _nested(node: Node) -> Iterator[tuple[Node, Node]]:
    """Each block with the key above it, outermost first."""
    for pair in node.pairs:
        if pair.value.is_block and pair.value.style is None:
            yield pair.key, pair.value
    for child in [pair.value for pair in node.pairs] + node.items:
        if not child.flow:
            yield from _nested(child)


def _change(value: Any, change: Change) -> None:
    """Make the change in plain JSON."""
    *parents, last = change.path
    for key in parents:
        if isinstance(change, Unset) and not isinstance(value.get(key), dict):
            return
        if value.get(key) is None:
            value[key] = {}
        value = value[key]
        if not isinstance(value, dict):
            raise Unable(f"{key} is no mapping")
    match change:
        case Set(_, wanted):
            value[last] = copy.deepcopy(wanted)
        case Unset():
            value.pop(last, None)
        case Append(_, item):
            value[last] = [*(value.get(last) or []), copy.deepcopy(item)]
