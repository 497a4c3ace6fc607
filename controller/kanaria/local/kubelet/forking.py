"""How Python programs of Pods are started from a warm process, and all others plainly."""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
import os
import signal
import socket
import sys
from asyncio.subprocess import DEVNULL
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from kanaria.local.kubelet.processes import Command, Group, PlainStarter, Process, found_program, signal_group
from kanaria.local.leash import Leash

log = logging.getLogger(__name__)
# What training code and model servers of a demo import; some seconds of CPU for each process that does it alone.
HEAVY = (
    "numpy", "pandas", "cloudpickle", "sklearn.datasets", "sklearn.ensemble", "sklearn.linear_model",
    "sklearn.metrics", "sklearn.model_selection", "sklearn.pipeline", "sklearn.preprocessing", "sklearn.tree",
    "mlflow", "mlflow.sklearn", "mlflow.pyfunc", "mlflow.models", "kanaria.local.model_server.serving",
)  # fmt: skip
SWITCH = "KANARIA_LOCAL_ZYGOTE"
STOP = 1.0


@dataclass(frozen=True, slots=True)
class ForkedProcess:
    """A process that a zygote has forked and will tell the end of."""

    pid: int
    returned: asyncio.Future[int] = field(repr=False)

    async def wait(self) -> int:
        """Its return code."""
        return await asyncio.shield(self.returned)


class ForkServer:
    """A starter that forks a warm process for `python script.py …` and `python -m module …`, from when it is warm."""

    def __init__(self, home: Path, leash: Leash, modules: Sequence[str] = HEAVY) -> None:
        self.warm = asyncio.Event()
        self._home = home
        self._leash = leash
        self._modules = modules
        self._plain = PlainStarter()
        self._ids = itertools.count()
        self._orders: dict[int, asyncio.Future[ForkedProcess | None]] = {}
        self._running: dict[int, asyncio.Future[int]] = {}
        self._group: Group | None = None
        self._reading: asyncio.Task[None] | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def __aenter__(self) -> Self:
        ours, theirs = socket.socketpair()
        temporary = self._home / "tmp"
        await asyncio.to_thread(temporary.mkdir, parents=True, exist_ok=True)
        words = ("-m", "kanaria.local.kubelet.zygote", str(theirs.fileno()), ",".join(self._modules))
        with (self._home / "log").open("wb") as output:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                *words,
                env={**_machine(), "TMPDIR": str(temporary), "HOME": str(temporary)},
                cwd=self._home,
                stdin=DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                pass_fds=(theirs.fileno(),),
            )
        theirs.close()
        self._group = Group(process, self._leash, f"TMPDIR={temporary}")
        reader, self._writer = await asyncio.open_connection(sock=ours)
        self._reading = asyncio.create_task(self._read(reader))
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._reading:
            self._reading.cancel()
        if self._writer:
            self._writer.close()
        if self._group:
            await self._group.end(STOP)
        self._lose_all()

    async def settled(self) -> None:
        """Waits until it is warm, or will never be."""
        warm = asyncio.create_task(self.warm.wait())
        await asyncio.wait({task for task in (warm, self._reading) if task}, return_when=asyncio.FIRST_COMPLETED)
        warm.cancel()

    async def start(self, command: Command) -> Process:
        """The process, forked if it can be, else started plainly."""
        program = found_program(command)
        forked = await self._fork(command) if self.warm.is_set() and _is_this_python(program) else None
        return forked or await self._plain.start(command)

    async def _fork(self, command: Command) -> ForkedProcess | None:
        """The process; None if the zygote does not take the order."""
        if self._writer is None:
            return None
        order = next(self._ids)
        answer = self._orders[order] = asyncio.get_running_loop().create_future()
        told = {"id": order, "words": list(command.words[1:]), "variables": dict(command.variables)}
        told |= {"folder": str(command.folder), "log": str(command.log)}
        self._writer.write(json.dumps(told).encode() + b"\n")
        try:
            return await asyncio.shield(answer)
        except asyncio.CancelledError:
            # Its Pod is deleted in this very moment: nobody else would end what may just be born.
            answer.add_done_callback(_end)
            raise

    async def _read(self, reader: asyncio.StreamReader) -> None:
        with suppress(ConnectionError):
            async for line in reader:
                self._take(json.loads(line))
        log.warning("the zygote has ended; programs are started plainly from now on")
        self._lose_all()

    def _take(self, told: dict[str, Any]) -> None:
        if "ready" in told:
            self.warm.set()
        elif "returned" in told:
            future = self._running.pop(told["pid"], None)
            if future and not future.done():
                future.set_result(told["returned"])
        else:
            self._orders.pop(told["id"]).set_result(self._born(told["pid"]))

    def _born(self, pid: int) -> ForkedProcess | None:
        if not pid:
            return None
        self._leash.hold(pid)
        self._running[pid] = asyncio.get_running_loop().create_future()
        return ForkedProcess(pid, self._running[pid])

    def _lose_all(self) -> None:
        """Nobody will tell how these ended: end them."""
        self.warm.clear()
        for answer in self._orders.values():
            answer.set_result(None)
        for pid, future in self._running.items():
            signal_group(pid, signal.SIGKILL)
            if not future.done():
                future.set_result(-signal.SIGKILL)
        self._orders.clear()
        self._running.clear()


def _end(answer: asyncio.Future[ForkedProcess | None]) -> None:
    forked = answer.result()
    if forked:
        signal_group(forked.pid, signal.SIGKILL)


def is_wanted() -> bool:
    """Whether the user has not switched it off."""
    return os.environ.get(SWITCH, "1") != "0"


def _machine() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8", "DO_NOT_TRACK": "true"}


def _is_this_python(program: str) -> bool:
    """Whether it is the interpreter that runs the town, by any of its names."""
    path = Path(program)
    return path.name.startswith("python") and path.parent == Path(sys.executable).parent
