"""What KServe, a kubelet and a gateway make of InferenceServices; KServe's part is the local cluster's own planning."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

from kanaria.local.kserve import planning
from kanaria.local.kserve.rendering import Runtime
from kanaria.vocabulary import ObjectRef
from simulation.faults import Faults
from simulation.store import Happened, Store, Thing
from simulation.traffic import Traffic

SERVICE = ("serving.kserve.io/v1beta1", "InferenceService")
DEPLOYMENT = ("apps/v1", "Deployment")
FRONT = ("v1", "Service")
ROUTE = ("gateway.networking.k8s.io/v1", "HTTPRoute")
QUICK = 0.3
LOADS = 2.0
ACCEPTS = 0.2
_LIES = {
    "conditions": [
        {"type": type_, "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z"}
        for type_ in ("PredictorReady", "IngressReady", "CanaryPredictorReady", "PredictorRouteReady", "Ready")
    ],
    "observedGeneration": 99,
    "modelStatus": {"transitionStatus": "UpToDate", "states": {"activeModelState": "Loaded"}},
}
_HEARD = {SERVICE, DEPLOYMENT, FRONT, ROUTE}


@dataclass
class Serving:
    """All three; `broken` holds parts of names of Deployments whose servers do not come up, or fell."""

    store: Store
    faults: Faults
    traffic: Traffic
    broken: set[str] = field(default_factory=set)
    restarts: int = 0
    _pending: set[Any] = field(default_factory=set)

    def hear(self, happened: Happened) -> None:
        if happened.kind not in _HEARD:
            return
        if happened.kind == SERVICE:
            self._soon("kserve", QUICK + self.faults.kserve_slow, self._kserve)
        elif happened.kind == DEPLOYMENT:
            self._soon("kserve", QUICK + self.faults.kserve_slow, self._kserve)
            if happened.new is not None and _spec(happened.old) != _spec(happened.new):
                self._rolled(happened)
                self._soon(happened.ref, LOADS, lambda: self.kubelet(happened.ref))
            self._counted()
        elif happened.kind == ROUTE:
            if _spec(happened.old) != _spec(happened.new):
                self._soon(happened.ref, ACCEPTS, lambda: self._accept(happened.ref))
            if happened.new is None:
                self._counted()

    def look(self) -> None:
        """Something changed that no object tells: a fault is gone, or servers fell."""
        self._soon("kserve", QUICK, self._kserve)
        for thing in self.store.all(DEPLOYMENT):
            self.kubelet(ObjectRef.of(thing))
        for thing in self.store.all(ROUTE):
            self._accept(ObjectRef.of(thing))

    def is_broken(self, name: str) -> bool:
        return any(part in name for part in self.broken)

    def _soon(self, key: Any, seconds: float, work: Any) -> None:
        if key in self._pending:
            return
        self._pending.add(key)

        def run() -> None:
            self._pending.discard(key)
            work()

        asyncio.get_running_loop().call_later(seconds, run)

    def _kserve(self) -> None:
        if self.faults.kserve_stuck:
            return
        for service in self.store.all(SERVICE):
            self._one(service)

    def _one(self, service: Thing) -> None:
        uid, name = service["metadata"]["uid"], service["metadata"]["name"]
        deployments, fronts = (
            {t["metadata"]["name"]: t for t in self.store.all(kind) if _owner(t) == uid} for kind in (DEPLOYMENT, FRONT)
        )
        route = self.store.get(ObjectRef(*ROUTE, service["metadata"]["namespace"], name))
        mine = route if route is not None and _owner(route) == uid else None
        plan = planning.desired(planning.Seen(service, deployments, fronts, mine, ()), Runtime(), self.store.now())
        for step in plan.steps:
            if isinstance(step, planning.Remove):
                kind = (step.resource.api_version, step.resource.kind)
                self.store.delete(ObjectRef(*kind, step.namespace, step.name))
            else:
                self.store.put(json.loads(json.dumps(step.thing)))
        told = {**plan.status, **_LIES} if self.faults.kserve_lies else plan.status
        self.store.status(ObjectRef.of(service), told)

    def _rolled(self, happened: Happened) -> None:
        old, new = _spec(happened.old), _spec(happened.new)
        if old and old["template"] != new["template"]:
            self.restarts += 1

    def kubelet(self, ref: ObjectRef) -> None:
        live = self.store.get(ref)
        if live is None:
            return
        wanted = live["spec"].get("replicas", 1)
        up = 0 if self.is_broken(ref.name) else wanted
        known = {c["type"]: c for c in (live.get("status") or {}).get("conditions", [])}.get("Available", {})
        status = "True" if up else "False"
        since = known["lastTransitionTime"] if known.get("status") == status else self.store.now()
        available = {"type": "Available", "status": status, "lastTransitionTime": since}
        if not up:
            available["message"] = "container exited with 1"
        told = {
            "observedGeneration": live["metadata"]["generation"],
            "replicas": wanted,
            "updatedReplicas": wanted,
            "availableReplicas": up,
            "conditions": [available],
        }
        self.store.status(ref, told)

    def _accept(self, ref: ObjectRef) -> None:
        route = self.store.get(ref)
        if route is None or self.faults.gateway_stuck:
            return
        accepted = {"type": "Accepted", "status": "True", "observedGeneration": route["metadata"]["generation"]}
        self.store.status(ref, {"parents": [{"conditions": [accepted]}]})
        self._counted()

    def _counted(self) -> None:
        """What the gateway sends where from now on."""
        route = next(iter(self.store.all(ROUTE)), None)
        weights = None
        if route is not None:
            weights = _weights(route) if _is_accepted(route) else self.traffic.weights
        up = {t["metadata"]["name"]: (t.get("status") or {}).get("availableReplicas", 0) for t in self._deployments()}
        self.traffic.sends(weights or {}, {name for name, count in up.items() if count})

    def _deployments(self) -> list[Thing]:
        return self.store.all(DEPLOYMENT)


def _weights(route: Thing) -> dict[str, int]:
    references = route["spec"]["rules"][-1]["backendRefs"]
    return {reference["name"]: reference.get("weight", 100) for reference in references}


def _is_accepted(route: Thing) -> bool:
    parents = (route.get("status") or {}).get("parents") or ()
    seen = [c.get("observedGeneration") for parent in parents for c in parent["conditions"]]
    return route["metadata"]["generation"] in seen


def _spec(thing: Thing | None) -> Thing:
    return (thing or {}).get("spec") or {}


def _owner(thing: Thing) -> str:
    return next((owner["uid"] for owner in thing["metadata"].get("ownerReferences") or ()), "")
