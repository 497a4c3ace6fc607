"""How one warm Python process becomes others: it has the heavy imports done, forks for each order, and runs it.

    python -m kanaria.local.kubelet.zygote <socket fd> <modules to import, by commas>

An order is one line of JSON: id, words (python's arguments), variables, folder, log. The answers: {"id", "pid"}, pid 0
for "start it plainly", and {"pid", "returned"} when it has ended. The child behaves as a plain start would: its own
session, environment, arguments, standard streams and random state; a traceback without this file's frames. There is no
Python thread here, and no lock held, when it forks; the threads of OpenBLAS know about forks themselves.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import io
import json
import os
import random
import runpy
import selectors
import signal
import socket
import sys
import tempfile
import threading
import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

# What Python or a library has read before an order comes: a Pod that sets one of these must start plainly.
READ_AT_START = (
    "PYTHON", "LD_", "OMP_", "OPENBLAS_", "MKL_", "NUMEXPR_", "BLIS_", "GOTO_", "KMP_", "LC_", "MALLOC_", "GRPC_",
    "MLFLOW_LOGGING_", "MLFLOW_CONFIGURE_LOGGING",
)  # fmt: skip
UNBUFFERED = "PYTHONUNBUFFERED"
LANGUAGE = "C.UTF-8"


@dataclass(frozen=True, slots=True)
class Order:
    """What a child is to run: a module by name, or a script by path."""

    target: str
    is_module: bool
    arguments: list[str]
    variables: dict[str, str]
    folder: str
    log: str
    unbuffered: bool


def order_from(told: dict[str, Any]) -> Order | None:
    """The order; None if only a plain start can carry it out."""
    words, variables = list(told["words"]), dict(told["variables"])
    unbuffered = bool(variables.get(UNBUFFERED))
    if words and words[0] == "-u":
        unbuffered, words = True, words[1:]
    if any(name.startswith(READ_AT_START) and name != UNBUFFERED for name in variables):
        return None
    if variables.get("LANG", LANGUAGE) != LANGUAGE:
        return None
    is_module = words[:1] == ["-m"] and len(words) > 1
    if is_module:
        words = words[1:]
    if not words or words[0].startswith("-"):
        return None
    order = Order(words[0], is_module, words[1:], variables, told["folder"], told["log"], unbuffered)
    return None if _is_absent(order) or _hides_an_import(order) else order


def _is_absent(order: Order) -> bool:
    return not order.is_module and not Path(order.folder, order.target).is_file()


def _hides_an_import(order: Order) -> bool:
    """Whether a file beside the script bears the name of a module imported here: there it would come first."""
    names = {entry.stem for entry in Path(_first_path(order)).iterdir()}
    return any(name in sys.modules for name in names if name != "__main__")


def _first_path(order: Order) -> str:
    if order.is_module:
        return order.folder
    return str(Path(order.folder, order.target).resolve().parent)


class Zygote:
    """The loop that forks for orders and tells of ends."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._woken, self._wake = os.pipe()
        self._unread = b""

    def serve(self) -> Order | None:
        """In a child: its order. In the zygote: None, once the kubelet is gone."""
        os.set_blocking(self._wake, False)
        os.set_blocking(self._woken, False)
        signal.signal(signal.SIGCHLD, _notice)
        signal.set_wakeup_fd(self._wake)
        with selectors.DefaultSelector() as selector:
            selector.register(self._channel, selectors.EVENT_READ)
            selector.register(self._woken, selectors.EVENT_READ)
            self._say(ready=True)
            while True:
                ready = {key.fileobj for key, _ in selector.select()}
                if self._woken in ready:
                    self._reap()
                if self._channel not in ready:
                    continue
                data = self._channel.recv(1 << 20)
                if not data:
                    return None
                *lines, self._unread = (self._unread + data).split(b"\n")
                for line in lines:
                    order = self._carry_out(json.loads(line))
                    if order:
                        return order

    def leave(self) -> None:
        """In a child: let go of all that is the zygote's."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self._channel.close()
        os.close(self._woken)
        os.close(self._wake)

    def _carry_out(self, told: dict[str, Any]) -> Order | None:
        order = order_from(told)
        if order is None or threading.active_count() > 1:
            self._say(id=told["id"], pid=0)
            return None
        leads, led = os.pipe()
        pid = os.fork()
        if pid == 0:
            # Whoever is told of the child may signal its group at once: it must be a group by then.
            os.setsid()
            os.close(led)
            os.close(leads)
            return order
        os.close(led)
        os.read(leads, 1)
        os.close(leads)
        self._say(id=told["id"], pid=pid)
        return None

    def _reap(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(self._woken, 4096)
        with contextlib.suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    return
                self._say(pid=pid, returned=os.waitstatus_to_exitcode(status))

    def _say(self, **answer: Any) -> None:
        self._channel.sendall(json.dumps(answer).encode() + b"\n")


def _notice(_number: int, _frame: FrameType | None) -> None:
    """SIGCHLD must have a handler to wake the loop; the loop does the rest."""


def become(order: Order) -> None:
    """Run the order as the main program of this process."""
    _take_place(order)
    try:
        if order.is_module:
            runpy.run_module(order.target, run_name="__main__", alter_sys=True)
        else:
            runpy.run_path(order.target, run_name="__main__")
    except SystemExit:
        raise
    except BaseException as error:  # noqa: BLE001 - as the interpreter does with its main program
        sys.excepthook(type(error), error.with_traceback(_own_frames(error.__traceback__)), error.__traceback__)
        if isinstance(error, KeyboardInterrupt):
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            os.kill(os.getpid(), signal.SIGINT)
        sys.exit(1)


def _take_place(order: Order) -> None:
    null = os.open(os.devnull, os.O_RDONLY)
    log = os.open(order.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    for source, stream in ((null, 0), (log, 1), (log, 2)):
        os.dup2(source, stream)
    os.close(null)
    os.close(log)
    os.chdir(order.folder)
    os.environ.clear()
    os.environ.update(order.variables)
    time.tzset()
    tempfile.tempdir = None
    sys.argv = [order.target, *order.arguments]
    sys.path[0] = _first_path(order)
    if order.unbuffered:
        raw = io.FileIO(1, "w", closefd=False)
        sys.stdout = io.TextIOWrapper(raw, "utf-8", write_through=True)  # as `-u` does
    random.seed()
    numpy: Any = sys.modules.get("numpy")
    if numpy:
        numpy.random.seed()


def _own_frames(trace: TracebackType | None) -> TracebackType | None:
    """The traceback from the program's own first frame on; None where it never came to run."""
    here = {__file__, runpy.__file__, "<frozen runpy>"}
    found = trace
    while found and found.tb_frame.f_code.co_filename in here:
        found = found.tb_next
    return found


def main() -> None:
    """Import, serve, and in each child become what was ordered."""
    channel = socket.socket(fileno=int(sys.argv[1]))
    for module in filter(None, sys.argv[2].split(",")):
        try:
            importlib.import_module(module)
        except Exception:  # noqa: BLE001 - a module that cannot be imported here is the program's own affair
            traceback.print_exc()
    gc.collect()
    # What is here now stays for good: children share its memory as long as no collector touches it.
    gc.freeze()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    zygote = Zygote(channel)
    order = zygote.serve()
    if order:
        zygote.leave()
        become(order)


if __name__ == "__main__":
    main()
