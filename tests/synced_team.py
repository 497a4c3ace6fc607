"""A team of the cluster suite: a namespace, a repository that is synced into it, and what a person sees of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from any_cluster import AnyCluster
from in_background import Background
from kanaria.local.api_client import CONFIG_MAPS, EVENTS, Resource
from team_repository import TeamRepository
from waiting import eventually_now

API_VERSION = "kanaria.dev/v1alpha1"
GIT_SYNCS = Resource(API_VERSION, "gitsyncs", "GitSync")
PIPELINES = Resource(API_VERSION, "mlpipelines", "MLPipeline")
RUNS = Resource(API_VERSION, "mlpipelineruns", "MLPipelineRun")
DEPLOYMENTS = Resource(API_VERSION, "modeldeployments", "ModelDeployment")
SYNC = "team"
Files = Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class SyncedTeam:
    """What the team has."""

    cluster: AnyCluster
    background: Background
    namespace: str
    repository: TeamRepository

    def follow(self, name: str = SYNC, **spec: Any) -> "SyncedTeam":
        """Have folder deploy/ of the repository synced, or what `spec` says."""
        whole = {"url": self.repository.url, "path": "deploy", "interval": "1s", **spec}
        manifest = {"apiVersion": API_VERSION, "kind": "GitSync", "metadata": {"name": name}, "spec": whole}
        said = self.cluster.apply(manifest, namespace=self.namespace)
        assert said.code == 0, said.err
        return self

    def commit(self, files: Files, subject: str = "Change by hand") -> str:
        """Somebody's commit, once it is applied."""
        commit = self.repository.commit(files, subject)
        self.applied(commit)
        return commit

    def applied(self, commit: str) -> None:
        """Waits until the commit, or one after it, is applied whole."""
        eventually_now(lambda: self._has_applied(commit))

    def _has_applied(self, commit: str) -> bool:
        revision = self.get(GIT_SYNCS, SYNC).get("status", {}).get("lastAppliedRevision", "")
        newest = revision.rpartition(":")[2]
        return newest == commit or (bool(newest) and commit in self.repository.behind(newest))

    def get(self, resource: Resource, name: str) -> dict[str, Any]:
        """The object as it is now, empty where there is none."""
        return self.background.get(resource, self.namespace, name)

    def names(self, resource: Resource) -> list[str]:
        """The names of the team's objects of a kind that are synced."""
        found = self.background.all(resource, self.namespace)
        return sorted(each["metadata"]["name"] for each in found if "kanaria.dev/git-sync" in labels(each))

    def stalled(self) -> dict[str, Any]:
        """The GitSync's condition Stalled, once it is there."""
        found: dict[str, Any] = eventually_now(lambda: condition(self.get(GIT_SYNCS, SYNC), "Stalled"))
        return found

    def value(self, name: str) -> str | None:
        """What a ConfigMap of `a_config_map` holds."""
        found: str | None = self.get(CONFIG_MAPS, name).get("data", {}).get("value")
        return found

    def events(self, reason: str) -> list[str]:
        """Messages of the Events of this reason."""
        found = self.background.all(EVENTS, self.namespace)
        return [each["message"] for each in found if each["reason"] == reason]


def condition(thing: Mapping[str, Any], type_: str) -> dict[str, Any]:
    """The condition of that type, empty where there is none."""
    found = (each for each in thing.get("status", {}).get("conditions") or () if each["type"] == type_)
    return next(found, {})


def labels(thing: Mapping[str, Any]) -> Mapping[str, str]:
    """The object's labels."""
    found: Mapping[str, str] = thing["metadata"].get("labels") or {}
    return found
