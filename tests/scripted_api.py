"""An API server that answers as a test wrote down: for what no real one does on request (410, 429, broken lines)."""

import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

WIDGETS = "/apis/example.com/v1/widgets"
NAMED = "/apis/example.com/v1/namespaces/wine/widgets/w"
SERVED = {"resources": [{"name": "widgets", "kind": "Widget", "namespaced": True}, {"name": "widgets/status"}]}


@dataclass(frozen=True)
class Asked:
    """A request as it came."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any


@dataclass
class ScriptedApi:
    """Answers of each path, in order; the last one is repeated. A watch's answer is a list of events."""

    answers: dict[str, list[Any]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    hold: Callable[[Asked], Any] | None = None
    url: str = ""

    def of(self, what: str) -> list[Asked]:
        """The requests of one kind: a method, "list" or "watch"."""
        return [asked for asked in self.asked if what in {asked.method, _kind(asked)}]

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        text = await request.text()
        body = json.loads(text) if text else None
        asked = Asked(request.method, request.path, dict(request.query), dict(request.headers), body)
        self.asked.append(asked)
        if self.hold is not None:
            await self.hold(asked)
        if asked.path == "/apis/example.com/v1" and asked.path not in self.answers:
            return web.json_response(SERVED)
        answer = self._next(f"watch {asked.path}" if _kind(asked) == "watch" else asked.path)
        return answer() if callable(answer) else await _streamed(request, answer)

    def _next(self, path: str) -> Any:
        waiting = self.answers.get(path)
        if not waiting:
            return status(404, f"{path} is not in the script")
        return waiting.pop(0) if len(waiting) > 1 else waiting[0]


def _kind(asked: Asked) -> str:
    if asked.method != "GET" or asked.path != WIDGETS:
        return ""
    return "watch" if asked.query.get("watch") else "list"


async def _streamed(request: web.BaseRequest, answer: list[Any] | dict[str, Any]) -> web.StreamResponse:
    if isinstance(answer, dict):
        return web.json_response(answer)
    response = web.StreamResponse()
    await response.prepare(request)
    for event in answer:
        await response.write(json.dumps(event).encode() + b"\n")
    return response


def status(code: int, message: str, **headers: str) -> Callable[[], web.Response]:
    """A refusal."""
    body = {"kind": "Status", "code": code, "message": message}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda: web.json_response(body, status=code, headers=named)


def widget(name: str, version: int, **labels: str) -> dict[str, Any]:
    """An object of the one kind that is served; it is as old as its version."""
    metadata = {"name": name, "namespace": "wine", "resourceVersion": str(version), "uid": f"uid-{name}"}
    return {"metadata": metadata | ({"labels": labels} if labels else {})}


def listed(version: int, *widgets: dict[str, Any], go_on: str = "") -> dict[str, Any]:
    """A page of a list."""
    return {"metadata": {"resourceVersion": str(version), "continue": go_on}, "items": list(widgets)}


def told(kind: str, manifest: dict[str, Any]) -> dict[str, Any]:
    """An event of a watch."""
    return {"type": kind, "object": manifest}


@asynccontextmanager
async def a_scripted_api(**answers: list[Any]) -> AsyncIterator[ScriptedApi]:
    """A scripted server on loopback; answers by list=, watch=, named= (one widget) or found= (a list of that one)."""
    paths = {"list": WIDGETS, "watch": f"watch {WIDGETS}", "named": NAMED, "found": NAMED.rpartition("/")[0]}
    api = ScriptedApi({paths[name]: script for name, script in answers.items()})
    runner = web.ServerRunner(web.Server(api.handle), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    api.url = f"http://{host}:{port}"
    try:
        yield api
    finally:
        await runner.cleanup()
