"""What the engine needs of the workshops to carry out a plan and to answer its questions."""

import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, Protocol

from kanaria.cluster.clock import Clock
from kanaria.reconcile.cluster_uid import cluster_uid
from kanaria.reconcile.variables import variables_of
from kanaria.reconcile.world import Mirrors
from kanaria.tracking.workshop import CARRIED
from kanaria.vocabulary import (
    Account,
    Approval,
    ApprovalAsked,
    ClusterAsked,
    CommitEdits,
    CommitResult,
    Counters,
    CountersAsked,
    CountersQueried,
    EndTrackingRun,
    GitHead,
    Measurement,
    ObjectRef,
    QueriesAsked,
    Question,
    SetAlias,
    SourceHead,
    TagModelVersion,
    TrustAsked,
    VariablesAsked,
)
from kanaria.vocabulary.objects import Manifest

Carrier = Callable[[Any], Awaitable[Any]]


class ClusterWorkshop(Protocol):
    """Writes to the API server; every error is a ClusterError."""

    async def apply(
        self, manifest: Manifest, *, account: Account | None = None, force: bool = True, dry_run: bool = False
    ) -> Manifest:
        """Server-side apply; the object as it was stored, or would be."""

    async def replace_status(self, ref: ObjectRef, uid: str, status: Mapping[str, Any]) -> Manifest:
        """Give the object this status and no other."""

    async def get(self, ref: ObjectRef, *, account: Account | None = None) -> Manifest:
        """The object as it is now."""

    async def find(self, ref: ObjectRef) -> Manifest | None:
        """The object as it is now, None where it is gone."""

    async def merge(self, ref: ObjectRef, change: Mapping[str, Any]) -> Manifest:
        """The object after a JSON merge patch."""

    async def delete(
        self, ref: ObjectRef, *, account: Account | None = None, only_if_label: tuple[str, str] | None = None
    ) -> bool:
        """Delete the object, whether there was something to delete."""


class GitWorkshop(Protocol):
    """Reads and writes repositories; errors have a text that may be shown."""

    @property
    def mirrors(self) -> Mirrors:
        """What was fetched."""

    def committed(self, url: str, commit: str) -> datetime:
        """When a commit that was fetched was made."""

    async def head(self, question: GitHead) -> str:
        """Fetch, and tell the commit at the head."""

    async def source_head(self, question: SourceHead) -> str:
        """Fetch, and tell the newest commit that touched the path."""

    async def trust(self, question: TrustAsked) -> str:
        """Why a fetched commit may not be applied; empty where it may."""

    async def approval(self, question: ApprovalAsked) -> Approval:
        """Who proposed a candidate, and who approved it."""

    async def commit(self, act: CommitEdits) -> CommitResult:
        """Edit, commit and push."""


class TrackingWorkshop(Protocol):
    """Reads and writes MLflow; errors have a text that may be shown."""

    async def carry(self, question: Question) -> Any:
        """The answer to a question about runs, metrics and model versions."""

    async def set_alias(self, act: SetAlias) -> None:
        """Point the alias at the version."""

    async def tag(self, act: TagModelVersion) -> None:
        """Put the tag on the version."""

    async def end(self, act: EndTrackingRun) -> None:
        """End the run, if it goes on."""


class MeasureWorkshop(Protocol):
    """Reads metrics."""

    async def counters(self, question: CountersAsked) -> Counters:
        """One reading of both arms."""


class QueryWorkshop(Protocol):
    """Asks metric servers."""

    async def measure(self, question: QueriesAsked) -> Measurement:
        """The numbers of both arms at one moment."""

    async def counters(self, question: CountersQueried) -> Counters:
        """The counts of both arms at one moment."""


@dataclass(frozen=True, slots=True)
class Workshops:
    """All of them, the clock and `chance` included, so that who gives their own can play a history again.

    `chance` draws a number from 0 to 1.
    """

    cluster: ClusterWorkshop
    git: GitWorkshop
    tracking: TrackingWorkshop
    measure: MeasureWorkshop
    servers: QueryWorkshop
    clock: Clock = field(default_factory=Clock)
    chance: Callable[[], float] = random.random
    cluster_name: str = ""
    """As the platform team says; empty where the cluster is to tell itself from others."""

    def carriers(self) -> Mapping[type[Question], Carrier]:
        """Who answers which question."""
        return {
            GitHead: self.git.head,
            SourceHead: self.git.source_head,
            TrustAsked: self.git.trust,
            ApprovalAsked: self.git.approval,
            VariablesAsked: partial(variables_of, self.cluster),
            ClusterAsked: partial(cluster_uid, self.cluster, self.cluster_name),
            CountersAsked: self.measure.counters,
            QueriesAsked: self.servers.measure,
            CountersQueried: self.servers.counters,
            **dict.fromkeys(CARRIED, self.tracking.carry),
        }


def is_fault(error: Exception) -> bool:
    """Whether an error looks like a fault of ours rather than of the world: then the log needs the traceback."""
    return isinstance(error, TypeError | AttributeError | LookupError | AssertionError)
