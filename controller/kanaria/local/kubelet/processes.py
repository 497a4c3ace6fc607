"""How a container's process is started, waited for, and ended with all that it started."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from kanaria.local.leash import Leash, end_strays


class CannotStartError(Exception):
    """The command cannot be run; the message says what is missing, as a container runtime would."""


@dataclass(frozen=True, slots=True)
class Command:
    """A process to be: what it runs, where, with which environment, and the file its output goes to."""

    words: Sequence[str]
    variables: Mapping[str, str]
    folder: Path
    log: Path


class Process(Protocol):
    """A process that has been started as the leader of its own group."""

    @property
    def pid(self) -> int:
        """Its process ID, also that of its group."""

    async def wait(self) -> int:
        """Its return code, -n for the signal n, once it has ended."""


class Starter(Protocol):
    """Something that starts processes."""

    async def start(self, command: Command) -> Process:
        """The process; `CannotStartError` if there is no such program."""


class PlainStarter:
    """Starts every command by fork and exec."""

    async def start(self, command: Command) -> Process:
        """The started process; `CannotStartError` if there is no such program."""
        program = found_program(command)
        with command.log.open("ab") as log:
            try:
                return await asyncio.create_subprocess_exec(
                    program,
                    *command.words[1:],
                    env=dict(command.variables),
                    cwd=command.folder,
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            except OSError as error:
                raise CannotStartError(f'exec: "{command.words[0]}": {error.strerror}') from error


def found_program(command: Command) -> str:
    """The file to execute."""
    if not command.words:
        raise CannotStartError("no command specified: the local cluster runs no images, so the Pod must name a command")
    name = command.words[0]
    # A name with a slash is a path from the working folder, as exec takes it.
    wanted = str(command.folder / name) if "/" in name else name
    program = shutil.which(wanted, path=command.variables.get("PATH", ""))
    if program:
        return program
    if "/" in name:
        fact = "permission denied" if Path(wanted).exists() else "no such file or directory"
        raise CannotStartError(f'exec: "{name}": {fact}')
    raise CannotStartError(f'exec: "{name}": executable file not found in $PATH')


class Group:
    """A container's process with everything it started, held on the leash until all of it is gone."""

    def __init__(self, process: Process, leash: Leash, marker: str) -> None:
        self.process = process
        self._leash = leash
        self._marker = marker
        leash.hold(process.pid)

    async def wait(self) -> int:
        """The return code of the leader; what it leaves behind is ended, as in a container."""
        code = await self.process.wait()
        self.kill()
        return code

    async def end(self, grace: float) -> int:
        """The return code after SIGTERM, `grace` seconds at most, and SIGKILL."""
        signal_group(self.process.pid, signal.SIGTERM)
        try:
            return await asyncio.wait_for(asyncio.shield(self.wait()), grace)
        except TimeoutError:
            signal_group(self.process.pid, signal.SIGKILL)
            return await self.wait()
        finally:
            self.kill()

    def kill(self) -> None:
        """End at once whatever is left of the group, and what has left the group."""
        signal_group(self.process.pid, signal.SIGKILL)
        end_strays(self._marker)
        self._leash.release(self.process.pid)


def signal_group(group: int, number: signal.Signals) -> None:
    """Send a signal to a process group, if there is one."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)
