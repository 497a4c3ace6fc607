"""What guarantees that nothing outlives the town: a second process that ends what the first one leaves behind.

The town writes every process group it starts into a pipe to the leash. When the pipe closes, however the town ended,
the leash ends the groups still held (SIGTERM, two seconds, SIGKILL) and every process which bears the town's mark in
its environment: a daemon that left its group, or a process started in the very moment the town was killed.
If the leash is ended first, `lost` is set, and the town stops itself. The mark is `TMPDIR=<a folder of the town>`.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from contextlib import suppress
from typing import Self

import psutil

PATIENCE = 2.0


class Leash:
    """The town's end of the leash; it keeps the file descriptor `keep` open, a lock to be free only after it."""

    def __init__(self, mark: str, keep: int | None = None) -> None:
        self.lost = asyncio.Event()
        self._mark = mark
        self._kept = () if keep is None else (keep,)
        self._process: asyncio.subprocess.Process | None = None
        self._pipe: int | None = None
        self._watch: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        readable, self._pipe = os.pipe()
        try:
            # A session of its own: Ctrl-C ends the town first, and the leash by the pipe.
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "kanaria.local.leash", self._mark),
                stdin=readable,
                start_new_session=True,
                pass_fds=self._kept,
            )
        finally:
            os.close(readable)
        self._watch = asyncio.create_task(self._await_loss(self._process))
        return self

    async def __aexit__(self, *_: object) -> None:
        """Let go: the leash ends what is still held, and itself."""
        if self._watch:
            self._watch.cancel()
        if self._pipe is not None:
            os.close(self._pipe)
            self._pipe = None
        if self._process:
            await self._process.wait()

    @property
    def pid(self) -> int:
        """The process ID of the leash."""
        return self._process.pid if self._process else 0

    def hold(self, group: int) -> None:
        """End this process group if the town ends first."""
        try:
            born = psutil.Process(group).create_time()
        except psutil.NoSuchProcess:
            return
        self._write(f"+ {group} {born}")

    def release(self, group: int) -> None:
        """The group is gone."""
        self._write(f"- {group}")

    def _write(self, line: str) -> None:
        if self._pipe is not None:
            with suppress(BrokenPipeError):
                os.write(self._pipe, f"{line}\n".encode())

    async def _await_loss(self, process: asyncio.subprocess.Process) -> None:
        await process.wait()
        self.lost.set()


class NoLeash(Leash):
    """For code that ends its own processes, such as a test of one process."""

    def __init__(self) -> None:
        super().__init__("")


def end_strays(mark: str) -> None:
    """End at once every process whose environment bears the mark."""
    for process in _marked(mark):
        with suppress(psutil.Error):
            process.kill()


def _marked(mark: str) -> list[psutil.Process]:
    name, _, folder = mark.partition("=")
    if not folder.startswith("/") or folder == "/":
        # An empty mark would be borne by every process of this machine.
        return []
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if process.pid != os.getpid() and process.environ().get(name, "").startswith(folder):
                found.append(process)
    return found


def _is_alive(group: int, born: float) -> bool:
    """Whether anyone lives in the group, and it is still the one that was held: numbers are given again."""
    members = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE:
                members.append(process)
    # While any member lives, the number of a group is not given to another leader.
    with suppress(psutil.Error):
        return bool(members) and abs(psutil.Process(group).create_time() - born) < 1
    return bool(members)


def _send(held: dict[int, float], number: signal.Signals) -> None:
    for group, born in held.items():
        if _is_alive(group, born):
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(group, number)


def main(mark: str) -> None:
    """Hold until the pipe closes, then end what is left."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    held: dict[int, float] = {}
    for line in sys.stdin:
        match line.split():
            case ["+", group, born]:
                held[int(group)] = float(born)
            case ["-", group]:
                held.pop(int(group), None)
            case _:
                pass
    _send(held, signal.SIGTERM)
    for stray in _marked(mark):
        with suppress(psutil.Error):
            stray.terminate()
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and (any(_is_alive(*each) for each in held.items()) or _marked(mark)):
        time.sleep(0.05)
    _send(held, signal.SIGKILL)
    end_strays(mark)


if __name__ == "__main__":
    main(sys.argv[1])
