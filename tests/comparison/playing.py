"""What a server answers to a script, as it comes over the wire."""

import base64
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import yaml

from comparison.recorded import Script, Step
from waiting import eventually

WITHIN = 25.0


@dataclass(frozen=True, slots=True)
class Heard:
    """One answer."""

    code: int
    form: str
    warnings: tuple[str, ...]
    body: Any


@dataclass(slots=True)
class Side:
    """One of the two API servers."""

    session: aiohttp.ClientSession
    kept: dict[str, str] = field(default_factory=dict)

    async def play(self, script: Script, namespace: str) -> list[Heard]:
        """Every answer to a script, in a namespace of its own."""
        self.kept = {"ns": namespace}
        await self.make_room(namespace)
        heard = [await self._step(step) for step in script.steps]
        await self.ask(Step(method="DELETE", path=f"/api/v1/namespaces/{namespace}"))
        return heard

    async def make_room(self, namespace: str) -> None:
        """A namespace with the account that Pods need."""
        await self.ask(Step(method="POST", path="/api/v1/namespaces", body={"metadata": {"name": namespace}}))
        account = {"metadata": {"name": "default"}}
        path = f"/api/v1/namespaces/{namespace}/serviceaccounts"
        await self.ask(Step(method="POST", path=path, body=account))  # the real cluster has a controller for it

    async def define(self, definition: Mapping[str, Any]) -> None:
        """Have a custom resource served."""
        name = definition["metadata"]["name"]
        path = f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{name}?fieldManager=comparison&force=true"
        kind = "application/apply-patch+yaml"
        heard = await self.ask(Step(method="PATCH", path=path, body=definition, type=kind))
        assert heard.code in {200, 201}, heard.body
        spec = definition["spec"]
        for version in spec["versions"]:
            served = Step(method="GET", path=f"/apis/{spec['group']}/{version['name']}/{spec['names']['plural']}")
            await eventually(partial(self._serves, served))

    async def _serves(self, asked: Step) -> bool:
        return (await self.ask(asked)).code == 200

    async def _step(self, step: Step) -> Heard:
        async def once() -> Heard | None:
            heard = await self.ask(step)
            return heard if _ready(heard, step) else None

        heard: Heard = await eventually(once, WITHIN)
        for name, path in step.keep.items():
            self.kept[name] = str(at(heard.body, path))
        return heard

    async def ask(self, step: Step) -> Heard:
        """The answer to one request."""
        body = None if step.body is None else _text(step.body)
        for name, value in self.kept.items():
            body = body and body.replace(f"$({name})", value)
        path = step.path
        for name, value in self.kept.items():
            path = path.replace(f"$({name})", value)
        headers = {"Accept": step.accept} | ({"Content-Type": step.type} if body is not None else {})
        method = "GET" if step.method == "WATCH" else step.method
        path += ("&watch=true" if "?" in path else "?watch=true") if step.method == "WATCH" else ""
        async with self.session.request(method, path, data=body, headers=headers) as response:
            if step.method == "WATCH" and response.status == 200:
                lines = [json.loads(await response.content.readline()) for _ in range(step.lines)]
                return _heard(response, lines)
            text = await response.text()
            return _heard(response, json.loads(text) if response.content_type == "application/json" else text)


def _heard(response: aiohttp.ClientResponse, body: Any) -> Heard:
    return Heard(response.status, response.content_type, tuple(response.headers.getall("Warning", [])), body)


def _text(body: Any) -> str:
    return body if isinstance(body, str) else json.dumps(body)


def _ready(heard: Heard, step: Step) -> bool:
    if isinstance(step.until, int):
        return step.until in {0, heard.code}
    wanted = step.until.removeprefix("not ")
    there = at(heard.body, wanted) is not None
    return there is not step.until.startswith("not ")


def at(body: Any, path: str) -> Any:
    """What lies at a dotted path; nothing where there is nothing."""
    for part in path.split("."):
        if isinstance(body, list):
            body = body[int(part)] if part.isdigit() and int(part) < len(body) else None
        else:
            body = body.get(part) if isinstance(body, dict) else None
    return body


def connected(kubeconfig: Path) -> aiohttp.ClientSession:
    """A client of the cluster that a kubeconfig names."""
    config = yaml.safe_load(kubeconfig.read_text())
    cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
    authority = base64.b64decode(cluster["certificate-authority-data"]).decode()
    tls = ssl.create_default_context(cadata=authority)
    return client(cluster["server"], user["token"], tls)


def client(url: str, token: str, tls: ssl.SSLContext | None = None) -> aiohttp.ClientSession:
    """A client that calls itself `comparison`, which makes it the field manager."""
    headers = {"User-Agent": "comparison/1", "Authorization": f"Bearer {token}"}
    return aiohttp.ClientSession(url, headers=headers, connector=aiohttp.TCPConnector(ssl=tls or True))
