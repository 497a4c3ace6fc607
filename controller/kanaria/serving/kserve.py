"""How is a model served by KServe in Standard mode: what is asked of it, and what is really so?

Asked is one InferenceService with `spec.canary[]`. It bears constant labels and annotations only: KServe copies them
into Pod templates, so a mark that changes would restart what serves.

Seen are the Deployments and the HTTPRoute. KServe's own word is not taken: `status.observedGeneration` is a
Deployment's, `Ready` stays True beside a canary that never starts, and `canaryStatuses[].trafficPercent` repeats the
spec. What a request meets is the HTTPRoute's weights, once a gateway has accepted that very generation of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from kanaria.serving.arrangement import Arrangement, read_spec, spec_of
from kanaria.serving.naming import INFERENCE_SERVICE, MODE, backend_name
from kanaria.vocabulary import ObjectRef, marks
from kanaria.vocabulary.objects import Manifest

STANDARD = {MODE: "Standard"}


@dataclass(frozen=True, slots=True)
class Owner:
    """The ModelDeployment an InferenceService belongs to."""

    ref: ObjectRef
    uid: str


@dataclass(frozen=True, slots=True)
class Servers:
    """The servers of one predictor: how many are wanted and available, and its percent of the requests as routed."""

    wanted: int = 0
    available: int = 0
    settled: bool = False  # the newest template and scale are all there is
    exists: bool = False
    since: datetime | None = None  # since when it is available, or not
    message: str = ""
    routed: int = 0
    backend: str = ""  # what a request of it is sent to: a Service, or a revision of Knative's


@dataclass(frozen=True, slots=True)
class Serving:
    """What is asked of KServe, and what has come of it."""

    arrangement: Arrangement | None = None
    servers: Mapping[str, Servers] | None = None
    routed: bool = False  # there is a route
    accepted: bool = False  # and a gateway has taken it as it is
    url: str | None = None
    message: str = ""
    room: int | None = None  # how many predictors may stand beside the main one; as many as one likes where None

    def of(self, name: str) -> Servers:
        """The servers of a predictor."""
        return (self.servers or {}).get(name) or Servers()

    def ready(self, name: str, replicas: int = 1) -> bool:
        """Whether this many servers of the predictor's newest template are available, with none of an older one."""
        found = self.of(name)
        return found.settled and found.available >= max(1, replicas)

    def routes(self, name: str, weight: int) -> bool:
        """Whether a gateway sends this percent of the requests to the predictor, and none on the way to change."""
        return self.accepted and self.of(name).routed == weight


NOTHING = Serving()


def render(owner: Owner, arrangement: Arrangement) -> Manifest:
    """The InferenceService to apply."""
    spec = spec_of(arrangement)
    if not spec["canary"]:
        del spec["canary"]
    return _manifest(owner, spec)


def expectation(owner: Owner, arrangement: Arrangement) -> Manifest:
    """What a live InferenceService must hold: as rendered, and what must not be there as empty."""
    spec = spec_of(arrangement)
    predictor = {"maxReplicas": None, **spec["predictor"]}
    return _manifest(owner, {"predictor": predictor, "canary": spec["canary"]})


def _manifest(owner: Owner, spec: Mapping[str, Any]) -> dict[str, Any]:
    api_version, kind = INFERENCE_SERVICE
    return {
        "apiVersion": api_version,
        "kind": kind,
        "metadata": {
            "name": owner.ref.name,
            "namespace": owner.ref.namespace,
            "labels": dict(marks.owned_by(owner.ref)),
            "annotations": STANDARD,
            "ownerReferences": [marks.owner_reference(owner.ref, owner.uid)],
        },
        "spec": spec,
    }


def observe(service: Manifest | None, deployments: Mapping[str, Manifest], route: Manifest | None) -> Serving:
    """What is asked and what is so, from the InferenceService, its Deployments by name, and its HTTPRoute."""
    if service is None:
        return NOTHING
    arrangement = read_spec(service["spec"])
    name = str(service["metadata"]["name"])
    weights = shares(route)
    servers = {}
    for predictor in arrangement.all:
        backend = backend_name(name, predictor.name)
        found = servers_of(deployments.get(backend), weights.get(backend, 0))
        servers[predictor.name] = replace(found, backend=backend)
    status = service.get("status") or {}
    return Serving(
        arrangement=arrangement,
        servers=servers,
        routed=route is not None,
        accepted=accepted(route),
        url=status.get("url"),
        message=said(status),
    )


def servers_of(deployment: Manifest | None, routed: int) -> Servers:
    """What a Deployment says of its servers."""
    if deployment is None:
        return Servers(routed=routed, message="KServe has made no Deployment of it yet")
    metadata, spec, status = deployment["metadata"], deployment.get("spec") or {}, deployment.get("status") or {}
    wanted, available = int(spec.get("replicas", 1)), int(status.get("availableReplicas") or 0)
    updated, total = int(status.get("updatedReplicas") or 0), int(status.get("replicas") or 0)
    current = status.get("observedGeneration") == metadata.get("generation")
    condition = _condition(status, "Available")
    return Servers(
        wanted=wanted,
        available=available,
        settled=current and updated >= wanted and total == updated,
        exists=True,
        since=_moment(condition.get("lastTransitionTime") or metadata.get("creationTimestamp")),
        message=_why(status, condition),
        routed=routed,
    )


def updated_at(deployment: Manifest) -> datetime | None:
    """When a Deployment that rolls last came nearer to its newest template."""
    condition = _condition(deployment.get("status") or {}, "Progressing")
    return _moment(condition.get("lastUpdateTime") or condition.get("lastTransitionTime"))


def _why(status: Mapping[str, Any], available: Mapping[str, Any]) -> str:
    """What the Deployment says of servers that do not come up: of its Pods' making, of its progress, of both."""
    failure, progress = _condition(status, "ReplicaFailure"), _condition(status, "Progressing")
    for condition, counts in ((failure, "True"), (progress, "False"), (available, "False")):
        if condition.get("status") == counts and condition.get("message"):
            return str(condition["message"])
    return ""


def _condition(status: Mapping[str, Any], type_: str) -> Mapping[str, Any]:
    return next((found for found in status.get("conditions") or () if found.get("type") == type_), {})


def shares(route: Manifest | None) -> dict[str, int]:
    """The percent of the requests for each backend: weights are shares of their sum."""
    found: dict[str, int] = {}
    for rule in ((route or {}).get("spec") or {}).get("rules") or ():
        references = rule.get("backendRefs") or ()
        total = sum(int(reference.get("weight", 1)) for reference in references) or 1
        for reference in references:
            found.setdefault(reference["name"], round(100 * int(reference.get("weight", 1)) / total))
    return found


def accepted(route: Manifest | None) -> bool:
    """Whether every gateway has accepted the route's newest generation: an older acceptance speaks of other weights."""
    if route is None:
        return False
    parents = (route.get("status") or {}).get("parents") or ()
    generation = route["metadata"].get("generation", 0)
    return bool(parents) and all(_accepts(parent, generation) for parent in parents)


def _accepts(parent: Mapping[str, Any], generation: int) -> bool:
    found = _condition(parent, "Accepted")
    return found.get("status") == "True" and int(found.get("observedGeneration") or 0) >= generation


def said(status: Mapping[str, Any]) -> str:
    """What KServe objects to, for people: its conditions that are not as they should be, and a failed load."""
    failure = (status.get("modelStatus") or {}).get("lastFailureInfo") or {}
    against = [c for c in status.get("conditions") or () if c.get("status") == "False" and c.get("type") != "Ready"]
    told = [str(found["message"]) for found in (failure, *against) if found.get("message")]
    return "; ".join(dict.fromkeys(told))


def _moment(written: str | None) -> datetime | None:
    return datetime.fromisoformat(written) if written else None
