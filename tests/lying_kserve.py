"""Who plays KServe and a gateway on a real API server, and says one thing all the time, whatever is so.

The Deployments are made as KServe makes them; the cluster's own controllers say of them what is true. What is withheld
is not so yet: `servers` that are not available for long, a `route` that does not follow what is asked for.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kanaria.local.api_client import DEPLOYMENTS, SERVICES, Api, ConflictError, NotFoundError, Resource, Thing
from kanaria.local.clock import wall_clock, written
from kanaria.local.kserve import planning
from kanaria.local.kserve.naming import HTTP_ROUTES, INFERENCE_SERVICES, KNATIVE, PREDICTOR
from kanaria.local.router.acceptance import status_of
from kanaria.local.watching import controller_uid
from kserve_player import HOLLOW
from waiting import GLANCE

LONG = 599  # seconds; it must be less than the progressDeadlineSeconds of KServe
MANAGER = "lying-kserve"
Said = Mapping[str, Any]


def conditions(status: str) -> list[dict[str, str]]:
    """All that KServe says of an InferenceService, alike."""
    types = ("PredictorReady", "IngressReady", "CanaryPredictorReady", "PredictorRouteReady", "Ready")
    return [{"type": type_, "status": status, "lastTransitionTime": "2026-01-01T00:00:00Z"} for type_ in types]


ALL_IS_WELL: Said = {
    "conditions": conditions("True"),
    "observedGeneration": 99,
    "modelStatus": {"transitionStatus": "UpToDate", "states": {"activeModelState": "Loaded"}},
}
NOTHING_IS_KNOWN: Said = {
    "conditions": conditions("Unknown"),
    "observedGeneration": 0,
    "modelStatus": {"transitionStatus": "InProgress", "states": {"activeModelState": ""}},
}


@dataclass
class LyingKServe:
    """One namespace's."""

    api: Api
    namespace: str
    says: Said
    withheld: set[str] = field(default_factory=set)

    async def play(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self._pass()
            except (ConflictError, NotFoundError):
                continue  # it changed meanwhile, or went
            finally:
                await asyncio.sleep(GLANCE * 5)

    async def give(self) -> None:
        """Let all be so that was withheld."""
        self.withheld.clear()
        for thing in await self._all(DEPLOYMENTS):
            if thing["spec"].get("minReadySeconds"):
                await self._change(thing, {"minReadySeconds": 0})

    async def roll(self, version: str) -> None:
        """Have the version's Deployment begin to roll, which it goes on to do until all is given."""
        (thing,) = [each for each in await self._all(DEPLOYMENTS) if f"-v{version}-" in each["metadata"]["name"]]
        template = {"metadata": {"annotations": {"rolled": "yes"}}}
        await self._change(thing, {"minReadySeconds": LONG, "template": template})

    async def _change(self, thing: Thing, spec: Thing) -> None:
        await self.api.patch(DEPLOYMENTS, self.namespace, thing["metadata"]["name"], {"spec": spec})

    async def _all(self, resource: Resource) -> list[Thing]:
        found: list[Thing] = (await self.api.list(resource, self.namespace))["items"]
        return found

    async def _pass(self) -> None:
        deployments, fronts = await self._all(DEPLOYMENTS), await self._all(SERVICES)
        for service in await self._all(INFERENCE_SERVICES):
            uid = service["metadata"]["uid"]
            mine, fronting = (
                {each["metadata"]["name"]: each for each in things if controller_uid(each) == uid}
                for things in (deployments, fronts)
            )
            route = next((r for r in await self._all(HTTP_ROUTES) if controller_uid(r) == uid), None)
            plan = planning.desired(planning.Seen(service, mine, fronting, route), HOLLOW, written(wall_clock()))
            for step in plan.steps:
                await self._take(step)
            await self._tell(service, plan.status)
        for route in await self._all(HTTP_ROUTES):
            await self._accept(route)

    async def _take(self, step: planning.Put | planning.Remove) -> None:
        if isinstance(step, planning.Remove):
            await self.api.delete(step.resource, step.namespace, step.name)
        elif step.resource == DEPLOYMENTS and "servers" in self.withheld:
            held = {**step.thing, "spec": {**step.thing["spec"], "minReadySeconds": LONG}}
            await self.api.apply(DEPLOYMENTS, held, owner=MANAGER)
        elif step.resource != HTTP_ROUTES or "route" not in self.withheld:
            await self.api.apply(step.resource, step.thing, owner=MANAGER)

    async def _tell(self, service: Thing, truth: Thing) -> None:
        told = {**truth, **self.says}
        entries = service["spec"].get("canary") or ()
        if entries:
            shares = [{"name": e["predictor"]["name"], "ready": True, "trafficPercent": 100} for e in entries]
            told["canaryStatuses"] = shares
        if truth.get("deploymentMode") == KNATIVE:
            told |= self._of_revisions(truth)
        if told != service.get("status"):
            path = INFERENCE_SERVICES.path(self.namespace, service["metadata"]["name"], "status")
            await self.api.request("PUT", path, body={**service, "status": told})

    def _of_revisions(self, truth: Thing) -> Thing:
        """Knative's own word of the traffic is true; the newest was ready once, as it goes on to say ever after."""
        routed = [each for each in truth["conditions"] if each["type"] == "PredictorRouteReady"]
        others = [each for each in self.says["conditions"] if each["type"] != "PredictorRouteReady"]
        revisions = truth["components"][PREDICTOR]
        newest = {**revisions, "latestReadyRevision": revisions["latestCreatedRevision"]}
        return {"conditions": [*others, *routed], "components": {PREDICTOR: newest}}

    async def _accept(self, route: Thing) -> None:
        status = status_of(route, lambda *_: True, written(wall_clock()))
        if status is not None and "route" not in self.withheld:
            await self.api.patch_status(HTTP_ROUTES, self.namespace, route["metadata"]["name"], status)
