"""What a container wrote: read from its log file, followed while it runs, and kept from growing without bound."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from pathlib import Path

LONGEST_LOG = 10 * 1024 * 1024
CHUNK = 64 * 1024
GLANCE = 0.1


def last_lines(log: Path, lines: int | None) -> int:
    """The position in the log where its last lines begin; all of it without a number."""
    if lines is None or not log.exists():
        return 0
    content = log.read_bytes()
    position = len(content)
    if content.endswith(b"\n"):
        position -= 1
    for _ in range(lines):
        position = content.rfind(b"\n", 0, position)
        if position < 0:
            return 0
    return len(content) if lines == 0 else position + 1


async def read_log(log: Path, lines: int | None, *, goes_on: Callable[[], bool]) -> AsyncGenerator[bytes]:
    """The log from its last lines on; while `goes_on` says so, also what is written later."""
    position = last_lines(log, lines)
    while True:
        # Asked before reading: what is written up to the very end is then still read.
        more = goes_on()
        size = _size(log)
        position = min(position, size)  # trimmed meanwhile
        while position < size:
            piece = _piece(log, position)
            position += len(piece)
            yield piece
        if not more:
            return
        await asyncio.sleep(GLANCE)


def trim(log: Path, bound: int = LONGEST_LOG) -> None:
    """Keep the newer half of a log that has grown too long; lines written in this very moment may be lost."""
    size = _size(log)
    if size <= bound:
        return
    with log.open("r+b") as opened:
        opened.seek(size - bound // 2)
        opened.readline()
        kept = opened.read()
        opened.seek(0)
        opened.write(kept)
        opened.truncate()


def _piece(log: Path, position: int) -> bytes:
    with log.open("rb") as opened:
        opened.seek(position)
        return opened.read(CHUNK)


def _size(log: Path) -> int:
    return log.stat().st_size if log.exists() else 0
