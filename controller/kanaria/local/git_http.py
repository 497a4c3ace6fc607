"""How a folder of bare repositories is cloned from and pushed to by http: a bridge to `git http-backend`."""

from __future__ import annotations

import asyncio
import base64
import hmac
import os
import signal
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from aiohttp import web

CHUNK = 64 * 1024


@asynccontextmanager
async def serve_git(folder: Path, port: int = 0, *, password: str = "") -> AsyncGenerator[str]:
    """The address below which `<name>.git` is served on loopback; with a password, to those who give it only."""
    bridge = _Bridge(folder, password)
    app = web.Application(client_max_size=0)
    app.router.add_route("*", "/{path:.+}", bridge.answer)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=1.0, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
        await bridge.close()


class _Bridge:
    """One CGI process for each request."""

    def __init__(self, folder: Path, password: str) -> None:
        self._folder = folder
        self._password = password
        self._endings: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        """Return once no process of a request is left."""
        await asyncio.gather(*self._endings)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """What `git http-backend` answers."""
        if self._password and not self._knows_password(request):
            return web.Response(status=401, headers={"WWW-Authenticate": 'Basic realm="git"'})
        backend = await asyncio.create_subprocess_exec(
            *("git", "http-backend"), env=self._variables(request), stdin=PIPE, stdout=PIPE, stderr=DEVNULL
        )
        feeding = asyncio.create_task(_feed(request, backend))
        try:
            return await _relay(request, backend)
        finally:
            # A client that has its answer hangs up, which cancels this: the process is waited for all the same.
            ending = asyncio.create_task(_end(backend, feeding))
            self._endings.add(ending)
            ending.add_done_callback(self._endings.discard)
            await asyncio.shield(ending)

    def _knows_password(self, request: web.Request) -> bool:
        kind, _, given = request.headers.get("Authorization", "").partition(" ")
        if kind == "Bearer":
            return hmac.compare_digest(given.encode(), self._password.encode())
        with suppress(ValueError):
            _, _, password = base64.b64decode(given).decode().partition(":")
            return kind == "Basic" and hmac.compare_digest(password.encode(), self._password.encode())
        return False

    def _variables(self, request: web.Request) -> dict[str, str]:
        # No CONTENT_LENGTH and no encoding: aiohttp has unpacked the body, which then ends where the pipe ends.
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "GIT_PROJECT_ROOT": str(self._folder),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_PROTOCOL": request.headers.get("Git-Protocol", ""),
            "REQUEST_METHOD": request.method,
            "PATH_INFO": f"/{request.match_info['path']}",
            "QUERY_STRING": request.query_string,
            "CONTENT_TYPE": request.headers.get("Content-Type", ""),
            "REMOTE_USER": "team",
            "REMOTE_ADDR": "127.0.0.1",
        }


async def _end(backend: asyncio.subprocess.Process, feeding: asyncio.Task[None]) -> None:
    """End the process, and wait for it and for what it started: all that could still write has then ended."""
    feeding.cancel()
    await asyncio.wait({feeding})
    if backend.stdin:
        backend.stdin.close()
    if backend.stdout and not backend.stdout.at_eof():
        # Not Process.kill: that looks first whether it has ended, and then the loop never learns that it has.
        with suppress(ProcessLookupError):
            os.kill(backend.pid, signal.SIGKILL)
    while backend.stdout and await backend.stdout.read(CHUNK):
        continue
    await backend.wait()


async def _feed(request: web.Request, backend: asyncio.subprocess.Process) -> None:
    if backend.stdin is None:
        return
    with suppress(BrokenPipeError, ConnectionResetError):
        async for piece in request.content.iter_chunked(CHUNK):
            backend.stdin.write(piece)
            await backend.stdin.drain()
        backend.stdin.close()


async def _relay(request: web.Request, backend: asyncio.subprocess.Process) -> web.StreamResponse:
    if backend.stdout is None:
        return web.Response(status=500)
    status, headers = 200, {}
    while line := (await backend.stdout.readline()).decode().strip():
        name, _, value = line.partition(":")
        if name.lower() == "status":
            status = int(value.split()[0])
        elif name.lower() != "content-length":
            headers[name] = value.strip()
    response = web.StreamResponse(status=status, headers=headers)
    await response.prepare(request)
    while piece := await backend.stdout.read(CHUNK):
        await response.write(piece)
    await response.write_eof()
    return response
