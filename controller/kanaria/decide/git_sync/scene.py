"""What a GitSync's phases look at, and what each hands on to the next."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from kanaria.api import GitSync
from kanaria.api.conditions import Reason
from kanaria.api.git_sync import GitSyncStatus
from kanaria.api.resource import Condition
from kanaria.decide.git_sync.kstatus import Unhealthy
from kanaria.decide.git_sync.read_file import Wanted
from kanaria.decide.git_sync.read_tree import NOTHING, Tree
from kanaria.vocabulary import GO, Act, Answer, CommitResult, Edit, Failure, Notice, ObjectRef, Outcome, Stall
from kanaria.vocabulary.objects import Manifest


@dataclass(frozen=True, slots=True)
class Seen:
    """The world around a GitSync.

    `newest` is the newest commit that is known and fetched, empty where there is none yet, and `trust` says whether it
    may be applied; `variables` tells the values to put in, where some are. `commit` is the newest that may be applied,
    and `tree` what it asks for.
    `differing` are the objects of the tree which the cluster does not hold so, with the fields that differ: none where
    the object is not there; `live` holds those that are. `foreign` are objects of the tree that bear another label of a
    sync, `unwanted` those that bear this sync's and are not in the tree, `unhealthy` those of the tree that do not
    work, and `refused` says of kinds why the operator may not read them. `others` are the GitSyncs that this one
    depends on, and those that they depend on. `named` are the documents of objects that name a file of this sync, or
    why there is none, and `elsewhere` the objects that name another sync. `cluster` is this one's name, None while
    it is not known, empty where it has none; `writer` is the cluster that the path's record names.
    """

    head: Answer | None = None
    newest: str = ""
    trust: Answer | None = None
    variables: Answer | None = None
    commit: str = ""
    tree: Tree = NOTHING
    synced: bool = True
    refused: Mapping[tuple[str, str], str] = field(default_factory=dict)
    differing: Mapping[ObjectRef, tuple[str, ...]] = field(default_factory=dict)
    live: Mapping[ObjectRef, Manifest] = field(default_factory=dict)
    foreign: Mapping[ObjectRef, str] = field(default_factory=dict)
    unwanted: frozenset[ObjectRef] = frozenset()
    unhealthy: Mapping[ObjectRef, Unhealthy] = field(default_factory=dict)
    syncs: frozenset[str] = frozenset()
    others: Mapping[str, GitSync] = field(default_factory=dict)
    named: Mapping[ObjectRef, Wanted | str] = field(default_factory=dict)
    elsewhere: frozenset[ObjectRef] = frozenset()
    cluster: str | None = ""
    writer: str = ""
    edits: tuple[Edit, ...] = ()
    result: CommitResult | None = None
    result_is_news: bool = False
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class Scene:
    """A GitSync in the world, and what was decided so far: acts that make the cluster as Git says, and a commit."""

    sync: GitSync
    seen: Seen
    now: datetime
    status: GitSyncStatus
    outcome: Outcome = GO
    over: bool = False
    acts: tuple[Act, ...] = ()
    commits: tuple[Act, ...] = ()
    notices: tuple[Notice, ...] = ()
    health: Condition | None = None

    @property
    def revision(self) -> str:
        """The commit as the status tells it."""
        return f"{self.sync.spec.ref.name}@sha1:{self.seen.commit}"

    @property
    def attempted(self) -> str:
        """The commit that was looked at, as the status tells it, whether or not it may be applied."""
        untrusted = isinstance(self.outcome, Stall) and self.outcome.reason == Reason.UNTRUSTED
        return f"{self.sync.spec.ref.name}@sha1:{self.seen.newest if untrusted else self.seen.commit}"

    @property
    def is_own_commit(self) -> bool:
        """Whether the commit is one that Kanaria made."""
        result, written = self.seen.result, self.status.last_write_back or ""
        return bool(self.seen.commit) and (
            (result is not None and result.commit == self.seen.commit) or written.startswith(self.seen.commit)
        )
