"""The life of one container: started, attended, ended, and started again as the Pod's policy says."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from kanaria.local.api_client import CONFIG_MAPS, SECRETS, Api, NotFoundError, Resource, Thing
from kanaria.local.clock import Clock
from kanaria.local.kubelet import environment as env
from kanaria.local.kubelet.folders import Folders
from kanaria.local.kubelet.probes import Attendant
from kanaria.local.kubelet.processes import CannotStartError, Command, Group, Starter
from kanaria.local.kubelet.status import Record, Running, Terminated, Waiting, ended
from kanaria.local.kubelet.translation import Translation
from kanaria.local.kubelet.volumes import translation_for
from kanaria.local.leash import Leash

LONGEST_BACKOFF = 60.0
LONG_RUN = 600.0
MESSAGE_BYTES = 4096
LOG_MESSAGE_BYTES = 2048
CONFIG_RETRY = 1.0


@dataclass(frozen=True, slots=True)
class Machine:
    """What the kubelet gives every container."""

    api: Api
    folders: Folders
    leash: Leash
    starter: Starter
    clock: Clock
    backoff: float


class Container:
    """One container of a Pod, run until it is over; `changed` is called whenever its record is another."""

    def __init__(self, spec: Thing, pod: Thing, machine: Machine, record: Record, changed: Callable[[], None]) -> None:
        self.record = record
        self.ports: Mapping[int, int] = {}
        self.grace = 30.0
        self._spec = spec
        self._pod = pod
        self._machine = machine
        self._changed = changed
        self._crashes = 0

    async def live(self, policy: str) -> None:
        """Run it until it is over by that restart policy; if cancelled, it ends within its grace."""
        while not self.record.over:
            outcome = await self._run()
            if policy == "Never" or (policy == "OnFailure" and outcome.exit_code == 0):
                self._set(state=outcome, over=True, ready=False)
                return
            await self._back_off(outcome)

    async def _back_off(self, outcome: Terminated) -> None:
        ran = (outcome.finished - outcome.started).total_seconds()
        self._crashes = 1 if ran > LONG_RUN else self._crashes + 1
        pause = min(self._machine.backoff * 2.0 ** (self._crashes - 1), LONGEST_BACKOFF)
        name = f"{self.record.name} pod={self._pod['metadata']['name']}"
        told = Waiting("CrashLoopBackOff", f"back-off {pause:g}s restarting failed container={name}")
        self._set(state=told, last=outcome, ready=False)
        await asyncio.sleep(pause)
        self._set(restarts=self.record.restarts + 1)

    async def _run(self) -> Terminated:
        clock, started = self._machine.clock, self._machine.clock()
        translation = translation_for(self._spec, self._pod, self._machine.folders)
        command = await self._command(translation)
        self._clear_message(translation)
        try:
            process = await self._machine.starter.start(command)
        except CannotStartError as error:
            return Terminated(128, "StartError", started, clock(), str(error))
        uid = self._pod["metadata"]["uid"]
        group = Group(process, self._machine.leash, self._machine.folders.mark(uid, self.record.name))
        self._set(state=Running(clock()), ready=False)
        attendant = asyncio.create_task(self._attendant(group, command).attend())
        try:
            code = await group.wait()
        except asyncio.CancelledError:
            attendant.cancel()
            code = await group.end(self.grace)
            self._set(state=self._outcome(code, translation), over=True, ready=False)
            raise
        finally:
            attendant.cancel()
            group.kill()
        return self._outcome(code, translation)

    def _attendant(self, group: Group, command: Command) -> Attendant:
        async def execute(words: list[str]) -> int:
            process = await asyncio.create_subprocess_exec(
                *words,
                env=dict(command.variables),
                cwd=command.folder,
                stdout=DEVNULL,
                stderr=DEVNULL,
                start_new_session=True,
            )
            probe = Group(process, self._machine.leash, "")
            try:
                return await probe.wait()
            finally:
                probe.kill()

        async def end(_: str) -> None:
            await group.end(self.grace)

        def turn(ready: bool) -> None:  # noqa: FBT001 - a callback with one meaning
            if isinstance(self.record.state, Running):
                self._set(ready=ready)

        return Attendant(self._spec, self.ports, execute, turn, end)

    async def _command(self, translation: Translation) -> Command:
        """What to run; waits for Secrets and ConfigMaps that are not there yet."""
        while True:
            try:
                sources = await self._sources()
                variables = env.environment(self._spec, sources, self._given(), translation)
            except env.ConfigMissingError as error:
                self._set(state=Waiting("CreateContainerConfigError", str(error)))
                await asyncio.sleep(CONFIG_RETRY)
            else:
                words = env.command_line(self._spec, variables, translation)
                return Command(words, variables, self._working_folder(translation), self._fresh_log())

    async def _sources(self) -> env.Sources:
        secrets, maps = env.wanted(self._spec)
        return env.Sources(
            pod=self._pod,
            secrets={name: await self._texts(SECRETS, name) for name in secrets},
            config_maps={name: await self._texts(CONFIG_MAPS, name) for name in maps},
            ports=self.ports,
        )

    async def _texts(self, kind: Resource, name: str) -> Mapping[str, str] | None:
        try:
            found = await self._machine.api.get(kind, self._pod["metadata"]["namespace"], name)
        except NotFoundError:
            return None
        return env.texts(found | {"kind": kind.kind})

    def _given(self) -> dict[str, str]:
        """The few variables every process needs; nothing else of this machine's environment is handed on."""
        own = self._own_folder()
        folders = {"HOME": own / "home", "TMPDIR": own / "tmp"}
        for folder in folders.values():
            folder.mkdir(parents=True, exist_ok=True)
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
        # Nobody's usage of a town is reported anywhere: MLflow and others heed this.
        host = str(self._pod["spec"].get("hostname") or self._pod["metadata"]["name"])
        return {"PATH": path, "LANG": "C.UTF-8", "DO_NOT_TRACK": "true", "HOSTNAME": host} | {
            name: str(folder) for name, folder in folders.items()
        }

    def _own_folder(self) -> Path:
        return self._machine.folders.container(self._pod["metadata"]["uid"], self.record.name)

    def _working_folder(self, translation: Translation) -> Path:
        """WorkingDir where it is mounted; else a fresh folder of that name: there is no image that could hold it."""
        wanted = self._spec.get("workingDir") or ""
        mounted = translation.folder(wanted) if wanted else None
        folder = mounted or self._own_folder() / "work" / wanted.strip("/")
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def _fresh_log(self) -> Path:
        uid = self._pod["metadata"]["uid"]
        log = self._machine.folders.log(uid, self.record.name)
        log.parent.mkdir(parents=True, exist_ok=True)
        if log.exists():
            log.replace(self._machine.folders.log(uid, self.record.name, previous=True))
        log.touch()
        return log

    def _message_file(self, translation: Translation) -> Path:
        path = self._spec.get("terminationMessagePath") or "/dev/termination-log"
        return Path(translation.of(path))

    def _clear_message(self, translation: Translation) -> None:
        file = self._message_file(translation)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"")

    def _outcome(self, code: int, translation: Translation) -> Terminated:
        """How it ended, with what it said last."""
        begun = self.record.state.started if isinstance(self.record.state, Running) else self._machine.clock()
        message = _tail(self._message_file(translation), MESSAGE_BYTES)
        if not message and code != 0 and self._spec.get("terminationMessagePolicy") == "FallbackToLogsOnError":
            log = self._machine.folders.log(self._pod["metadata"]["uid"], self.record.name)
            message = _tail(log, LOG_MESSAGE_BYTES)
        return ended(code, begun, self._machine.clock(), message)

    def _set(self, **changes: object) -> None:
        self.record = replace(self.record, **changes)  # type: ignore[arg-type]  # the fields of Record, by name
        self._changed()


def _tail(file: Path, most: int) -> str:
    """The end of a file, as text."""
    try:
        with file.open("rb") as opened:
            opened.seek(0, os.SEEK_END)
            opened.seek(max(0, opened.tell() - most))
            return opened.read(most).decode(errors="replace").strip()
    except OSError:
        return ""
