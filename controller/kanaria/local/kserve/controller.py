"""How the stand-in goes on: it watches InferenceServices and their children, plans, and carries plans out."""

from __future__ import annotations

import asyncio
import logging

import aiohttp

from kanaria.local.api_client import (
    DEPLOYMENTS,
    EVENTS,
    PODS,
    SERVICES,
    Api,
    ApiError,
    ConflictError,
    Resource,
    Thing,
)
from kanaria.local.clock import Clock, wall_clock, written
from kanaria.local.kserve.naming import HTTP_ROUTES, INFERENCE_SERVICES, OWNER_LABEL, app_label, predictor_name
from kanaria.local.kserve.planning import Plan, Put, Remove, Seen, Tell, desired
from kanaria.local.kserve.rendering import Runtime
from kanaria.local.watching import Cache, Change, Key, controller_uid, key_of

log = logging.getLogger(__name__)
FIELD_MANAGER = "kserve-stand-in"
RETRY = 0.5


async def run_kserve(api: Api, *, runtime: Runtime = Runtime(), clock: Clock = wall_clock) -> None:  # noqa: B008 - frozen
    """KServe's controller in Standard mode with Gateway API, until cancelled."""
    await StandIn(api, runtime, clock).run()


class StandIn:
    """One worker that visits an InferenceService whenever it or one of its children has changed."""

    def __init__(self, api: Api, runtime: Runtime, clock: Clock) -> None:
        self._api = api
        self._runtime = runtime
        self._clock = clock
        self._services = Cache(api, INFERENCE_SERVICES)
        self._routes = Cache(api, HTTP_ROUTES)
        self._children: dict[Resource, Cache] = {
            resource: Cache(api, resource, labels=OWNER_LABEL) for resource in (DEPLOYMENTS, SERVICES, PODS)
        }
        self._due: dict[Key, None] = {}
        self._poked = asyncio.Event()

    async def run(self) -> None:
        """Watch and work until cancelled."""
        caches = (self._services, self._routes, *self._children.values())
        async with asyncio.TaskGroup() as tasks:
            for cache in caches:
                tasks.create_task(cache.run())
            # A plan made of half of what there is would delete and make anew.
            for cache in caches:
                await cache.synced.wait()
            self._listen()
            while True:
                await self._poked.wait()
                self._poked.clear()
                while self._due:
                    key = next(iter(self._due))
                    del self._due[key]
                    await self._visit(key)

    def _listen(self) -> None:
        self._services.on_change(lambda change: self._poke(change.key))
        self._routes.on_change(lambda change: self._poke(change.key))
        for cache in self._children.values():
            cache.on_change(self._child_changed)

    def _child_changed(self, change: Change) -> None:
        self._poke((change.key[0], change.thing["metadata"]["labels"][OWNER_LABEL]))

    def _poke(self, key: Key) -> None:
        self._due[key] = None
        self._poked.set()

    async def _visit(self, key: Key) -> None:
        service = self._services.get(*key)
        if service is None or service["metadata"].get("deletionTimestamp"):
            return  # its children go with it, by the garbage collector
        try:
            await self._carry_out(service, desired(self._seen(service), self._runtime, written(self._clock())))
        except (ApiError, aiohttp.ClientError, TimeoutError) as error:
            # A conflict is everyday life: the object has changed since, and the watch is about to say so.
            level = logging.DEBUG if isinstance(error, ConflictError) else logging.WARNING
            log.log(level, "InferenceService %s/%s: %s; again in %.1f s", *key, error, RETRY)
            asyncio.get_running_loop().call_later(RETRY, self._poke, key)

    def _seen(self, service: Thing) -> Seen:
        namespace, name = key_of(service)
        app = app_label(predictor_name(name, service["spec"]["predictor"].get("name")))
        pods = [pod for pod in self._children[PODS] if pod["metadata"]["labels"].get("app") == app]
        route = self._routes.get(namespace, name)
        return Seen(
            service=service,
            deployments=self._owned(DEPLOYMENTS, service),
            services=self._owned(SERVICES, service),
            route=route,
            pods=[pod for pod in pods if key_of(pod)[0] == namespace],
        )

    def _owned(self, resource: Resource, service: Thing) -> dict[str, Thing]:
        uid = service["metadata"]["uid"]
        return {key_of(thing)[1]: thing for thing in self._children[resource] if controller_uid(thing) == uid}

    async def _carry_out(self, service: Thing, plan: Plan) -> None:
        for step in plan.steps:
            await self._take(step)
        if plan.status != service.get("status", {}):
            path = INFERENCE_SERVICES.path(*key_of(service), "status")
            self._services.saw(await self._api.request("PUT", path, body={**service, "status": plan.status}))
            for event in plan.events:
                await self._tell(service, event)

    async def _take(self, step: Put | Remove) -> None:
        if isinstance(step, Put):
            written_thing = await self._api.apply(step.resource, step.thing, owner=FIELD_MANAGER)
            cache = self._routes if step.resource == HTTP_ROUTES else self._children[step.resource]
            cache.saw(written_thing)
        else:
            await self._api.delete(step.resource, step.namespace, step.name)

    async def _tell(self, service: Thing, event: Tell) -> None:
        namespace, name = key_of(service)
        now = written(self._clock())
        await self._api.create(
            EVENTS,
            {
                "apiVersion": "v1",
                "kind": "Event",
                "metadata": {"generateName": f"{name}.", "namespace": namespace},
                "involvedObject": {
                    "apiVersion": service["apiVersion"],
                    "kind": service["kind"],
                    "name": name,
                    "namespace": namespace,
                    "uid": service["metadata"]["uid"],
                },
                "type": event.type,
                "reason": event.reason,
                "message": event.message,
                "source": {"component": FIELD_MANAGER},
                "reportingComponent": FIELD_MANAGER,
                "count": 1,
                "firstTimestamp": now,
                "lastTimestamp": now,
            },
        )
