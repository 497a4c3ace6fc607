"""How does Kanaria split the traffic itself: an InferenceService for each predictor, and its own HTTPRoute?

The first backend of the route is the main predictor's: a promotion writes the route, and starts no server anew. Each
InferenceService is called after its predictor and has none beside it, so KServe cuts no servers. All of them serve
the model under one name, and KServe gives none of them a route of its own.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from kanaria.serving import selection
from kanaria.serving.arrangement import Arrangement, Predictor, least_replicas
from kanaria.serving.kserve import STANDARD, Owner, Serving, accepted, said, servers_of, shares
from kanaria.serving.naming import HTTP_ROUTE, INFERENCE_SERVICE, SCALING, backend_name, unscaled
from kanaria.serving.way import Live, Put, Step
from kanaria.vocabulary import ObjectRef, marks
from kanaria.vocabulary.objects import Manifest

UNSEEN = {"networking.kserve.io/visibility": "cluster-local"}
"""KServe makes no route of its own to what bears this label."""
ARGUMENT = "--model_name"
PORT = 80


@dataclass(frozen=True, slots=True)
class Gateway:
    """Who routes, and the names under which it is asked for the model."""

    name: str
    namespace: str | None = None
    hostnames: tuple[str, ...] = ()
    header: str = ""
    """The response header that tells which predictor answered; none where empty."""


@dataclass(frozen=True, slots=True)
class OwnRoute:
    """Kanaria's HTTPRoute to one InferenceService for each predictor."""

    gateway: Gateway
    lays_over = False
    several_nodes = True
    selects = True
    writes_route = True
    uncounted: ClassVar[frozenset[str]] = frozenset()

    def remedy(self, name: str) -> str:
        """The Gateway must exist and take the route."""
        return (
            f"look at the status of HTTPRoute {name}: Gateway {self.gateway.name} must exist, let routes of this "
            "namespace in (allowedRoutes), and listen for the names in spec.routing.hostnames"
        )

    def steps(self, owner: Owner, arrangement: Arrangement, live: Live) -> tuple[Step, ...]:
        """What is new comes before the route that names it, what goes after the route that names it no more.

        What stands changes after the route: a weight is taken even where the API server refuses the InferenceService.
        """
        known = {str(service["metadata"]["name"]): service for service in live.beside}
        puts = [
            Put(_service(owner, arrangement, each), _expected(owner, arrangement, each), known.get(name))
            for each in arrangement.all
            if "model" in each.spec  # what another hand deleted, and nothing wants, is not made anew
            for name in (service_name(owner.ref.name, each.name),)
        ]
        route = self._route(owner, arrangement)
        wanted = {service_name(owner.ref.name, each.name) for each in arrangement.all}
        return (
            *(put for put in puts if put.live is None),
            Put(route, route, live.route, in_order=_lists(route) == _lists(live.route)),
            *(put for put in puts if put.live is not None),
            *(ObjectRef.of(service) for name, service in known.items() if name not in wanted),
        )

    def removal(self, live: Live) -> tuple[ObjectRef, ...]:
        """The InferenceServices; the route goes with the ModelDeployment, and until then leads nowhere."""
        return tuple(map(ObjectRef.of, live.beside))

    def observe(self, live: Live, known: str) -> Serving:
        """The route says which predictor is the main one; where it is gone, `known` is, else the oldest."""
        arrangement = _read(live, known)
        if arrangement is None:
            return Serving()
        found = {}
        weights = shares(live.route)
        for predictor in arrangement.all:
            backend = backend_name(_owner_name(live), predictor.name)
            servers = servers_of(live.deployments.get(backend), weights.get(backend, 0))
            found[predictor.name] = replace(servers, backend=backend)
        hosts = self.gateway.hostnames
        return Serving(
            arrangement=arrangement,
            servers=found,
            routed=_taken(live.route),
            accepted=accepted(live.route),
            url=f"http://{hosts[0]}" if hosts else None,
            message="; ".join(filter(None, (said(service.get("status") or {}) for service in live.beside))),
        )

    def _route(self, owner: Owner, arrangement: Arrangement) -> Manifest:
        api_version, kind = HTTP_ROUTE
        parent = {"name": self.gateway.name}
        if self.gateway.namespace:
            parent["namespace"] = self.gateway.namespace
        backends = [
            {
                "kind": "Service",
                "name": backend_name(owner.ref.name, each.name),
                "port": PORT,
                "weight": each.weight,
                **_told(self.gateway.header, each.name),
            }
            for each in arrangement.all
        ]
        rules = selection.rules(backends, arrangement.sent, backend_name(owner.ref.name, arrangement.sent_to))
        spec = {"parentRefs": [parent], "hostnames": list(self.gateway.hostnames), "rules": rules}
        return {"apiVersion": api_version, "kind": kind, "metadata": _metadata(owner, owner.ref.name), "spec": spec}


def service_name(name: str, predictor: str) -> str:
    """The name of a predictor's InferenceService, e.g. `wine-v8-1f2e3`."""
    return f"{name}-{predictor}"


def gateway_of(route: Manifest | None) -> Gateway | None:
    """The gateway that a live route of Kanaria's asks; None where there is none."""
    spec = (route or {}).get("spec") or {}
    for parent in spec.get("parentRefs") or ():
        return Gateway(parent["name"], parent.get("namespace"), tuple(spec.get("hostnames") or ()), _header(spec))
    return None


def _told(header: str, predictor: str) -> dict[str, Any]:
    """What tells which predictor answered. Envoy Gateway counts backends apart only where they have filters."""
    if not header:
        return {}
    setting = {"set": [{"name": header, "value": predictor}]}
    return {"filters": [{"type": "ResponseHeaderModifier", "responseHeaderModifier": setting}]}


def _header(spec: Mapping[str, Any]) -> str:
    """The header that a live route sets; the same on all of its backends."""
    return next((name for name, _ in _headers(spec.get("rules") or ())), "")


def _headers(rules: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    for rule in rules:
        for reference in rule.get("backendRefs") or ():
            for found in reference.get("filters") or ():
                for entry in (found.get("responseHeaderModifier") or {}).get("set") or ():
                    yield entry["name"], entry["value"]


def _metadata(owner: Owner, name: str) -> dict[str, Any]:
    return {
        "name": name,
        "namespace": owner.ref.namespace,
        "labels": dict(marks.owned_by(owner.ref)),
        "ownerReferences": [marks.owner_reference(owner.ref, owner.uid)],
    }


def _service(owner: Owner, arrangement: Arrangement, predictor: Predictor) -> Manifest:
    api_version, kind = INFERENCE_SERVICE
    metadata = _metadata(owner, service_name(owner.ref.name, predictor.name))
    metadata["labels"] |= UNSEEN
    scale: Mapping[str, Any] = {"minReplicas": predictor.replicas}
    if predictor.name == arrangement.main.name:
        scale = {**arrangement.scaling, "minReplicas": least_replicas(arrangement.scaling)}
    spec = {"predictor": {**_named(predictor.spec, owner.ref.name), **scale}}
    return {"apiVersion": api_version, "kind": kind, "metadata": {**metadata, "annotations": STANDARD}, "spec": spec}


def _expected(owner: Owner, arrangement: Arrangement, predictor: Predictor) -> Manifest:
    """As rendered, and no autoscaling but that."""
    service = _service(owner, arrangement, predictor)
    return {**service, "spec": {"predictor": {"maxReplicas": None, **service["spec"]["predictor"]}}}


def _named(spec: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The model under the ModelDeployment's name, unless the user gives it one: KServe's is the InferenceService's.

    Of an argument that is given twice a model server takes the last, and KServe puts its own first.
    """
    model = spec["model"]
    given = list(model.get("args") or ())
    if not _names(given):
        given.append(f"{ARGUMENT}={name}")
    return {**spec, "model": {**model, "args": given}}


def _unnamed(spec: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The spec as it was before `_named`, so that both can be compared."""
    model = dict(spec.get("model") or {})
    args = model.pop("args", None) or []
    kept = args[:-1] if args and args[-1] == f"{ARGUMENT}={name}" else args
    model = {key: value for key, value in model.items() if key != "name" or value}
    return {**spec, "model": model | ({"args": kept} if kept else {})}


def _names(args: Sequence[Any]) -> bool:
    return any(str(given).partition("=")[0] == ARGUMENT for given in args)


def _lists(route: Manifest | None) -> tuple[Any, ...]:
    """The route's lists whose order or length counts: its parents, its backends with their weights, their headers."""
    spec = (route or {}).get("spec") or {}
    parents = [(parent["name"], parent.get("namespace")) for parent in spec.get("parentRefs") or ()]
    rules = spec.get("rules") or ()
    backends = [[(ref["name"], ref.get("weight", 1)) for ref in rule.get("backendRefs") or ()] for rule in rules]
    return parents, backends, list(_headers(rules)), selection.read(route)


def _taken(route: Manifest | None) -> bool:
    """Whether a gateway has ever accepted the route: of its newest weights that says nothing."""
    parents = ((route or {}).get("status") or {}).get("parents") or ()
    said_so = [found for parent in parents for found in parent.get("conditions") or ()]
    return any(found.get("type") == "Accepted" and found.get("status") == "True" for found in said_so)


def _read(live: Live, known: str) -> Arrangement | None:
    """What the route leads to. What it does not lead to is new, or on its way out: it will be made, or deleted, again.

    Where the route is gone, it is all that there is; without an InferenceService nothing is asked for.
    """
    if not live.beside:
        return None
    name = _owner_name(live)
    found = {
        str(service["metadata"]["name"]).removeprefix(f"{name}-"): service["spec"]["predictor"]
        for service in sorted(live.beside, key=_age)
    }
    weights = shares(live.route)
    order = [_predictor_of(backend, name) for backend in weights]
    names = order or sorted(found, key=lambda each: each != known)
    others = tuple(_others(names[1:], found, weights, name))
    main = names[0]
    predictor = found.get(main, {})
    scaling = {key: value for key, value in predictor.items() if key in SCALING}
    sent, backend = selection.read(live.route)
    sent_to = _predictor_of(backend, name) if backend else ""
    return Arrangement(_predictor(main, predictor, 0, name), others, scaling, sent, sent_to)


def _predictor_of(backend: str, name: str) -> str:
    return backend.removeprefix(f"{name}-").removesuffix("-predictor")


def _others(
    names: Sequence[str], found: Mapping[str, Any], weights: Mapping[str, int], owner: str
) -> Iterator[Predictor]:
    """Those beside the main one; weights that another hand wrote may not fit into a hundred once they are rounded."""
    left = 100
    for name in names:
        weight = min(left, weights.get(backend_name(owner, name), 0))
        left -= weight
        yield _predictor(name, found.get(name, {}), weight, owner)


def _predictor(name: str, spec: Mapping[str, Any], weight: int, owner: str) -> Predictor:
    return Predictor(name, _unnamed(unscaled(spec), owner) if spec else {}, least_replicas(spec), weight)


def _owner_name(live: Live) -> str:
    """The ModelDeployment's name, as its objects tell it."""
    for service in live.beside:
        for owner in service["metadata"].get("ownerReferences") or ():
            return str(owner["name"])
    return ""


def _age(service: Manifest) -> tuple[str, str]:
    return str(service["metadata"].get("creationTimestamp", "")), str(service["metadata"]["name"])
