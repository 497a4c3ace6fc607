"""What the kubelet does: takes the Pods of its node, lives their lives, and clears up after them."""

from __future__ import annotations

import asyncio
import logging
import shutil
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from kanaria.local.api_client import PODS, Api, ApiError, ConflictError, NotFoundError, Thing
from kanaria.local.certificate import tls_of
from kanaria.local.clock import Clock, wall_clock
from kanaria.local.kubelet import node
from kanaria.local.kubelet.container import Machine
from kanaria.local.kubelet.folders import Folders
from kanaria.local.kubelet.log_server import serve_logs
from kanaria.local.kubelet.logs import trim
from kanaria.local.kubelet.pod import PodLife
from kanaria.local.kubelet.processes import PlainStarter, Starter
from kanaria.local.kubelet.status import Record
from kanaria.local.leash import Leash
from kanaria.local.watching import Cache, Change

log = logging.getLogger(__name__)
LOG_CHECK = 5.0
SHUTDOWN_GRACE = 5.0
RETRY = 0.5


@dataclass(frozen=True, slots=True)
class KubeletSettings:
    """Where the kubelet keeps its files and how it behaves."""

    home: Path
    node: str = "local"
    namespace: str = ""  # takes Pods of this namespace only; empty: of all
    schedules: bool = True  # takes Pods that no scheduler has bound; off against a real control plane
    heartbeats: bool = False  # renews its Lease, as a real node controller expects
    backoff: float = 1.0  # the first pause before a container is started again; 10 s in Kubernetes


class Kubelet:
    """One node. `run` until cancelled; then every process it started has ended."""

    def __init__(
        self,
        api: Api,
        settings: KubeletSettings,
        leash: Leash,
        starter: Starter | None = None,
        clock: Clock = wall_clock,
    ) -> None:
        self.registered = asyncio.Event()  # the node is up, and what was said of its Pods before is put right
        self._api = api
        self._settings = settings
        self._folders = Folders(settings.home)
        starter = starter or PlainStarter()
        self._machine = Machine(api, self._folders, leash, starter, clock, settings.backoff)
        self._pods = Cache(api, PODS, settings.namespace)
        self._lives: dict[str, PodLife] = {}
        self._leaving: set[str] = set()

    async def run(self) -> None:
        """Serve the node until cancelled."""
        try:
            tls, _ = tls_of(self._settings.home, self._machine.clock())
            async with serve_logs(self._find_log, tls) as port, asyncio.TaskGroup() as tasks:
                await node.register(self._api, self._settings.node, port, self._machine.clock())
                if self._settings.heartbeats:
                    tasks.create_task(node.keep_alive(self._api, self._settings.node, self._machine.clock))
                tasks.create_task(self._pods.run())
                tasks.create_task(self._bound_logs())
                await self._pods.synced.wait()
                self._clear_folders({pod["metadata"]["uid"] for pod in self._pods})
                await self._recall(tasks)
                self.registered.set()
                async for change in self._pods.changes():
                    self._take(change, tasks)
        finally:
            await asyncio.shield(self._end_all())

    async def _recall(self, tasks: asyncio.TaskGroup) -> None:
        """Go on with the Pods of a kubelet before: none still says Ready, having no process, once the node is up."""
        for pod in self._pods:
            self._take(Change("ADDED", pod), tasks)
        await asyncio.gather(*(life.recall() for life in self._lives.values()))

    def _take(self, change: Change, tasks: asyncio.TaskGroup) -> None:
        pod = change.thing
        uid, placed = pod["metadata"]["uid"], pod["spec"].get("nodeName")
        if change.kind == "DELETED":
            tasks.create_task(self._forget(uid))
        elif not placed and self._settings.schedules:
            tasks.create_task(self._bind(pod))
        elif placed != self._settings.node or uid in self._leaving:
            return
        elif "deletionTimestamp" in pod["metadata"]:
            self._leaving.add(uid)
            tasks.create_task(self._let_go(pod))
        elif uid not in self._lives:
            self._lives[uid] = PodLife(pod, self._machine)
            if (pod.get("status") or {}).get("phase") in {"Succeeded", "Failed"}:
                self._lives[uid].done.set()
            else:
                self._lives[uid].start()

    async def _bind(self, pod: Thing) -> None:
        """There is one node, so scheduling is no question."""
        meta = pod["metadata"]
        try:
            await self._api.patch(PODS, meta["namespace"], meta["name"], {"spec": {"nodeName": self._settings.node}})
        except (NotFoundError, ConflictError):
            return

    async def _let_go(self, pod: Thing) -> None:
        """End a Pod that is being deleted, and tell the API server that nothing is left of it."""
        meta = pod["metadata"]
        life = self._lives.get(meta["uid"])
        if life:
            life.pod = life.pod | {"metadata": meta}
            await life.end(life.grace)
        while True:
            try:
                guard = {"gracePeriodSeconds": 0, "preconditions": {"uid": meta["uid"]}}
                await self._api.delete(PODS, meta["namespace"], meta["name"], **guard)
            except ConflictError:
                return
            except (ApiError, aiohttp.ClientError, TimeoutError) as error:
                log.warning("pod %s/%s cannot be removed: %s", meta["namespace"], meta["name"], error)
                await asyncio.sleep(RETRY)
            else:
                return

    async def _forget(self, uid: str) -> None:
        """The Pod is gone from the API: end what may still run, and remove its files."""
        life = self._lives.get(uid)
        if life:
            await life.end(0.0)
            self._lives.pop(uid, None)
        self._leaving.discard(uid)
        await asyncio.to_thread(shutil.rmtree, self._folders.pod(uid), ignore_errors=True)

    async def _end_all(self) -> None:
        lives = list(self._lives.values())
        ends = [life.end(min(life.grace, SHUTDOWN_GRACE), tell=False) for life in lives if not life.done.is_set()]
        await asyncio.gather(*ends)

    def _clear_folders(self, known: set[str]) -> None:
        if self._folders.pods.exists():
            for folder in self._folders.pods.iterdir():
                if folder.name not in known:
                    shutil.rmtree(folder, ignore_errors=True)

    async def _bound_logs(self) -> None:
        while True:
            await asyncio.sleep(LOG_CHECK)
            for uid in [uid for uid, life in self._lives.items() if not life.done.is_set()]:
                for file in self._folders.log(uid, "x").parent.glob("*.log"):
                    trim(file)

    def _find_log(self, namespace: str, pod: str, container: str, previous: bool) -> tuple[Record, Path] | None:  # noqa: FBT001 - the log server's question
        known = self._pods.get(namespace, pod)
        uid = known["metadata"]["uid"] if known else ""
        life = self._lives.get(uid)
        record = life.record(container) if life else None
        if record is None:
            return None
        return record, self._folders.log(uid, container, previous=previous)
