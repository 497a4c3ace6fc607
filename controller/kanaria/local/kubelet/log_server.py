"""How an API server reads a container's log, as of any kubelet: over https, in a kubelet's words.

GET /containerLogs/{namespace}/{pod}/{container}?follow=&tailLines=&previous=
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

from kanaria.local.kubelet.logs import read_log
from kanaria.local.kubelet.status import Record, Waiting

Find = Callable[[str, str, str, bool], tuple[Record, Path] | None]


@asynccontextmanager
async def serve_logs(find: Find, tls: ssl.SSLContext, port: int = 0) -> AsyncGenerator[int]:
    """The port of a log server on loopback; `find` tells a container's record and log file."""
    handler = _Handler(find)
    app = web.Application()
    app.router.add_get("/containerLogs/{namespace}/{pod}/{container}", handler.answer)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.5, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port, ssl_context=tls).start()
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()


class _Handler:
    """Answers with the log, in the words of a kubelet where there is none."""

    def __init__(self, find: Find) -> None:
        self._find = find

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """One log, whole or from its last lines, to its end now or as long as the container runs."""
        pod, container = request.match_info["pod"], request.match_info["container"]
        previous, follow = _flag(request, "previous"), _flag(request, "follow")
        found = self._find(request.match_info["namespace"], pod, container, previous)
        if found is None:
            return web.Response(status=404, text=f'container "{container}" in pod "{pod}" is not on this node')
        record, log = found
        if not log.exists():
            fact = record.state.reason if isinstance(record.state, Waiting) else "not started"
            message = f'container "{container}" in pod "{pod}" is waiting to start: {fact}'
            if previous:
                message = f'previous terminated container "{container}" in pod "{pod}" not found'
            return web.Response(status=400, text=message)
        lines = request.query.get("tailLines")
        response = web.StreamResponse(headers={"Content-Type": "text/plain; charset=utf-8"})
        await response.prepare(request)
        own = (request.match_info["namespace"], pod, container)

        def goes_on() -> bool:
            now = self._find(*own, previous) if follow and not previous else None
            return now is not None and not now[0].over

        async for piece in read_log(log, int(lines) if lines else None, goes_on=goes_on):
            await response.write(piece)
        await response.write_eof()
        return response


def _flag(request: web.Request, name: str) -> bool:
    return request.query.get(name, "false").lower() in {"1", "true"}
