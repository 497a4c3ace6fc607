"""The life of one Pod: volumes, init containers in order, then its containers, and what the API is told of it."""

from __future__ import annotations

import asyncio
import json
import logging
from contextlib import suppress
from datetime import timedelta

import aiohttp

from kanaria.local.api_client import PODS, ApiError, ConflictError, NotFoundError, Thing
from kanaria.local.clock import read
from kanaria.local.kubelet.container import Container, Machine
from kanaria.local.kubelet.recovery import lost_verdict, restored
from kanaria.local.kubelet.status import Record, Verdict, Waiting, pod_status
from kanaria.local.kubelet.volumes import VolumeMissingError, VolumeRefusedError, prepare
from kanaria.local.ports import free_ports

log = logging.getLogger(__name__)
PORT = "local.kanaria.dev/port"
PORTS = "local.kanaria.dev/ports"
RETRY = 0.5
LAST_TRIES = 10


class PodLife:
    """One Pod on this node; `start` it, `end` it, and `done` is set when nothing of it runs any more."""

    def __init__(self, pod: Thing, machine: Machine) -> None:
        self.pod = pod
        self.done = asyncio.Event()
        self._machine = machine
        self._dirty = asyncio.Event()
        self._verdict = lost_verdict(pod)
        self._inits = self._containers("initContainers")
        self._mains = self._containers("containers")
        self._task: asyncio.Task[None] | None = None
        self._told: Thing = {}
        self._telling = asyncio.Lock()  # one at a time: an older word must not come after a newer one
        self._silent = False
        self._is_over = False
        self._ending: float | None = None

    def start(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._run(), name=f"pod {self.pod['metadata']['name']}")
        # Not by the task itself: one that is cancelled before its first step never runs.
        self._task.add_done_callback(lambda _: self.done.set())

    async def recall(self) -> None:
        """Have the API told what is true of it now, in place of what a kubelet before this one said."""
        if not self.done.is_set():
            await self._report()

    async def end(self, grace: float, *, tell: bool = True) -> None:
        """Have it all ended within its grace; untold, a later kubelet finds the Pod as one whose processes are lost."""
        self._silent = not tell
        for container in self._inits + self._mains:
            container.grace = grace
        # A second end cuts a first one short, if it has less patience.
        if self._task and (self._ending is None or grace < self._ending):
            self._ending = grace
            self._task.cancel()
        await self.done.wait()

    @property
    def grace(self) -> float:
        """The seconds its processes have between SIGTERM and SIGKILL."""
        spec, meta = self.pod["spec"], self.pod["metadata"]
        return float(meta.get("deletionGracePeriodSeconds", spec.get("terminationGracePeriodSeconds", 30)))

    def record(self, container: str) -> Record | None:
        """What became of the container of that name."""
        return next((each.record for each in self._inits + self._mains if each.record.name == container), None)

    def _containers(self, group: str) -> list[Container]:
        pod, machine = self.pod, self._machine
        specs: list[Thing] = pod["spec"].get(group) or []
        return [Container(spec, pod, machine, restored(spec, pod), self._dirty.set) for spec in specs]

    async def _run(self) -> None:
        reporter = asyncio.create_task(self._keep_reporting())
        try:
            if self._verdict is None:
                self._verdict = await self._judged()
        finally:
            reporter.cancel()
            self._is_over = True
            await asyncio.shield(self._report_at_last())

    async def _judged(self) -> Verdict | None:
        """Live; the verdict is one the containers cannot tell themselves."""
        try:
            async with asyncio.timeout(self._seconds_left()):
                await self._live()
        except VolumeRefusedError as error:
            return Verdict("Failed", "VolumeRefused", str(error))
        except TimeoutError:
            return Verdict(
                "Failed", "DeadlineExceeded", "Pod was active on the node longer than the specified deadline"
            )
        except Exception as error:
            log.exception("pod %s/%s", self.pod["metadata"]["namespace"], self.pod["metadata"]["name"])
            return Verdict("Failed", "KubeletError", f"the local kubelet failed: {error!r}")
        return None

    def _seconds_left(self) -> float | None:
        deadline = self.pod["spec"].get("activeDeadlineSeconds")
        if deadline is None:
            return None
        now = self._machine.clock()
        began = (self.pod.get("status") or {}).get("startTime")
        since = read(began) if began else now
        return (since + timedelta(seconds=deadline) - now).total_seconds()

    async def _live(self) -> None:
        self._dirty.set()
        policy = self.pod["spec"].get("restartPolicy", "Always")
        for container in self._inits + self._mains:
            container.grace = self.grace
        await self._prepare_volumes()
        await self._give_ports()
        for container in self._inits:
            await container.live("Never" if policy == "Never" else "OnFailure")
            if not container.record.succeeded:
                return
        async with asyncio.TaskGroup() as tasks:
            for container in self._mains:
                tasks.create_task(container.live(policy))

    async def _prepare_volumes(self) -> None:
        while True:
            try:
                await prepare(self.pod, self._machine.folders, self._machine.api)
            except VolumeMissingError as error:
                first = (self._inits or self._mains)[0]
                first.record = Record(first.record.name, first.record.image, Waiting("ContainerCreating", str(error)))
                self._dirty.set()
                await asyncio.sleep(RETRY)
            else:
                return

    async def _give_ports(self) -> None:
        """Pick a free port for each declared one, and say so: all Pods share one address."""
        specs = (self.pod["spec"].get("initContainers") or []) + self.pod["spec"]["containers"]
        declared = [int(port["containerPort"]) for spec in specs for port in spec.get("ports") or []]
        if not declared:
            return
        ports = dict(zip(declared, free_ports(len(declared)), strict=True))
        for container in self._inits + self._mains:
            container.ports = ports
        told = {PORT: str(ports[declared[0]]), PORTS: json.dumps({str(port): ports[port] for port in declared})}
        meta = self.pod["metadata"]
        with suppress(NotFoundError):
            await self._machine.api.patch(PODS, meta["namespace"], meta["name"], {"metadata": {"annotations": told}})

    async def _keep_reporting(self) -> None:
        while True:
            await self._dirty.wait()
            self._dirty.clear()
            if not await self._report():
                await asyncio.sleep(RETRY)
                self._dirty.set()

    async def _report_at_last(self) -> None:
        for _ in range(LAST_TRIES):
            if await self._report():
                return
            await asyncio.sleep(RETRY)

    async def _report(self) -> bool:
        """Tell the API what has become of the Pod; False if it could not be told."""
        async with self._telling:
            return await self._tell()

    async def _tell(self) -> bool:
        inits, mains = ([each.record for each in group] for group in (self._inits, self._mains))
        status = pod_status(self.pod, inits, mains, self._machine.clock(), self._verdict)
        if status == self._told or self._silent:
            return True
        if status["phase"] in {"Succeeded", "Failed"} and not (self._is_over or self._verdict):
            return True  # why it has ended is about to be known, and an end is told once
        meta = self.pod["metadata"]
        try:
            await self._machine.api.patch_status(PODS, meta["namespace"], meta["name"], status, uid=meta["uid"])
        except (NotFoundError, ConflictError):
            # Deleted, or another Pod of that name by now: nobody is left to be told.
            return True
        except (ApiError, aiohttp.ClientError, TimeoutError) as error:
            log.warning("status of pod %s/%s: %s", meta["namespace"], meta["name"], error)
            return False
        self._told = status
        self.pod = {**self.pod, "status": status}
        return True
