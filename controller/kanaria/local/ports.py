"""Which ports of loopback a part or a Pod may listen on.

They are drawn from below the range that systems use for outgoing connections: a port kept for later (for a Pod that is
about to listen, for the town's next start) would otherwise sooner or later be taken by somebody's connection.
"""

from __future__ import annotations

import secrets
import socket
from contextlib import ExitStack

FIRST, LAST = 20000, 32000
TRIES = 1000


def free_ports(count: int) -> list[int]:
    """Ports nobody listens on now, all different."""
    with ExitStack() as held:
        return [_bound(held) for _ in range(count)]


def free_port(wanted: int) -> int:
    """The wanted port if nobody has it, else another; 0 wants none."""
    with ExitStack() as held:
        if wanted and _bind(held, wanted):
            return wanted
        return _bound(held)


def _bound(held: ExitStack) -> int:
    for _ in range(TRIES):
        port = FIRST + secrets.randbelow(LAST - FIRST)
        if _bind(held, port):
            return port
    raise OSError(f"no free port on 127.0.0.1 between {FIRST} and {LAST}")


def _bind(held: ExitStack, port: int) -> bool:
    listener = held.enter_context(socket.socket())
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
        # Two sockets may be bound to one port; only one of them can listen.
        listener.listen()
    except OSError:
        return False
    return True
