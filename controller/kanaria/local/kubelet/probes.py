"""Whether a container answers: its startup, readiness and liveness probes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress

import aiohttp

from kanaria.local.api_client import Thing

Execute = Callable[[list[str]], Awaitable[int]]


class Attendant:
    """Probes one running container until cancelled, and says when it becomes ready, unready or dead."""

    def __init__(
        self,
        container: Thing,
        ports: Mapping[int, int],
        execute: Execute,
        on_ready: Callable[[bool], None],
        on_dead: Callable[[str], Awaitable[None]],
    ) -> None:
        self._container = container
        self._ports = ports
        self._execute = execute
        self._on_ready = on_ready
        self._on_dead = on_dead

    async def attend(self) -> None:
        """Startup first; then readiness and liveness side by side."""
        startup = self._container.get("startupProbe")
        if startup and not await self._until(startup, wanted=True):
            await self._on_dead("failed startup probe")
            return
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._readiness())
            tasks.create_task(self._liveness())

    async def _readiness(self) -> None:
        probe = self._container.get("readinessProbe")
        if not probe:
            self._on_ready(True)
            return
        while True:
            await self._until(probe, wanted=True, forever=True)
            self._on_ready(True)
            await self._until(probe | {"initialDelaySeconds": probe.get("periodSeconds", 10)}, wanted=False)
            self._on_ready(False)

    async def _liveness(self) -> None:
        probe = self._container.get("livenessProbe")
        if probe and await self._until(probe, wanted=False):
            await self._on_dead("failed liveness probe")

    async def _until(self, probe: Thing, *, wanted: bool, forever: bool = False) -> bool:
        """Probe until the wanted answer came often enough; False if the other one did first."""
        limits = {True: probe.get("successThreshold", 1), False: probe.get("failureThreshold", 3)}
        in_a_row, last = 0, None
        await asyncio.sleep(probe.get("initialDelaySeconds", 0))
        while True:
            answer = await self._passes(probe)
            in_a_row = in_a_row + 1 if answer is last else 1
            last = answer
            if answer is wanted and in_a_row >= limits[answer]:
                return True
            if wanted and not answer and not forever and in_a_row >= limits[False]:
                return False
            await asyncio.sleep(probe.get("periodSeconds", 10))

    async def _passes(self, probe: Thing) -> bool:
        with suppress(aiohttp.ClientError, OSError, TimeoutError):
            async with asyncio.timeout(probe.get("timeoutSeconds", 1)):
                if "httpGet" in probe:
                    return await self._answers(probe["httpGet"])
                if "exec" in probe:
                    return await self._execute(probe["exec"]["command"]) == 0
                await self._connects((probe.get("tcpSocket") or probe["grpc"])["port"])
                return True
        return False

    async def _answers(self, request: Thing) -> bool:
        path = request.get("path", "/").lstrip("/")
        headers = {each["name"]: each["value"] for each in request.get("httpHeaders") or []}
        address = f"http://127.0.0.1:{self._port(request['port'])}/{path}"
        async with aiohttp.ClientSession() as session, session.get(address, headers=headers) as answer:
            return 200 <= answer.status < 400

    async def _connects(self, port: int | str) -> None:
        _, writer = await asyncio.open_connection("127.0.0.1", self._port(port))
        writer.close()

    def _port(self, named: int | str) -> int:
        """The port of this machine that stands for a container's port, given by number or name."""
        declared = self._container.get("ports") or []
        number = next((each["containerPort"] for each in declared if each.get("name") == named), named)
        return self._ports.get(int(number), int(number))
