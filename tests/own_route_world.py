"""The small world of a ModelDeployment whose route is Kanaria's own: an InferenceService for each predictor.

KServe's part is the local cluster's own pure planning, once for each InferenceService.
"""

import copy
from dataclasses import dataclass, field
from typing import Any

from kanaria.decide.model_deployment import Seen
from kanaria.local.kserve import planning
from kanaria.local.kserve.rendering import Runtime
from kanaria.serving.choice import Asked, CanaryRouting, choose
from kanaria.serving.own_route import Gateway
from kanaria.serving.way import Live
from kanaria.vocabulary import Act, Delete
from model_world import ModelWorld, Thing

GATEWAY = Gateway("edge", "gateways", ("wine.example.com",))
ROUTING = {"gatewayRef": {"name": "edge", "namespace": "gateways"}, "hostnames": ["wine.example.com"]}


@dataclass
class OwnRouteWorld(ModelWorld):
    """All that a ModelDeployment named `wine` meets that names a Gateway."""

    own: dict[str, Thing] = field(default_factory=dict)

    def seen(self) -> Seen:
        live = Live(None, tuple(copy.deepcopy(each) for each in self.own.values()), self.deployments, self.route)
        asked = GATEWAY if "routing" in self.md["spec"] else None
        chosen = choose(CanaryRouting.AUTO, Asked(asked), live)
        stable = self.read_md().status.stable
        return Seen(
            live=live,
            way=chosen.way,
            unroutable=chosen.objection,
            serving=chosen.way.observe(live, stable.predictor_name if stable else ""),
            policies=dict(self.policies),
            answer=self.answer,
            failure=self.failure,
            way_back=self.way_back,
            metrics_url="http://127.0.0.1:9/metrics",
            jobs=self.jobs,
            pods=self.pods,
            services=self.copiers,
        )

    def carry_out(self, act: Act) -> None:
        if not isinstance(act, Delete) or act.target.kind in {"Job", "Service"}:
            super().carry_out(act)
            return
        self.writes.append(act)
        del self.own[act.target.name]

    def _apply(self, manifest: Thing) -> None:
        if manifest["kind"] == "HTTPRoute":
            before, metadata = self.route or {}, manifest["metadata"]
            same = before.get("spec") == manifest["spec"]
            metadata["generation"] = before.get("metadata", {}).get("generation", 0) + (not same)
            self.route = {**manifest, "status": before.get("status", {})}
            return
        name = manifest["metadata"]["name"]
        before = self.own.get(name, {})
        manifest["metadata"] |= {"uid": f"u-{name}", "creationTimestamp": self.now.isoformat()}
        manifest["metadata"]["creationTimestamp"] = before.get("metadata", manifest["metadata"])["creationTimestamp"]
        manifest["spec"]["predictor"]["model"].setdefault("name", "")  # as KServe's webhook fills in
        self.own[name] = {**manifest, "status": before.get("status", {})}

    def asked(self, version: str) -> int:
        return sum(weight for name, weight in self._asked().items() if f"-v{version}-" in name)

    def _asked(self) -> dict[str, int]:
        """The percents of all but the main predictor's backend, which is the first."""
        rules = self.route["spec"]["rules"] if self.route else []
        return {ref["name"]: ref["weight"] for rule in rules for ref in rule["backendRefs"][1:]}

    def _kserve(self) -> bool:
        """One pass of KServe's for each InferenceService; what was deleted takes its servers with it."""
        for things in (self.deployments, self.services):
            for name in [name for name in things if name.removesuffix("-predictor") not in self.own]:
                del things[name]
        busy = [self._one(name, service) for name, service in self.own.items()]
        return any(busy)

    def _one(self, name: str, service: Thing) -> bool:
        mine: list[dict[str, Any]] = [
            {key: thing for key, thing in things.items() if key == f"{name}-predictor"}
            for things in (self.deployments, self.services)
        ]
        plan = planning.desired(planning.Seen(service, *mine, None, ()), Runtime(), self.now.isoformat())
        for step in plan.steps:
            assert isinstance(step, planning.Put)
            self._put({"Deployment": self.deployments, "Service": self.services}[step.resource.kind], step.thing)
        busy = bool(plan.steps) or plan.status != service["status"]
        service["status"] = plan.status
        return busy
