"""Who owns which field of an object: managedFields, and what a server-side apply makes of them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from kanaria.local.apiserver.refusals import Object, RefusedError, cause, status_of
from kanaria.local.apiserver.shapes import Path, Shape, children

Paths = frozenset[Path]
Part = Literal["all", "status", "all but status"]
_SYSTEM = ("name", "namespace", "uid", "resourceVersion", "generation", "creationTimestamp", "managedFields")
_GOING = ("deletionTimestamp", "deletionGracePeriodSeconds", "selfLink")
_NOBODYS = frozenset(
    {("f:apiVersion",), ("f:kind",), ("f:metadata",)} | {("f:metadata", f"f:{name}") for name in _SYSTEM + _GOING}
)


@dataclass(frozen=True, slots=True)
class Writer:
    """Who wrote, and how: what managedFields tells apart."""

    name: str
    operation: str  # Apply or Update
    subresource: str = ""
    api_version: str = ""

    @property
    def same(self) -> tuple[str, ...]:
        """What makes two entries one: an applier may change its version."""
        version = "" if self.operation == "Apply" else self.api_version
        return (self.name, self.operation, self.subresource, version)


@dataclass(frozen=True, slots=True)
class Difference:
    """What changed from one object to another."""

    added: Paths
    changed: Paths
    removed: Paths

    def on(self, part: Part) -> "Difference":
        """The difference as far as it lies in a part of the object."""
        if part == "all":
            return self
        wanted = part == "status"
        kept = [frozenset(p for p in paths if (p[0] == "f:status") is wanted) for paths in self._all]
        return Difference(*kept)

    @property
    def _all(self) -> tuple[Paths, Paths, Paths]:
        return self.added, self.changed, self.removed

    @property
    def written(self) -> Paths:
        """What has a new value."""
        return self.added | self.changed


def paths_of(value: Any, shape: Shape, at: Path = (), *, containers: bool = False) -> Iterator[Path]:
    """The fields a value sets; with containers: also the maps that hold them."""
    parts = children(value, shape)
    if parts is None:
        yield at
        return
    if containers and at and not shape.always_there:
        yield at
    for element, (part, below) in parts.items():
        path = (*at, element)
        yield from paths_of(part, below, path, containers=containers)
        declared = element.startswith("f:") and shape.declares(element[2:])
        if not declared or part is None or part == {}:
            yield path


def difference(old: Object, new: Object, shape: Shape) -> Difference:
    """What changed between two objects; what belongs to the system is left out."""
    found: dict[str, set[Path]] = {"added": set(), "changed": set(), "removed": set()}
    _compare(old, new, shape, (), found)
    return Difference(*(frozenset(found[key] - _NOBODYS) for key in ("added", "changed", "removed")))


def _compare(old: Any, new: Any, shape: Shape, at: Path, found: dict[str, set[Path]]) -> None:
    if old == new:
        return
    before, after = children(old, shape), children(new, shape)
    if before is None or after is None or isinstance(old, dict) is not isinstance(new, dict):
        found["changed"].add(at)
        found["removed"].update(set(paths_of(old, shape, at)) - {at} if before else ())
        found["added"].update(set(paths_of(new, shape, at)) - {at} if after else ())
        return
    for element in before | after:
        path = (*at, element)
        if element not in before:
            part, below = after[element]
            found["added"].update(paths_of(part, below, path, containers=True))
            found["added"].update({path} if element[0] in "kv" else ())
        elif element not in after:
            part, below = before[element]
            found["removed"].update(paths_of(part, below, path, containers=True), {path})
        else:
            _compare(before[element][0], after[element][0], after[element][1], path, found)


@dataclass(frozen=True, slots=True)
class Ledger:
    """Owners and their fields, with the time each entry last changed."""

    entries: tuple[tuple[Writer, Paths, str], ...] = ()

    @classmethod
    def of(cls, body: Object) -> "Ledger":
        """The ledger an object bears."""
        return cls(tuple(_entry(raw) for raw in body["metadata"].get("managedFields") or () if raw.get("manager")))

    def to_json(self) -> list[Object]:
        """As metadata.managedFields."""
        return [_raw(writer, paths, time) for writer, paths, time in self.entries]

    def owned_by(self, writer: Writer) -> Paths:
        """What a writer owns."""
        return next((paths for each, paths, _ in self.entries if each.same == writer.same), frozenset())

    def updated(self, writer: Writer, change: Difference, time: str) -> "Ledger":
        """After an update: what was written is the writer's alone, what was removed is nobody's."""
        mine = (self.owned_by(writer) | change.written) - change.removed
        return self.without(change.written | change.removed, writer).having(writer, mine, time)

    def applied(self, writer: Writer, wanted: Paths, change: Difference, time: str) -> "Ledger":
        """After an apply: the writer owns what it applied; others keep what it did not change."""
        return self.without(change.written | change.removed, writer).having(writer, wanted, time)

    def conflicts(self, writer: Writer, change: Difference) -> list[tuple[Writer, Path]]:
        """The fields of others that an apply would change."""
        others = ((each, paths) for each, paths, _ in self.entries if each.same != writer.same)
        return [(each, path) for each, paths in others for path in sorted(paths & change.written)]

    def having(self, writer: Writer, paths: Paths, time: str) -> "Ledger":
        """With this as what a writer owns; the time stays when that is nothing new."""
        kept = tuple(entry for entry in self.entries if entry[0].same != writer.same)
        mine = next((entry for entry in self.entries if entry[0].same == writer.same), None)
        if mine is not None and mine[1] == paths and mine[0] == writer:
            return self
        return Ledger((*kept, (writer, paths, time)) if paths else kept)

    def without(self, paths: Paths, writer: Writer) -> "Ledger":
        """With these fields taken from everyone but the writer."""
        left = (
            (each, owned if each.same == writer.same else owned - paths, time) for each, owned, time in self.entries
        )
        return Ledger(tuple(entry for entry in left if entry[1]))


def _entry(raw: Object) -> tuple[Writer, Paths, str]:
    writer = Writer(raw["manager"], raw.get("operation", "Update"), raw.get("subresource", ""), raw["apiVersion"])
    return writer, frozenset(_read(raw.get("fieldsV1") or {}, ())), raw.get("time", "")


def _read(tree: Object, at: Path) -> Iterator[Path]:
    if not tree and at:
        yield at
    for element, below in tree.items():
        if element == ".":
            yield at
        else:
            yield from _read(below, (*at, element))


def _raw(writer: Writer, paths: Iterable[Path], time: str) -> Object:
    tree: Object = {}
    for path in sorted(paths):  # parents come first, so a parent that has children is marked by "."
        branch = tree
        for depth, element in enumerate(path):
            if element not in branch:
                branch[element] = {}
                if depth and path[:depth] in paths:
                    branch.setdefault(".", {})
            branch = branch[element]
    raw: Object = {
        "manager": writer.name,
        "operation": writer.operation,
        "apiVersion": writer.api_version,
        "time": time,
    }
    raw |= {"fieldsType": "FieldsV1", "fieldsV1": tree}
    return raw | ({"subresource": writer.subresource} if writer.subresource else {})


def apply(live: Object, config: Object, writer: Writer, ledger: Ledger, shape: Shape) -> tuple[Object, Paths]:
    """What a server-side apply makes of an object, and what its writer owns then."""
    wanted = frozenset(paths_of(config, shape)) - _NOBODYS
    merged = merge(live, config, shape)
    others = (paths for each, paths, _ in ledger.entries if each.same != writer.same)
    kept = _with_parents(wanted.union(*others))
    given_up = _with_parents(ledger.owned_by(writer)) - kept - _NOBODYS - {("f:spec",), ("f:metadata",)}
    for path in sorted(given_up):
        if not any(path[:depth] in given_up for depth in range(1, len(path))):
            merged = _without(merged, path, shape)
    return merged, wanted


def merge(live: Any, config: Any, shape: Shape) -> Any:
    """Live, with everything config says."""
    if isinstance(config, dict) and isinstance(live, dict) and not shape.is_piece:
        merged = dict(live)
        for name, value in config.items():
            merged[name] = merge(live.get(name), value, shape.child(name))
        return merged
    if live and shape.holds_items(config) and shape.holds_items(live):
        return _merged_items(live, config, shape)
    return config


def _merged_items(live: list[Any], config: list[Any], shape: Shape) -> list[Any]:
    """The items of both, in config's order; live's others stay before the item they stood before."""
    wanted = {shape.element(item): item for item in config}
    old = {shape.element(item): item for item in live}
    waiting, merged = list(old), []
    for element, item in wanted.items():
        while waiting and waiting[0] not in wanted:
            merged.append(old[waiting.pop(0)])
        merged.append(merge(old.get(element), item, shape.item()))
        if element in waiting:
            waiting.remove(element)
    return merged + [old[element] for element in waiting]


def doubled(value: Any, shape: Shape, at: Path = ()) -> Iterator[str]:
    """What a list that is a map or a set names twice."""
    elements = [shape.element(item) for item in value] if shape.holds_items(value) else []
    twice = sorted({each for each in elements if elements.count(each) > 1})
    yield from (f"{_spelled(at)}: duplicate entries for key {_spelled((each,))}" for each in twice)
    for element, (part, below) in (children(value, shape) or {}).items():
        yield from doubled(part, below, (*at, element))


def _with_parents(paths: Iterable[Path]) -> set[Path]:
    return {path[:depth] for path in paths for depth in range(1, len(path) + 1)}


def _without(value: Any, path: Path, shape: Shape) -> Any:
    parts = children(value, shape)
    element, rest = path[0], path[1:]
    if parts is None or element not in parts:
        return value
    part, below = parts[element]
    if isinstance(value, dict):
        left = {key: item for key, item in value.items() if f"f:{key}" != element}
        return left | {element[2:]: _without(part, rest, below)} if rest else left
    new = [_without(part, rest, below)] if rest else []
    return [kept for item in value for kept in (new if shape.element(item) == element else [item])]


def conflict_of(conflicts: list[tuple[Writer, Path]]) -> RefusedError:
    """The refusal that names every field and its owner."""
    causes, lines = [], []
    for writer, path in conflicts:
        version = f" using {writer.api_version}" if writer.operation == "Update" else ""
        sub = f' with subresource "{writer.subresource}"' if writer.subresource else ""
        who, where = f'conflict with "{writer.name}"{sub}{version}', _spelled(path)
        causes.append(cause("FieldManagerConflict", where, who))
        lines.append((who, where))
    if len(lines) == 1:
        message = f"Apply failed with 1 conflict: {lines[0][0]}: {lines[0][1]}"
    else:
        grouped: dict[str, list[str]] = {}
        for who, where in lines:
            grouped.setdefault(who.replace("conflict", "conflicts", 1), []).append(f"- {where}")
        told = "\n".join(f"{who}:\n" + "\n".join(fields) for who, fields in grouped.items())
        message = f"Apply failed with {len(lines)} conflicts: {told}"
    refusal = RefusedError(409, "Conflict", message)
    refusal.status = status_of(409, "Conflict", message, {"causes": causes})
    return refusal


def _spelled(path: Path) -> str:
    words = []
    for element in path:
        kind, _, rest = element.partition(":")
        if kind == "f":
            words.append(f".{rest}")
        elif kind == "k":
            inner = rest[1:-1].replace('":', "=").replace(',"', ",").removeprefix('"')
            words.append(f"[{inner}]")
        else:
            words.append(f"[={rest}]")
    return "".join(words)
