"""How the operator is killed in the middle of things, and begun anew: at moments that are watched for."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from kanaria.local.api_client import Api, Resource
from kanaria.local.demo.stage import DEPLOYMENTS, NAMESPACE, RUNS
from kanaria.local.operator import Operator

SERVICES = Resource("serving.kserve.io/v1beta1", "inferenceservices", "InferenceService")


@dataclass(frozen=True, slots=True)
class Moment:
    """When an object of the kind is first seen like this, the operator is killed."""

    name: str
    resource: Resource
    comes: Callable[[Mapping[str, Any]], bool]


@dataclass(slots=True)
class Saboteur:
    """Kills the operator once at each moment; `struck` tells at which, in order."""

    operator: Operator
    moments: list[Moment]
    struck: list[str] = field(default_factory=list)

    async def run(self, api: Api) -> None:
        """Watch until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for resource in {moment.resource for moment in self.moments}:
                tasks.create_task(self._watch(api, resource))

    async def _watch(self, api: Api, resource: Resource) -> None:
        since = (await api.list(resource, NAMESPACE))["metadata"]["resourceVersion"]
        while True:
            async for event, thing in api.watch(resource, NAMESPACE, since=since):
                since = thing["metadata"]["resourceVersion"]
                if event != "BOOKMARK":
                    self._strike(resource, thing)

    def _strike(self, resource: Resource, thing: Mapping[str, Any]) -> None:
        for moment in self.moments:
            if moment.resource is resource and moment.name not in self.struck and moment.comes(thing):
                self.struck.append(moment.name)
                self.operator.end(at_once=True)
                self.operator.start()
                return


def trial(deployment: Mapping[str, Any]) -> Mapping[str, Any]:
    """What is tried, empty where nothing is."""
    found: Mapping[str, Any] = deployment.get("status", {}).get("trial") or {}
    return found


def weights(service: Mapping[str, Any]) -> list[int]:
    """What the InferenceService asks the gateway for, canary by canary."""
    return [int(entry.get("trafficPercent", 0)) for entry in service["spec"].get("canary", [])]


def _run_of(count: int) -> Callable[[Mapping[str, Any]], bool]:
    """Whether the newest run, the count-th, is at work: runs are told apart by what was registered before."""
    seen: set[str] = set()

    def comes(run: Mapping[str, Any]) -> bool:
        seen.add(run["metadata"]["uid"])
        at_work = any(step.get("phase") == "Running" for step in run.get("status", {}).get("steps", []))
        return len(seen) == count and at_work

    return comes


def _taken_back() -> Callable[[Mapping[str, Any]], bool]:
    """Whether traffic came back to the stable model after version 4 had some."""
    had: list[bool] = []

    def comes(service: Mapping[str, Any]) -> bool:
        tried = any("v4" in str(entry["predictor"].get("name")) for entry in service["spec"].get("canary", []))
        if tried and any(weights(service)):
            had.append(True)
        return bool(had) and tried and not any(weights(service))

    return comes


def moments() -> list[Moment]:
    """One in each act, and in act d one after each of status, traffic and commit."""
    return [
        Moment("a: while the first model is trained", RUNS, _run_of(1)),
        Moment(
            "b: while version 2 has a fifth of the requests",
            DEPLOYMENTS,
            lambda md: trial(md).get("version") == "2" and trial(md).get("weight") == 20,
        ),
        Moment("c: while the worse model is trained", RUNS, _run_of(3)),
        Moment("d: after the verdict was written", DEPLOYMENTS, lambda md: trial(md).get("phase") == "Failed"),
        Moment("d: after the traffic went back", SERVICES, _taken_back()),
        Moment(
            "d: after the commit was applied",
            DEPLOYMENTS,
            lambda md: any(entry["version"] == "4" for entry in md["spec"].get("rejected", [])),
        ),
        Moment(
            "e: while the revert is carried out",
            DEPLOYMENTS,
            lambda md: (
                md["spec"].get("stable", {}).get("version") == "1"
                and any(past["version"] == "2" for past in md["status"].get("wasStable", []))
            ),
        ),
    ]
