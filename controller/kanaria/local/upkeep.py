"""How a town is started in the background, looked at, and ended.

info = up(home, progress=print)        # the running one, if there is one already
status(home).running
down(home)                             # what it holds stays, and comes back by the next `up`
"""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from kanaria.local.settings import ALL_PARTS, Host, Part, TownInfo, read_info

PATIENCE = 180.0
SHUTDOWN = 60.0
GLANCE = 0.05
LAST_WORDS = 2000
# The write ends of pipes to towns that end with this process: closed by the system when it ends, however it ends.
_PARENTHOOD: list[int] = []


class TownFailedError(Exception):
    """The town could not be started or ended; the message has its last words."""


@dataclass(frozen=True, slots=True)
class TownStatus:
    """Whether a town runs, and what it told when it last started."""

    running: bool
    info: TownInfo | None


def up(
    home: Path,
    *,
    with_parent: bool = False,
    progress: Callable[[str], None] = lambda _: None,
    parts: frozenset[Part] = ALL_PARTS,
    host: Host | None = None,
) -> TownInfo:
    """A town in a process of its own, ready; `with_parent` ends it when this process ends."""
    home = home.absolute()
    home.mkdir(parents=True, exist_ok=True)
    running = _settled(home)
    if running:
        return running
    told, telling = os.pipe()
    holding, held = os.pipe() if with_parent else (None, None)
    words = ["--home", str(home), "--parts", ",".join(sorted(parts)), "--tell-fd", str(telling)]
    words += ["--host", str(host.kubeconfig.absolute()), "--namespace", host.namespace] if host else []
    words += ["--with-parent"] if with_parent else []
    with (home / "town.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "kanaria.local.daemon", *words],
            stdin=holding if with_parent else subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            pass_fds=(telling,),
            cwd=home,
        )
    os.close(telling)
    if holding is not None and held is not None:
        os.close(holding)
        _PARENTHOOD.append(held)
    with os.fdopen(told) as lines:
        ready = _follow(lines, progress)
    info = read_info(home)
    if not ready or info is None:
        process.wait()
        raise TownFailedError(f"the local cluster in {home} did not start; its last words:\n{_last_words(home)}")
    # The town outlives this call; whenever it ends, it is to leave no zombie here.
    threading.Thread(target=process.wait, daemon=True, name="town").start()
    return info


def down(home: Path) -> bool:
    """End the town and all its processes; False if none ran."""
    home = home.absolute()
    info = read_info(home)
    if info is None or _is_free(home):
        return False
    with suppress(ProcessLookupError):
        os.kill(info.pid, signal.SIGTERM)
    deadline = time.monotonic() + SHUTDOWN
    while not _is_free(home):
        if time.monotonic() > deadline:
            raise TownFailedError(
                f"the local cluster in {home} (process {info.pid}) did not end within {SHUTDOWN:.0f} s; "
                f"its last words:\n{_last_words(home)}"
            )
        time.sleep(GLANCE)
    return True


def status(home: Path) -> TownStatus:
    """Whether the town of this home runs, and where its parts are."""
    return TownStatus(not _is_free(home.absolute()), read_info(home.absolute()))


def take_lock(home: Path, patience: float) -> int | None:
    """The lock of this home as a file descriptor; None if another town still has it after so many seconds."""
    lock = os.open(home / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if time.monotonic() > deadline:
                os.close(lock)
                return None
            time.sleep(GLANCE)
        else:
            return lock


def _is_free(home: Path) -> bool:
    if not (home / "lock").exists():
        return True
    lock = take_lock(home, 0.0)
    if lock is None:
        return False
    os.close(lock)
    return True


def _settled(home: Path) -> TownInfo | None:
    """The running town; None once nothing of an earlier one is left."""
    deadline = time.monotonic() + SHUTDOWN
    while not _is_free(home):
        info = read_info(home)
        # A town just killed is gone, but its leash may still be ending what it left behind.
        if info and _is_alive(info.pid):
            return info
        if time.monotonic() > deadline:
            raise TownFailedError(f"{home} is in use by a local cluster that is starting or ending; try again")
        time.sleep(GLANCE)
    return None


def _is_alive(pid: int) -> bool:
    with suppress(psutil.NoSuchProcess):
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    return False


def _follow(lines: Iterable[str], progress: Callable[[str], None]) -> bool:
    """Hand on what the starting town tells; whether it became ready."""
    for line in lines:
        text = line.strip()
        if text == "ready":
            return True
        progress(text)
    return False


def _last_words(home: Path) -> str:
    with suppress(OSError):
        return (home / "town.log").read_text(errors="replace")[-LAST_WORDS:].strip()
    return "(nothing)"
