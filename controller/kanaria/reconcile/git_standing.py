"""How the objects of one GitSync stand against its tree: looked at when they change, not on every visit."""

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from kanaria.decide.git_sync import Tree, Wanted, identity
from kanaria.decide.git_sync.compare import compare, held
from kanaria.decide.git_sync.kstatus import Unhealthy, unhealthy
from kanaria.decide.git_sync.read_tree import NOTHING, Identity
from kanaria.reconcile.world import Marks, Objects
from kanaria.vocabulary import Apply, ObjectRef, Plan, Watch, marks
from kanaria.vocabulary.objects import Manifest

AT_ONCE = 500
"""Objects that one visit looks at: the rest is for the next one, right after it."""
Kind = tuple[str, str]


@dataclass(slots=True)
class Standing:
    """What is known of the objects of a sync; all of it can be lost without harm.

    `differing` are the objects that are not as the tree asks, with the fields that differ: none where the object is
    not there, or where its document changed. `foreign` are those that bear another label than the sync's, `unwanted`
    those that bear its label and are asked for no more, `unhealthy` those that are asked for and do not work. `stored`
    holds what the server made of a document that it stores otherwise than it is written. Of `before`, what was applied
    last, None is not known: then all are applied.
    """

    sync: ObjectRef
    tree: Tree = NOTHING
    before: Tree | None = None
    differing: dict[ObjectRef, tuple[str, ...]] = field(default_factory=dict)
    foreign: dict[ObjectRef, str] = field(default_factory=dict)
    unwanted: set[ObjectRef] = field(default_factory=set)
    unhealthy: dict[ObjectRef, Unhealthy] = field(default_factory=dict)
    pending: dict[ObjectRef, None] = field(default_factory=dict)
    _marks: dict[Kind, Marks] = field(default_factory=dict)
    _covered: dict[ObjectRef, tuple[str, str]] = field(default_factory=dict)
    _stored: dict[ObjectRef, tuple[str, str]] = field(default_factory=dict)
    _planned: dict[ObjectRef, str] = field(default_factory=dict)
    _carried: dict[ObjectRef, str] = field(default_factory=dict)

    def plan(self, plan: Plan) -> None:
        """Remember what the plan applies."""
        refs = (ObjectRef.of(act.manifest) for act in plan.acts if isinstance(act, Apply))
        self._planned = {ref: wanted.digest for ref in refs if (wanted := self._wanted(ref))}

    def carried(self, *, whole: bool) -> None:
        """What an apply that was carried out left behind is what its document comes to."""
        if whole:
            self._carried |= self._planned
            self.pending |= dict.fromkeys(self._planned)
        self._planned = {}

    def look(self, tree: Tree, before: Tree | None, watches: Iterable[Watch], objects: Objects) -> None:
        """Look at what changed since the last time: in the tree, in what was applied last, or in the cluster."""
        self.pending |= dict.fromkeys(self._turned(tree, before))
        self.tree, self.before = tree, before
        kinds = [(watch.api_version, watch.kind) for watch in watches]
        for kind in self._marks.keys() - set(kinds):
            del self._marks[kind]
            self.unwanted = {ref for ref in self.unwanted if (ref.api_version, ref.kind) != kind}
        for kind in kinds:
            self.pending |= dict.fromkeys(self._moved(kind, objects))
        for ref in tuple(itertools.islice(self.pending, AT_ONCE)):
            del self.pending[ref]
            self._look_at(ref, objects.get(ref))

    def _turned(self, tree: Tree, before: Tree | None) -> Iterator[ObjectRef]:
        """What is asked for otherwise than before."""
        if tree is not self.tree:
            for key in _differing(tree.objects, self.tree.objects):
                yield from (each.ref for found in (tree, self.tree) if (each := found.objects.get(key)))
        if before is not self.before:
            if before is None or self.before is None:
                yield from (wanted.ref for wanted in tree.objects.values())
            else:
                keys = _differing(before.objects, self.before.objects)
                yield from (wanted.ref for key in keys if (wanted := tree.objects.get(key)))

    def _moved(self, kind: Kind, objects: Objects) -> Iterator[ObjectRef]:
        """What changed in the cluster: all of the kind where that is not known."""
        self._marks[kind], names = objects.changed(*kind, self._marks.get(kind))
        spaces = (self.sync.namespace, "")
        if names is not None:
            yield from (ObjectRef(*kind, name.namespace, name.name) for name in names if name.namespace in spaces)
            return
        yield from (w.ref for w in self.tree.objects.values() if (w.ref.api_version, w.ref.kind) == kind)
        yield from (ref for ref in self.unwanted if (ref.api_version, ref.kind) == kind)
        for namespace in spaces:
            label = {marks.GIT_SYNC: marks.git_sync_label(self.sync, namespace)}
            yield from map(ObjectRef.of, objects.list(*kind, namespace, label))

    def _look_at(self, ref: ObjectRef, live: Manifest | None) -> None:
        for known in (self.differing, self.foreign, self.unhealthy):
            known.pop(ref, None)
        self.unwanted.discard(ref)
        mine = marks.git_sync_label(self.sync, ref.namespace)
        label = "" if live is None else (live["metadata"].get("labels") or {}).get(marks.GIT_SYNC, "")
        wanted = self._wanted(ref)
        if wanted is None:
            for memo in (self._covered, self._stored, self._carried):
                memo.pop(ref, None)
            asked = identity(ref) in self.tree.objects  # in another version of its API
            if live is not None and label == mine and not asked and _may_go(live):
                self.unwanted.add(ref)
            return
        if label not in ("", mine):
            self.foreign[ref] = label
        ill = unhealthy(live) if live is not None else None
        if ill is not None:
            self.unhealthy[ref] = ill
        fields = self._fields(wanted, live)
        if fields is not None:
            self.differing[ref] = fields

    def _fields(self, wanted: Wanted, live: Manifest | None) -> tuple[str, ...] | None:
        """The fields that are not as asked for; none of them named where all is to be applied, None where none is."""
        taught = self._carried.pop(wanted.ref, "") == wanted.digest
        if live is None or not self._was_applied(wanted):
            if live is not None and taught and compare(live, wanted.manifest):
                self._stored[wanted.ref] = (wanted.digest, held(live, wanted.manifest))
            return ()
        version = (wanted.digest, str(live["metadata"].get("resourceVersion", "")))
        if version[1] and self._covered.get(wanted.ref) == version:
            return None
        fields = compare(live, wanted.manifest)
        now = (wanted.digest, held(live, wanted.manifest)) if fields else ("", "")
        if fields and taught:
            self._stored[wanted.ref] = now
        if fields and self._stored.get(wanted.ref) != now:
            return fields
        self._covered[wanted.ref] = version
        return None

    def _was_applied(self, wanted: Wanted) -> bool:
        """A field that left a document is seen only in Git: what was applied last tells."""
        known = self.before.objects.get(identity(wanted.ref)) if self.before else None
        return known is not None and known.digest == wanted.digest

    def _wanted(self, ref: ObjectRef) -> Wanted | None:
        wanted = self.tree.objects.get(identity(ref))
        return wanted if wanted is not None and wanted.ref == ref else None


def _may_go(live: Manifest) -> bool:
    """Whether it is not going yet, and nobody wants it kept."""
    return not live["metadata"].get("deletionTimestamp") and not marks.is_kept(live)


def _differing(one: Mapping[Identity, Wanted], other: Mapping[Identity, Wanted]) -> Iterator[Identity]:
    for key, wanted in one.items():
        known = other.get(key)
        if known is not wanted and (known is None or (known.digest, known.ref) != (wanted.digest, wanted.ref)):
            yield key
    yield from other.keys() - one.keys()
