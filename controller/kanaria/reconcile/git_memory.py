"""What GitSyncs remember between visits so that a visit costs what changed; all of it can be lost without harm."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

from kanaria.api import GitSync
from kanaria.api.git_sync import GitRef
from kanaria.decide.git_sync import FileRead, Tree, Variables, Wanted, is_manifest, read_file, read_tree
from kanaria.decide.git_sync.read_file import SIZE_MAX
from kanaria.decide.git_sync.read_tree import NOTHING, Scope
from kanaria.git.trouble import GitTrouble
from kanaria.reconcile.git_standing import Standing
from kanaria.reconcile.world import Mirrors, World
from kanaria.vocabulary import ObjectRef
from kanaria.vocabulary.objects import content_hash

FILES_KEPT = 200_000
READ_AT_ONCE = 50
"""Files that one visit parses: nobody else is served meanwhile, and the rest is for the next one, right after it."""
Where = tuple[str, str, str]
"""Address of a repository, commit and path."""
K = TypeVar("K")
V = TypeVar("V")


class Newest(Generic[K, V]):
    """A mapping that forgets what was not looked at for longest."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._known: OrderedDict[K, V] = OrderedDict()

    def __contains__(self, key: K) -> bool:
        return key in self._known

    def get(self, key: K, make: Callable[[], V]) -> V:
        """The value of the key, made where it is not known."""
        if key not in self._known:
            self._known[key] = make()
            if len(self._known) > self._limit:
                self._known.popitem(last=False)
        self._known.move_to_end(key)
        return self._known[key]


@dataclass(slots=True)
class OfOneSync:
    """What one GitSync remembers."""

    url_and_ref: tuple[str, GitRef]
    standing: Standing
    leaving: Standing
    newest: str = ""
    commit: str = ""
    told: datetime | None = None
    variables: Variables | None = None
    variables_hash: str = ""
    tree_of: tuple[Where, str] = (("", "", ""), "")
    scopes: tuple[bool | None, ...] = ()
    tree: Tree = NOTHING
    previous: Tree = NOTHING
    named: Mapping[ObjectRef, Wanted | str] = field(default_factory=dict)
    elsewhere: frozenset[ObjectRef] = frozenset()
    writer: str = ""
    cluster: str | None = None

    @property
    def sync(self) -> ObjectRef:
        """Whose memory it is."""
        return self.standing.sync

    def put_in(self, variables: Variables | None) -> None:
        """These values are put into the manifests from now on."""
        if variables != self.variables:
            self.variables = variables
            self.variables_hash = "" if variables is None else content_hash(variables, 32)


class GitMemory:
    """What all GitSyncs remember."""

    def __init__(self) -> None:
        self._syncs: dict[ObjectRef, OfOneSync] = {}
        self._files: Newest[tuple[str, str, str, ObjectRef], FileRead] = Newest(FILES_KEPT)

    def of(self, sync: ObjectRef, url: str, followed: GitRef) -> OfOneSync:
        """What a sync remembers; nothing once it looks at another repository or ref."""
        known = self._syncs.get(sync)
        if known is None or known.url_and_ref != (url, followed):
            known = self._syncs[sync] = OfOneSync((url, followed), Standing(sync), Standing(sync))
        return known

    def forget(self, sync: ObjectRef) -> None:
        """The sync is gone."""
        self._syncs.pop(sync, None)

    def read(self, known: OfOneSync, world: World, commit: str, path: str) -> bool:
        """Bring the remembered tree to the commit, and its objects to where the API server says they belong.

        False where files are left to be read by the next visit.
        """
        where, scope = (known.url_and_ref[0], commit, path), world.objects.namespaced
        if known.tree_of == (where, known.variables_hash) and known.scopes == _scopes(known.tree, scope):
            return True
        if not self._read_some(world.mirrors, where, known):
            return False
        known.previous, known.tree = known.tree, self._tree(world, where, known)
        known.tree_of, known.scopes = (where, known.variables_hash), _scopes(known.tree, scope)
        return True

    def applied(self, known: OfOneSync, world: World, sync: GitSync) -> Tree | None:
        """What was applied last, by what the status tells of it; None where that cannot be read any more."""
        told = sync.status.inventory.digest
        at_hand = next((tree for tree in (known.tree, known.previous) if tree.digest == told), None)
        if at_hand or not told:
            return at_hand if told else None
        _, _, commit = (sync.status.last_applied_revision or "").rpartition(":")
        try:
            tree = self._tree(world, (sync.spec.url, commit, sync.spec.path), known)
        except GitTrouble:
            return None
        return tree if tree.digest == told else None

    def _read_some(self, mirrors: Mirrors, where: Where, known: OfOneSync) -> bool:
        """Only blobs that were not read yet are parsed; whether all are now."""
        own = (known.variables_hash, known.sync)
        unread = [each for each in _manifests(mirrors, where) if (*each, *own) not in self._files]
        for name, blob in unread[:READ_AT_ONCE]:
            self._file(mirrors, where[0], (name, blob), known)
        return len(unread) <= READ_AT_ONCE

    def _file(self, mirrors: Mirrors, url: str, file: tuple[str, str], known: OfOneSync) -> FileRead:
        name, blob = file

        def made() -> FileRead:
            return read_file(name, mirrors.blob(url, blob, SIZE_MAX + 1), known.sync, known.variables)

        return self._files.get((*file, known.variables_hash, known.sync), made)

    def _tree(self, world: World, where: Where, known: OfOneSync) -> Tree:
        mirrors, scope = world.mirrors, world.objects.namespaced
        files = {file[0]: self._file(mirrors, where[0], file, known) for file in _manifests(mirrors, where)}
        return read_tree(files, mirrors.links(*where), known.sync, found=bool(mirrors.files(*where)), scope=scope)


def _manifests(mirrors: Mirrors, where: Where) -> list[tuple[str, str]]:
    """Name and blob of each file that may hold manifests."""
    return [(name, blob) for name, blob in sorted(mirrors.files(*where).items()) if is_manifest(name)]


def _scopes(tree: Tree, scope: Scope) -> tuple[bool | None, ...]:
    return tuple(scope(api_version, kind) for api_version, kind in tree.kinds)
