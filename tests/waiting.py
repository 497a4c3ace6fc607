"""How a test waits for something real: by asking again until it is so, never by a fixed pause."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

GLANCE = 0.02


async def eventually(question: Callable[[], Any], within: float = 20.0) -> Any:
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


def eventually_now(question: Callable[[], Any], within: float = 20.0) -> Any:
    """The same for a test without an event loop."""
    deadline = time.monotonic() + within
    while not (answer := question()):
        assert time.monotonic() < deadline, f"not so within {within} s; the last answer was {answer!r}"
        time.sleep(GLANCE)
    return answer
