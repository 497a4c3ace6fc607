"""What a town is: an API server and the parts that live from it, started together and ended together."""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

import yaml

from kanaria.api.crds import crds
from kanaria.local.api_client import DEFINITIONS, Api
from kanaria.local.apiserver import ApiServerSettings, serve
from kanaria.local.controllers.claims import run_claims, run_volumes
from kanaria.local.controllers.loop import run_deployments, run_jobs
from kanaria.local.crds import files
from kanaria.local.git_http import serve_git
from kanaria.local.guest import lodging, quarters
from kanaria.local.kserve.controller import run_kserve
from kanaria.local.kserve.rendering import Runtime
from kanaria.local.kubeconfig import api_from
from kanaria.local.kubelet.agent import Kubelet, KubeletSettings
from kanaria.local.kubelet.folders import Folders
from kanaria.local.kubelet.forking import ForkServer, is_wanted
from kanaria.local.kubelet.processes import PlainStarter, Starter
from kanaria.local.leash import Leash
from kanaria.local.mlflow_server import serve_mlflow
from kanaria.local.ports import free_port
from kanaria.local.repository import repository
from kanaria.local.router.gateway import run_router
from kanaria.local.settings import Host, Part, TownInfo, TownSettings, read_info

T = TypeVar("T")
Tell = Callable[[str], None]


class TownBrokenError(Exception):
    """A part of the town has failed, and the rest ends with it."""


class Town:
    """A local cluster, running from the beginning to the end of its `async with`."""

    info: TownInfo
    api: Api

    def __init__(self, settings: TownSettings, tell: Tell = lambda _: None, lock: int | None = None) -> None:
        self.settings = settings
        self._tell = tell
        self._lock = lock
        self._stack = AsyncExitStack()
        self._broken: asyncio.Future[str] | None = None
        self._before = read_info(settings.home)

    async def __aenter__(self) -> Self:
        self._broken = asyncio.get_running_loop().create_future()
        try:
            await self._start()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def broken(self) -> str:
        """Waits until a part has failed, and tells which; a whole town keeps one waiting."""
        if self._broken is None:
            raise RuntimeError("the town has not been started")
        return await asyncio.shield(self._broken)

    async def _start(self) -> None:
        home = self.settings.home
        home.mkdir(parents=True, exist_ok=True)
        leash = await self._enter(Leash(f"TMPDIR={home}/", keep=self._lock))
        await self._enter(self._background("leash", leash.lost.wait()))
        starter = await self._starter(leash)
        mlflow = asyncio.create_task(self._mlflow(leash, starter))
        try:
            addresses = await (self._api_server() if self.settings.host is None else self._lodge(self.settings.host))
            await self._workloads(leash, starter)
            router = await self._serving()
            git, repo = await self._git()
            mlflow_url = await mlflow
        finally:
            mlflow.cancel()
            await asyncio.wait({mlflow})
        self.info = TownInfo(
            home=home,
            pid=os.getpid(),
            kubeconfig=self.settings.kubeconfig,
            operator_kubeconfig=self.settings.operator_kubeconfig,
            api_url=addresses[0],
            secure_url=addresses[1],
            token="" if self.settings.host else self._token(),
            router_url=router,
            mlflow_url=mlflow_url,
            git_url=git,
            repository=repo,
        )
        self.info.write()

    async def _starter(self, leash: Leash) -> Starter:
        """A warm process, only where models are trained or served: it costs some seconds and 300 MB."""
        if is_wanted() and (self._has("mlflow") or self._has("kserve")):
            return await self._enter(ForkServer(self.settings.home / "zygote", leash))
        return PlainStarter()

    async def _lodge(self, host: Host) -> tuple[str, str]:
        """Be a guest: the API server, the workloads' controllers and the scheduler are the host's."""
        self._tell("Kubernetes API of another cluster")
        self.api = await self._enter(api_from(host.kubeconfig))
        await self._enter(lodging(self.api, self.settings, host))
        return self.api.url, self.api.url

    async def _api_server(self) -> tuple[str, str]:
        """One of its own: its address by plain http, and by https."""
        self._tell("Kubernetes API")
        home = self.settings.home
        port = free_port(_port(self._before.secure_url if self._before else ""))
        server = await self._enter(serve(ApiServerSettings(home / "api", self._token(), port)))
        self.api = await self._enter(Api(server.url, self._token()))
        server.install_crds(files())
        for definition in crds().values():
            await self.api.apply(DEFINITIONS, definition, owner="kanaria-local")
        config = self.settings.kubeconfig
        config.touch(mode=0o600)
        config.write_text(yaml.safe_dump(server.kubeconfig()))
        return server.url, server.secure_url

    async def _workloads(self, leash: Leash, starter: Starter) -> None:
        host, home = self.settings.host, self.settings.home
        if host:
            volumes = run_volumes(self.api, host.namespace, Folders(home).claim)
            await self._enter(self._background("volume provisioner", volumes))
        elif self._has("workloads"):
            self._tell("controllers")
            await self._enter(self._background("Job controller", run_jobs(self.api, backoff=self.settings.backoff)))
            await self._enter(self._background("Deployment controller", run_deployments(self.api)))
            await self._enter(self._background("claim binder", run_claims(self.api)))
        if self._has("kubelet"):
            self._tell("kubelet")
            settings = KubeletSettings(home, backoff=self.settings.backoff)
            if host:
                settings = replace(settings, namespace=host.namespace, schedules=False, heartbeats=True)
            kubelet = Kubelet(self.api, settings, leash, starter)
            await self._enter(self._background("kubelet", kubelet.run()))
            await self._unless_broken(kubelet.registered.wait())
        if host:
            # Last, so that it goes before the kubelet: Pods that are deleted wait for its word.
            await self._enter(quarters(self.api, host))

    async def _serving(self) -> str:
        address = ""
        if self._has("router"):
            self._tell("router")
            port = free_port(_port(self._before.router_url if self._before else ""))
            address = (await self._enter(run_router(self.api, port))).url
        if self._has("kserve"):
            self._tell("KServe stand-in")
            await self._enter(
                self._background("KServe stand-in", run_kserve(self.api, runtime=Runtime(ingress=address)))
            )
        return address

    async def _git(self) -> tuple[str, Path]:
        if not self._has("git"):
            return "", Path()
        self._tell("Git")
        folder = self.settings.home / "git"
        made = await repository(folder, "team")
        port = free_port(_port(self._before.git_url if self._before else ""))
        return await self._enter(serve_git(folder, port, password=self.settings.git_password)), made.path

    async def _mlflow(self, leash: Leash, starter: Starter) -> str:
        if not self._has("mlflow"):
            return ""
        self._tell("MLflow")
        if isinstance(starter, ForkServer):
            # Half of what MLflow's server imports is there once the process is warm.
            await starter.settled()
        port = free_port(_port(self._before.mlflow_url if self._before else ""))
        server = await self._enter(serve_mlflow(self.settings.home / "mlflow", port, leash, starter))
        await self._enter(self._background("MLflow server", server.ended()))
        return server.url

    async def _unless_broken(self, something: Coroutine[Any, Any, Any]) -> None:
        """Wait for something that will not happen if a part fails before."""
        waiting, failing = asyncio.ensure_future(something), asyncio.ensure_future(self.broken())
        await asyncio.wait({waiting, failing}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if failing.done():
            raise TownBrokenError(failing.result())
        failing.cancel()

    def _has(self, part: Part) -> bool:
        return part in self.settings.parts

    def _token(self) -> str:
        """Made once: kubeconfigs stay good from one `up` to the next."""
        file = self.settings.home / "token"
        if not file.exists():
            file.touch(mode=0o600)
            file.write_text(secrets.token_urlsafe(24))
        return file.read_text()

    async def _enter(self, context: AbstractAsyncContextManager[T]) -> T:
        return await self._stack.enter_async_context(context)

    @asynccontextmanager
    async def _background(self, name: str, work: Awaitable[Any]) -> AsyncGenerator[None]:
        """A part that runs until the town ends; if it ends before, the town is broken."""
        task = asyncio.create_task(_awaited(work), name=name)
        task.add_done_callback(self._ended)
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait({task})

    def _ended(self, task: asyncio.Task[Any]) -> None:
        error = None if task.cancelled() else task.exception()
        if task.cancelled() or self._broken is None or self._broken.done():
            return
        self._broken.set_result(f"the {task.get_name()} ended: {error!r}" if error else f"the {task.get_name()} ended")


async def _awaited(work: Awaitable[Any]) -> Any:
    return await work


def _port(url: str) -> int:
    return urlsplit(url).port or 0 if url else 0
