"""How a workload controller goes on: watch owners and Pods, decide, act, and look again in time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from functools import partial

import aiohttp

from kanaria.local.api_client import DEPLOYMENTS, JOBS, PODS, Api, ApiError, ConflictError, Resource, Thing
from kanaria.local.clock import Clock, wall_clock
from kanaria.local.controllers import deployments, jobs
from kanaria.local.controllers.pods import Actions
from kanaria.local.watching import Cache, Change, Key, key_of

log = logging.getLogger(__name__)
Decide = Callable[[Thing, list[Thing], datetime], Actions]
RETRY = 0.5


async def run_jobs(api: Api, *, backoff: float = 1.0, clock: Clock = wall_clock) -> None:
    """The Job controller, until cancelled; `backoff` is the first pause after a failed Pod, 10 s in Kubernetes."""
    await Controller(api, JOBS, partial(jobs.decide, base=backoff), clock).run()


async def run_deployments(api: Api, *, clock: Clock = wall_clock) -> None:
    """The Deployment controller, until cancelled."""
    await Controller(api, DEPLOYMENTS, deployments.decide, clock).run()


class Controller:
    """One worker that visits owners whose Pods, spec or time have changed; an owner is never visited twice at once."""

    def __init__(self, api: Api, resource: Resource, decide: Decide, clock: Clock) -> None:
        self._api = api
        self._resource = resource
        self._decide = decide
        self._clock = clock
        self._owners = Cache(api, resource)
        self._pods = Cache(api, PODS)
        self._due: dict[Key, None] = {}
        self._poked = asyncio.Event()
        self._timers: dict[Key, asyncio.TimerHandle] = {}

    async def run(self) -> None:
        """Watch and work until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._owners.run())
            tasks.create_task(self._pods.run())
            # Deciding before both are known would make Pods a second time.
            await self._owners.synced.wait()
            await self._pods.synced.wait()
            self._owners.on_change(lambda change: self._poke(change.key))
            self._pods.on_change(self._pod_changed)
            while True:
                await self._poked.wait()
                self._poked.clear()
                while self._due:
                    key = next(iter(self._due))
                    del self._due[key]
                    await self._visit(key)

    def _pod_changed(self, change: Change) -> None:
        for owner in change.thing["metadata"].get("ownerReferences", []):
            if owner.get("controller") and owner["kind"] == self._resource.kind:
                self._poke((change.key[0], owner["name"]))

    def _poke(self, key: Key) -> None:
        self._due[key] = None
        self._poked.set()

    def _poke_after(self, key: Key, seconds: float) -> None:
        self._timers[key] = asyncio.get_running_loop().call_later(seconds, self._poke, key)

    async def _visit(self, key: Key) -> None:
        timer = self._timers.pop(key, None)
        if timer:
            timer.cancel()
        owner = self._owners.get(*key)
        if owner is None:
            return
        actions = self._decide(owner, self._pods.owned_by(owner["metadata"]["uid"]), self._clock())
        if actions.again is not None:
            # A little late rather than a little early: times in the API are whole seconds.
            self._poke_after(key, actions.again + 0.01)
        try:
            await self._carry_out(owner, actions)
        except (ApiError, aiohttp.ClientError, TimeoutError) as error:
            log.log(
                logging.DEBUG if isinstance(error, ConflictError) else logging.WARNING,
                "%s %s/%s: %s; again in %.1f s",
                *(self._resource.kind, *key, error, RETRY),
            )
            self._poke_after(key, RETRY)

    async def _carry_out(self, owner: Thing, actions: Actions) -> None:
        """Pods first: a status that counts a Pod nobody made would be a lie."""
        namespace, name = key_of(owner)
        if actions.remove:
            await self._api.delete(self._resource, namespace, name)
        for pod in actions.create:
            self._pods.saw(await self._api.create(PODS, pod))
        for pod_name in actions.delete:
            await self._api.delete(PODS, namespace, pod_name)
        if actions.status is not None:
            self._owners.saw(await self._api.patch_status(self._resource, namespace, name, actions.status))
