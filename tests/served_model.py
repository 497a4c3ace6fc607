"""A ModelDeployment of the cluster suite: its file in Git, its phases, and the order in which things happened to it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from kanaria.local.api_client import DEPLOYMENTS as SERVERS
from kanaria.local.kserve.naming import HTTP_ROUTES, INFERENCE_SERVICES
from kanaria.local.watching import Change
from registry import Registry
from synced_team import API_VERSION, DEPLOYMENTS, SyncedTeam
from waiting import becomes, eventually_now

FILE = "deploy/deployment.yaml"
STEPS = [{"setWeight": 20}, {"pause": {"duration": "1s"}}, {"setWeight": 50}, {"pause": {"duration": "1s"}}]
FOREVER = [{"setWeight": 20}, {"pause": {"duration": "1h"}}]


@dataclass(frozen=True, slots=True)
class ServedModel:
    """Model `wine` of a team."""

    team: SyncedTeam
    registry: Registry

    @property
    def model(self) -> str:
        """The registered model: each team's own, though they share a store."""
        return f"wine-{self.team.namespace}"

    def file(self, steps: list[dict[str, Any]] | None = None, **spec: Any) -> dict[str, str | None]:
        """The manifest in Git; `stable` and `candidate` are versions."""
        named = {key: {"version": spec.pop(key)} for key in ("stable", "candidate") if key in spec}
        whole = {
            "model": {"name": self.model},
            **named,
            "predictor": {"model": {"modelFormat": {"name": "sklearn"}}, "minReplicas": 1},
            "strategy": {"canary": {"steps": steps or STEPS}},
            **spec,
        }
        body = {"apiVersion": API_VERSION, "kind": "ModelDeployment", "metadata": {"name": "wine"}, "spec": whole}
        return {FILE: yaml.safe_dump(body)}

    def serve_first(self) -> str:
        """A first version, brought up and committed as stable; tells which."""
        version = self.registry.register(self.model)
        self.team.repository.commit(self.file(candidate=version))
        self.team.follow()
        self.serves(version)
        return version

    def serves(self, version: str) -> None:
        """Waits until Git calls the version stable, it serves, and nothing is tried."""
        becomes(self.at_rest, version)

    def at_rest(self) -> str | None:
        """The version that serves, where nothing is on its way."""
        md = self.seen()
        spec, status = md.get("spec", {}), md.get("status", {})
        wanted, now = spec.get("stable", {}).get("version"), status.get("stable", {}).get("version")
        return wanted if wanted == now and status.get("phase") == "Healthy" and "candidate" not in spec else None

    def tried_at(self, weight: int) -> None:
        """Waits until the candidate has this percent of the requests, in the status and in the route."""
        eventually_now(lambda: self.seen().get("status", {}).get("trial", {}).get("weight") == weight)
        eventually_now(lambda: weight in routed(self.team.get(HTTP_ROUTES, "wine")).values())

    def seen(self) -> dict[str, Any]:
        """The ModelDeployment now."""
        return self.team.get(DEPLOYMENTS, "wine")

    def recorded(self) -> "History":
        """What happens to it from now on."""
        kinds = (INFERENCE_SERVICES, HTTP_ROUTES, SERVERS)
        return History(self.team, *(self.team.background.history(kind, self.team.namespace) for kind in kinds))


@dataclass(frozen=True, slots=True)
class History:
    """The changes of InferenceService, HTTPRoute and Deployments, as they come in."""

    team: SyncedTeam
    services: list[Change]
    routes: list[Change]
    servers: list[Change]

    def up_to_now(self) -> "History":
        """Itself, once its watches have come as far as the objects are now: what is asked for comes before."""
        for kind, told in ((INFERENCE_SERVICES, self.services), (HTTP_ROUTES, self.routes), (SERVERS, self.servers)):
            for thing in self.team.background.all(kind, self.team.namespace):
                name, version = thing["metadata"]["name"], int(thing["metadata"]["resourceVersion"])
                eventually_now(lambda: any(c.key[1] == name and when(c) >= version for c in list(told)))  # noqa: B023 - asked at once
        return self

    def weights(self, version: str) -> list[int | None]:
        """What was asked for the version's predictor, canary by canary; None while it was not among the canaries."""
        asked = (self._asked(change.thing, version) for change in self.services)
        return list(_changes(asked))

    def asked_at(self, version: str, weight: int | None) -> int:
        """When that weight was first asked for, as a resourceVersion."""
        return next(when(c) for c in self.services if self._asked(c.thing, version) == weight)

    def main_at(self, version: str) -> int:
        """When the version's predictor became the main one."""
        mains = ((when(c), c.thing["spec"]["predictor"].get("name", "")) for c in self.services)
        return next(at for at, name in mains if name.startswith(f"v{version}-"))

    def available_at(self, version: str) -> int:
        """When a server of the version was first available."""
        mine = (c for c in self.servers if f"-v{version}-" in c.thing["metadata"]["name"])
        return next(when(c) for c in mine if c.thing.get("status", {}).get("availableReplicas"))

    def routed_at(self, version: str, weight: int) -> int:
        """When a gateway first said that it sends this percent of the requests to the version."""
        return next(when(c) for c in self.routes if _of(version, routed(c.thing)) == weight)

    @staticmethod
    def _asked(service: dict[str, Any], version: str) -> int | None:
        entries = service["spec"].get("canary") or ()
        mine = (e["trafficPercent"] for e in entries if e["predictor"]["name"].startswith(f"v{version}-"))
        return next(mine, None)


def routed(route: dict[str, Any]) -> dict[str, int]:
    """The weights by backend that a gateway has accepted, none where it has not seen the newest."""
    parents = route.get("status", {}).get("parents") or ()
    told = {c.get("observedGeneration") for parent in parents for c in parent["conditions"]}
    if not told or told != {route["metadata"]["generation"]}:
        return {}
    return {ref["name"]: ref.get("weight", 1) for rule in route["spec"]["rules"] for ref in rule["backendRefs"]}


def _of(version: str, weights: dict[str, int]) -> int | None:
    return next((weight for name, weight in weights.items() if f"-v{version}-" in name), None)


def when(change: Change) -> int:
    """The resourceVersion of a change: all objects of a cluster share one count."""
    return int(change.thing["metadata"]["resourceVersion"])


def _changes(values: Iterable[int | None]) -> Iterator[int | None]:
    before: list[int | None] = []
    for value in values:
        if before[-1:] != [value]:
            before.append(value)
            yield value
