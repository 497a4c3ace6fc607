"""What a pass may look at: caches and newest answers, never the network."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from kanaria.measure.servers import MetricServer
from kanaria.serving.choice import CanaryRouting
from kanaria.vocabulary import Answer, CommitResult, Failure, ObjectName, ObjectRef, Question, Watch
from kanaria.vocabulary.objects import Manifest

Marks = Mapping[Watch, tuple[int, int]]
"""A moment in the life of the caches of a kind."""


class Objects(Protocol):
    """Objects of the cluster, as the caches hold them."""

    def get(self, ref: ObjectRef) -> Manifest | None:
        """The object, or None where the cache has none."""

    def list(
        self, api_version: str, kind: str, namespace: str | None = None, labels: Mapping[str, str] | None = None
    ) -> tuple[Manifest, ...]:
        """All objects of the kind, of one namespace and with these labels where given."""

    def changed(self, api_version: str, kind: str, since: Marks | None) -> tuple[Marks, frozenset[ObjectName] | None]:
        """A mark of now, and the names of what changed since an earlier one; None where that is not known."""

    def namespaced(self, api_version: str, kind: str) -> bool | None:
        """Whether objects of a watched kind belong to namespaces; None before it is known."""

    def synced(self, watch: Watch) -> bool:
        """Whether the objects of the watch are all in the cache."""

    def served(self, watch: Watch) -> bool:
        """Whether the cluster has the kind, as far as is known; where it comes later, whoever wants it is poked."""

    def refused(self, watch: Watch) -> str:
        """Why the operator may not read the objects of the watch; empty where nothing says so."""


class Mirrors(Protocol):
    """Fetched repositories, read from the local disk."""

    def files(self, url: str, commit: str, path: str) -> Mapping[str, str]:
        """Blob id of each file below the path at the commit, by path from the repository's root."""

    def links(self, url: str, commit: str, path: str) -> Mapping[str, str]:
        """What stands below the path and is no file: "symbolic link" or "submodule", by path."""

    def blob(self, url: str, blob: str, at_most: int) -> bytes:
        """The first bytes of a blob."""

    def subject(self, url: str, commit: str) -> str:
        """First line of a commit's message."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the platform team configured for the operator."""

    mlflow_tracking_uri: str | None = None
    gateway_metrics_url: str | None = None
    serving_url: str | None = None
    allow_file_remotes: bool = False
    runner_image: str = "kanaria"
    data_image: str = "kanaria"
    trials_max: int | None = None
    """How many candidates may be tried at once; as many as there are where absent."""
    canary_routing: CanaryRouting = CanaryRouting.AUTO
    metric_servers: tuple[MetricServer, ...] = ()
    cluster_name: str = ""
    """What this cluster is called where one path of a repository has one writer; its own UID where absent."""


@dataclass(frozen=True, slots=True)
class World:
    """All that a pass may look at."""

    objects: Objects
    mirrors: Mirrors
    now: Callable[[], datetime]
    answer: Callable[[Question], Answer | None]
    """The newest answer to a question, None where there is none yet."""
    failure: Callable[[ObjectRef], Failure | None]
    """What failed of the object's newest plan."""
    commit_result: Callable[[ObjectRef], CommitResult | None]
    """What came of the newest write-back of a GitSync."""
    settings: Settings = Settings()
