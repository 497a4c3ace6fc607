"""How the requests of an InferenceService are shared out: its HTTPRoute, and whether a Gateway has taken it."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from kanaria.local.api_client import Thing
from kanaria.local.kserve.naming import SERVICE_PORT, hostname, predictor_name
from kanaria.local.kserve.rendering import copied_annotations, owner_of, sealed

GATEWAY = {
    "group": "gateway.networking.k8s.io",
    "kind": "Gateway",
    "namespace": "kserve",
    "name": "kserve-ingress-gateway",
}
EVERY_PATH = "^/.*$"


def route(service: Thing, ready: AbstractSet[str]) -> Thing:
    """The HTTPRoute: all to the stable predictor, less what canaries that are `ready` have been promised."""
    return _to(service, _backends(service, ready))


def weighted(service: Thing, weights: Mapping[str, int]) -> Thing:
    """The HTTPRoute to Services with these weights."""
    namespace = service["metadata"]["namespace"]
    ref = {"kind": "Service", "namespace": namespace, "port": SERVICE_PORT}
    return _to(service, [{**ref, "name": name, "weight": weight} for name, weight in weights.items()])


def address(service: Thing) -> str:
    """Where callers outside find it."""
    return f"http://{hostname(service['metadata']['name'], service['metadata']['namespace'])}"


def _to(service: Thing, backends: list[Thing]) -> Thing:
    meta = service["metadata"]
    return sealed(
        {
            "apiVersion": "gateway.networking.k8s.io/v1",
            "kind": "HTTPRoute",
            "metadata": {
                "name": meta["name"],
                "namespace": meta["namespace"],
                "labels": meta.get("labels") or {},
                "annotations": copied_annotations(service),
                "ownerReferences": [owner_of(service)],
            },
            "spec": {
                "hostnames": [hostname(meta["name"], meta["namespace"])],
                "parentRefs": [GATEWAY],
                "rules": [
                    {
                        "matches": [{"path": {"type": "RegularExpression", "value": EVERY_PATH}}],
                        "backendRefs": backends,
                    }
                ],
            },
        }
    )


def objection(seen: Thing | None) -> tuple[str, str] | None:
    """Why the ingress is not ready, as (reason, message); None if all Gateways accept the route as last they saw it."""
    if seen is None:
        return "InferenceService Deployment NotReady", "InferenceService HTTPRoute not created"
    parents = (seen.get("status") or {}).get("parents") or []
    if not parents:
        return "ParentStatusNotAvailable", "InferenceService HTTPRoute not ready"
    # KServe does not compare observedGeneration either: an acceptance of yesterday's weights is good enough for it.
    for parent in parents:
        for condition in parent.get("conditions", []):
            if condition["status"] == "False":
                return condition["reason"], f"InferenceService {condition['message']}"
    return None


def _backends(service: Thing, ready: AbstractSet[str]) -> list[Thing]:
    stable = _backend(service, service["spec"]["predictor"].get("name"))
    canaries = service["spec"].get("canary") or []
    if not canaries:
        return [stable]
    shown = [entry for entry in canaries if entry["predictor"]["name"] in ready]
    rest = 100 - sum(entry["trafficPercent"] for entry in shown)
    return [
        {**stable, "weight": rest},
        *({**_backend(service, entry["predictor"]["name"]), "weight": entry["trafficPercent"]} for entry in shown),
    ]


def _backend(service: Thing, variant: str | None) -> Thing:
    meta = service["metadata"]
    name = predictor_name(meta["name"], variant)
    return {"kind": "Service", "name": name, "namespace": meta["namespace"], "port": SERVICE_PORT}
