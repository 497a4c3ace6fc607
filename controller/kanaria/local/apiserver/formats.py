"""In which form a client speaks and wants to be answered: JSON, YAML, protobuf; whole, as a Table, or metadata only."""

import gc
import json
from typing import Any

import yaml
from aiohttp import web

from kanaria.local.apiserver import protobuf
from kanaria.local.apiserver.refusals import Object, RefusedError
from kanaria.local.apiserver.store import to_json


class _Loader(yaml.CSafeLoader):
    """YAML as Kubernetes reads it: dates stay text, and every key is text, also `on`, which becomes `true`."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 - PyYAML's
        """A mapping, ready for JSON."""
        plain = super().construct_mapping(node, deep=deep)
        return {key if isinstance(key, str) else json.dumps(key): value for key, value in plain.items()}


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


def documents(text: str | bytes) -> list[Object]:
    """The documents of a YAML or JSON text."""
    # Collecting garbage while a large tree grows more than doubles the time it takes; nothing of it is garbage yet.
    gc.disable()
    try:
        return [document for document in yaml.load_all(text, Loader=_Loader) if document]
    finally:
        gc.enable()


async def body_of(request: web.Request) -> Any:
    """The request's body, whatever form it has."""
    data = await request.read()
    if not data:
        return None
    if data.startswith(protobuf.MAGIC):
        return protobuf.decoded(data)
    kind = request.headers.get("Content-Type", "")
    try:
        if "yaml" in kind and not data.lstrip().startswith(b"{"):
            return next(iter(documents(data)), None)
        return json.loads(data)
    except (ValueError, yaml.YAMLError) as error:
        raise RefusedError.bad_request(f"the body of the request cannot be read: {error}") from error


def wanted(request: web.Request) -> str:
    """Table, PartialObjectMetadata or nothing special: the first form of the Accept header we can make."""
    for offer in request.headers.get("Accept", "").split(","):
        parts = dict(part.strip().partition("=")[::2] for part in offer.split(";")[1:])
        form = parts.get("as", "")
        if offer.strip().startswith("application/json") and parts.get("g", "meta.k8s.io") == "meta.k8s.io":
            return form.removesuffix("List")
    return ""


def discovery_wanted(request: web.Request) -> str:
    """The version of aggregated discovery asked for, or nothing."""
    for offer in request.headers.get("Accept", "").split(","):
        parts = dict(part.strip().partition("=")[::2] for part in offer.split(";")[1:])
        if parts.get("as") == "APIGroupDiscoveryList" and parts.get("v") in {"v2", "v2beta1"}:
            return parts["v"]
    return ""


def answer(body: Any, code: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """A JSON answer."""
    text = body if isinstance(body, str) else to_json(body)
    return web.Response(text=text, status=code, content_type="application/json", headers=headers)
