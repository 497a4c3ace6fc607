"""What GitSyncs remember between visits so that a visit costs what changed; all of it can be lost without harm."""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

from kanaria.api import GitSync
from kanaria.decide.git_sync import FileRead, Tree, Wanted, is_manifest, read_file, read_tree
from kanaria.decide.git_sync.compare import compare, held
from kanaria.decide.git_sync.read_tree import NOTHING
from kanaria.git.trouble import GitTrouble
from kanaria.reconcile.world import Mirrors
from kanaria.vocabulary import Apply, Failure, ObjectRef, Plan
from kanaria.vocabulary.objects import Manifest

FILES_KEPT = 50_000
K = TypeVar("K")
V = TypeVar("V")


class Newest(Generic[K, V]):
    """A mapping that forgets what was not looked at for longest."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._known: OrderedDict[K, V] = OrderedDict()

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
    """What one GitSync remembers.

    `covered` holds the version of the live object that was found to be as its document asks; `stored` what the server
    made of a document that it stores otherwise than it is written.
    """

    url_and_branch: tuple[str, str] = ("", "")
    commit: str = ""
    told: datetime | None = None
    tree_of: tuple[str, str, str] = ("", "", "")
    tree: Tree = NOTHING
    previous: Tree = NOTHING
    planned: tuple[Wanted, ...] = ()
    covered: dict[ObjectRef, tuple[str, str]] = field(default_factory=dict)
    stored: dict[ObjectRef, tuple[str, str]] = field(default_factory=dict)

    def learn(self, live: Mapping[ObjectRef, Manifest], failure: Failure | None) -> None:
        """A plan that was carried out whole was stored: what is there now is what its documents come to."""
        for wanted in self.planned:
            body = live.get(wanted.ref)
            if failure is None and body is not None and compare(body, wanted.manifest):
                self.stored[wanted.ref] = (wanted.digest, held(body, wanted.manifest))
        self.planned = ()

    def plan(self, plan: Plan) -> None:
        """Remember what the plan applies."""
        refs = {ObjectRef.of(act.manifest) for act in plan.acts if isinstance(act, Apply)}
        self.planned = tuple(wanted for wanted in self.tree.objects.values() if wanted.ref in refs) if refs else ()

    def differing(
        self, live: Mapping[ObjectRef, Manifest], before: Tree | None
    ) -> Iterator[tuple[ObjectRef, tuple[str, ...]]]:
        """The objects that are not there as asked for, with the fields that differ.

        A field that left a document is seen only in Git: `before` is what was applied last, None where that is not
        known; then all are applied.
        """
        for key, wanted in self.tree.objects.items():
            body = live.get(wanted.ref)
            known = before.objects.get(key) if before else None
            if body is None or known is None or known.digest != wanted.digest:
                yield wanted.ref, ()
                continue
            version = (wanted.digest, str(body["metadata"].get("resourceVersion", "")))
            if version[1] and self.covered.get(wanted.ref) == version:
                continue
            fields = compare(body, wanted.manifest)
            if fields and self.stored.get(wanted.ref) != (wanted.digest, held(body, wanted.manifest)):
                yield wanted.ref, fields
            else:
                self.covered[wanted.ref] = version


class GitMemory:
    """What all GitSyncs remember."""

    def __init__(self) -> None:
        self._syncs: dict[ObjectRef, OfOneSync] = {}
        self._files: Newest[tuple[str, str, ObjectRef], FileRead] = Newest(FILES_KEPT)

    def of(self, sync: ObjectRef, url: str, branch: str) -> OfOneSync:
        """What a sync remembers; nothing once it looks at another repository or branch."""
        known = self._syncs.get(sync)
        if known is None or known.url_and_branch != (url, branch):
            known = self._syncs[sync] = OfOneSync((url, branch))
        return known

    def forget(self, sync: ObjectRef) -> None:
        """The sync is gone."""
        self._syncs.pop(sync, None)

    def read(self, known: OfOneSync, mirrors: Mirrors, commit: str, path: str, sync: ObjectRef) -> None:
        """Bring the remembered tree to the commit."""
        url = known.url_and_branch[0]
        if known.tree_of == (url, commit, path):
            return
        known.previous, known.tree = known.tree, self._tree(mirrors, (url, commit, path), sync)
        known.tree_of = (url, commit, path)
        wanted = {each.ref for each in known.tree.objects.values()}
        for memo in (known.covered, known.stored):
            for ref in memo.keys() - wanted:
                del memo[ref]

    def applied(self, known: OfOneSync, mirrors: Mirrors, sync: GitSync) -> Tree | None:
        """What was applied last, by what the status tells of it; None where that cannot be read any more."""
        told = sync.status.inventory.digest
        at_hand = next((tree for tree in (known.tree, known.previous) if tree.digest == told), None)
        if at_hand or not told:
            return at_hand if told else None
        _, _, commit = (sync.status.last_applied_revision or "").rpartition(":")
        try:
            tree = self._tree(mirrors, (sync.spec.url, commit, sync.spec.path), sync.ref)
        except GitTrouble:
            return None
        return tree if tree.digest == told else None

    def _tree(self, mirrors: Mirrors, where: tuple[str, str, str], sync: ObjectRef) -> Tree:
        """Only blobs that were not read yet are parsed."""
        url, commit, path = where
        blobs = mirrors.files(url, commit, path)
        files = {
            name: self._files.get((blob, name, sync), lambda n=name, b=blob: read_file(n, mirrors.blob(url, b), sync))  # type: ignore[misc]
            for name, blob in sorted(blobs.items())
            if is_manifest(name)
        }
        return read_tree(files, mirrors.links(url, commit, path), sync, found=bool(blobs))
