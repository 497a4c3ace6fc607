"""What the process of a town does: `python -m kanaria.local.daemon --home …`, started by `upkeep.up`."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import os
import signal
import sys
from pathlib import Path
from typing import cast

from kanaria.local.settings import ALL_PARTS, Host, Part, TownSettings
from kanaria.local.town import Town, TownBrokenError
from kanaria.local.upkeep import take_lock

log = logging.getLogger("kanaria.local")
LOCK_PATIENCE = 10.0


class Teller:
    """The pipe to the process that waits for the town to be ready; it may be gone."""

    def __init__(self, pipe: int | None) -> None:
        self._pipe = pipe

    def tell(self, line: str) -> None:
        """One line of progress."""
        log.info("starting: %s", line)
        self._write(line)

    def ready(self) -> None:
        """The last line."""
        log.info("ready")
        self._write("ready")
        if self._pipe is not None:
            os.close(self._pipe)
            self._pipe = None

    def _write(self, line: str) -> None:
        if self._pipe is not None:
            with contextlib.suppress(BrokenPipeError):
                os.write(self._pipe, f"{line}\n".encode())


async def keep(settings: TownSettings, lock: int, teller: Teller, *, with_parent: bool) -> str:
    """Keep the town until a signal or its parent's end, and tell which; `TownBrokenError` if a part fails."""
    loop = asyncio.get_running_loop()
    stop: asyncio.Future[str] = loop.create_future()

    def end(why: str) -> None:
        if not stop.done():
            stop.set_result(why)

    def orphaned() -> None:
        loop.remove_reader(sys.stdin.fileno())
        end("the parent has ended")

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, end, number.name)
    if with_parent:
        # Standard input is a pipe that only the parent could write to: it ends with the parent.
        loop.add_reader(sys.stdin.fileno(), orphaned)
    life = asyncio.create_task(_live(settings, lock, teller))
    await asyncio.wait({life, stop}, return_when=asyncio.FIRST_COMPLETED)
    if life.done():
        raise TownBrokenError(await life)
    life.cancel()
    await asyncio.wait({life})
    return stop.result()


async def _live(settings: TownSettings, lock: int, teller: Teller) -> str:
    async with Town(settings, teller.tell, lock) as town:
        teller.ready()
        return await town.broken()


def main() -> int:
    """Keep a town; the exit code says whether it ended as asked."""
    parser = argparse.ArgumentParser(prog="python -m kanaria.local.daemon", description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--parts", default=",".join(sorted(ALL_PARTS)))
    parser.add_argument("--host", type=Path, help="kubeconfig of a cluster to use instead of an own API server")
    parser.add_argument("--namespace", help="which namespace of the host it keeps to")
    parser.add_argument("--tell-fd", type=int)
    parser.add_argument("--with-parent", action="store_true")
    chosen = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    lock = take_lock(chosen.home, LOCK_PATIENCE)
    if lock is None:
        log.error("another local cluster runs in %s", chosen.home)
        return 1
    parts = cast("frozenset[Part]", frozenset(chosen.parts.split(",")) & ALL_PARTS)
    host = Host(chosen.host, chosen.namespace) if chosen.host else None
    settings = TownSettings(chosen.home, parts, host=host)
    try:
        why = asyncio.run(keep(settings, lock, Teller(chosen.tell_fd), with_parent=chosen.with_parent))
    except Exception:
        log.exception("ended by a failure")
        return 1
    log.info("ended: %s", why)
    return 0


if __name__ == "__main__":
    sys.exit(main())
