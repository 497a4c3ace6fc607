"""Which objects a path of the repository asks for at a commit, all files together."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property

from kanaria.decide.git_sync.read_file import Fault, FileRead, Wanted, is_hidden, is_manifest, marked
from kanaria.vocabulary import ObjectRef
from kanaria.vocabulary.objects import content_hash

Scope = Callable[[str, str], bool | None]
"""Whether objects of an API version and kind belong to namespaces; None where the API server has not said yet."""
Identity = tuple[str, str, str, str]
"""Group, kind, namespace and name: what stays when an object moves to another version of its API."""


@dataclass(frozen=True)
class Tree:
    """The objects by identity, and what is wrong; `found` is whether the path is there at all."""

    objects: Mapping[Identity, Wanted] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()
    found: bool = True

    @cached_property
    def kinds(self) -> tuple[tuple[str, str], ...]:
        """Version of the API and kind of the objects."""
        return tuple(sorted({(wanted.ref.api_version, wanted.ref.kind) for wanted in self.objects.values()}))

    @cached_property
    def digest(self) -> str:
        """Tells two trees of objects apart."""
        return content_hash(sorted(wanted.digest for wanted in self.objects.values()), 32)


NOTHING = Tree()


def identity(ref: ObjectRef) -> Identity:
    """The identity of an object across the versions of its API."""
    return (ref.group, ref.kind, ref.namespace, ref.name)


def read_tree(
    files: Mapping[str, FileRead],
    links: Mapping[str, str],
    sync: ObjectRef,
    *,
    found: bool,
    scope: Scope = lambda _version, _kind: None,
) -> Tree:
    """Put the files together: no two may hold one object, and none may be a link.

    Whether a kind belongs to namespaces is known of the API server; before it says so, of the kind's name and of the
    definitions in the repository.
    """
    faults = [fault for read in files.values() for fault in read.faults]
    faults += _links(links)
    wide = frozenset(_cluster_wide(files.values()))
    told = cache(scope)
    objects: dict[Identity, Wanted] = {}
    for read in files.values():
        for wanted in read.objects:
            placed = _placed(wanted, sync, _namespaced(wanted.ref, wide, told))
            known = objects.setdefault(identity(placed.ref), placed)
            if known is not placed:
                sentence = f"{placed.ref} stands also in {known.place}: remove one"
                faults.append(Fault(placed.path, placed.line, sentence))
    return Tree(objects, tuple(faults), found)


def _links(links: Mapping[str, str]) -> Iterator[Fault]:
    for path, what in links.items():
        name = path.rpartition("/")[2]
        if is_manifest(path) or ("." not in name and not is_hidden(path)):
            yield Fault(path, 0, f"it is a {what}, which Kanaria does not follow: commit the files themselves")


def _cluster_wide(files: Iterable[FileRead]) -> Iterator[tuple[str, str]]:
    """Kinds that the repository itself defines as not belonging to a namespace."""
    for read in files:
        for wanted in read.objects:
            spec = wanted.manifest.get("spec") if wanted.ref.kind == "CustomResourceDefinition" else None
            if isinstance(spec, Mapping) and spec.get("scope") == "Cluster":
                yield str(spec.get("group")), str((spec.get("names") or {}).get("kind"))


def _namespaced(ref: ObjectRef, wide: frozenset[tuple[str, str]], scope: Scope) -> bool:
    told = scope(ref.api_version, ref.kind)
    return told if told is not None else bool(ref.namespace) and (ref.group, ref.kind) not in wide


def _placed(wanted: Wanted, sync: ObjectRef, namespaced: bool) -> Wanted:  # noqa: FBT001 - what the kind is
    """The object in the sync's namespace, or in none."""
    if bool(wanted.ref.namespace) == namespaced:
        return wanted
    ref = replace(wanted.ref, namespace=sync.namespace if namespaced else "")
    manifest = marked(wanted.manifest, ref, sync)
    return replace(wanted, ref=ref, manifest=manifest, digest=content_hash(manifest, 16))
