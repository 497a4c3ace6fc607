"""How a test waits for something real: by asking again until it is so, never by a fixed pause.

The deadlines are those of a machine that is busy with other things: they are there to end a test that failed.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

GLANCE = 0.02
PATIENCE = 150.0
STILL = 3.0


async def eventually(question: Callable[[], Any], within: float = PATIENCE) -> Any:
    """The first true answer to a question (plain or async); an AssertionError with the last answer if none comes."""
    deadline = time.monotonic() + within
    while True:
        answer = question()
        if isinstance(answer, Awaitable):
            answer = await answer
        if answer:
            return answer
        assert time.monotonic() < deadline, f"not so within {within} s; the last answer was {answer!r}"
        await asyncio.sleep(GLANCE)


def eventually_now(question: Callable[[], Any], within: float = PATIENCE) -> Any:
    """The same for a test without an event loop."""
    deadline = time.monotonic() + within
    while not (answer := question()):
        assert time.monotonic() < deadline, f"not so within {within} s; the last answer was {answer!r}"
        time.sleep(GLANCE)
    return answer


def becomes(question: Callable[[], Any], wanted: Any, within: float = PATIENCE) -> None:
    """Wait until the answer is this one; an AssertionError with the difference if it never is."""
    deadline = time.monotonic() + within
    while (answer := question()) != wanted and time.monotonic() < deadline:
        time.sleep(GLANCE)
    assert answer == wanted, f"{answer!r}, not {wanted!r}, after {within} s"


def stands_still(question: Callable[[], Any], still: float = STILL, within: float = PATIENCE) -> Any:
    """The answer once it has been the same for so many seconds: what was to happen has happened."""
    deadline, answer, since = time.monotonic() + within, question(), time.monotonic()
    while time.monotonic() - since < still:
        assert time.monotonic() < deadline, f"not still for {still} s within {within} s; the last answer was {answer!r}"
        time.sleep(GLANCE)
        newest = question()
        answer, since = (answer, since) if newest == answer else (newest, time.monotonic())
    return answer
