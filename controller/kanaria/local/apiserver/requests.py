"""What each request gets: who may ask, which part of the server answers, and what is written down of it."""

import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime

from aiohttp import web

from kanaria.local.apiserver import discovery, patches, protobuf, reading, scaling
from kanaria.local.apiserver.bookkeeping import Bookkeeping, Request
from kanaria.local.apiserver.deletion import Deletion
from kanaria.local.apiserver.formats import answer, body_of, discovery_wanted
from kanaria.local.apiserver.logs import PodLogs
from kanaria.local.apiserver.reading import View
from kanaria.local.apiserver.refusals import Object, RefusedError
from kanaria.local.apiserver.resources import Catalogue
from kanaria.local.apiserver.store import Store, to_json
from kanaria.local.apiserver.targets import Options, Outcome, Target, target_of
from kanaria.local.apiserver.writes import Writes
from kanaria.local.clock import written

_HEALTH = frozenset({"/healthz", "/livez", "/readyz"})
_REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
_VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete", "GET": "get"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The parts of the server that answer."""

    token: str
    store: Store
    catalogue: Catalogue
    writes: Writes
    deletion: Deletion
    books: Bookkeeping
    logs: PodLogs
    now: Callable[[], datetime]


class Door:
    """Every request comes in here."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer a request, or say why not; and write it down."""
        if request.path in _HEALTH:
            return web.Response(text="ok")
        target: Target | None = None
        try:
            self._admit(request)
            target = self._target(request.path)
            response = await (self._of_objects(request, target) if target else self._of_server(request))
        except RefusedError as refusal:
            response = answer(refusal.status, refusal.code)
        verb = _verb(request, target)
        headers = {name: request.headers.get(name, "") for name in ("User-Agent", "Impersonate-User")}
        self._parts.books.note(Request(written(self._parts.now()), verb, target, response.status, headers))
        return response

    def _admit(self, request: web.Request) -> None:
        said = request.headers.get("Authorization", "")
        if not hmac.compare_digest(said.encode(), f"Bearer {self._parts.token}".encode()):
            raise RefusedError(401, "Unauthorized", "Unauthorized")

    def _target(self, path: str) -> Target | None:
        parts = path.strip("/").split("/")
        below = {"api": 2, "apis": 3}.get(parts[0], len(parts))
        return target_of(self._parts.catalogue, path) if len(parts) > below and path != _REVIEWS else None

    async def _of_server(self, request: web.Request) -> web.StreamResponse:
        """What the server says of itself."""
        path = request.path.rstrip("/")
        if path == _REVIEWS and request.method == "POST":
            return answer(
                (await body_of(request)) | {"status": {"allowed": True, "reason": "the local cluster allows all"}}, 201
            )
        texts = {"/metrics": self._parts.books.metrics, "/audit": self._parts.books.audit}
        if path in texts:
            return web.Response(text=texts[path](), content_type="text/plain")
        if path == "/openapi/v2":
            return web.Response(body=protobuf.openapi_v2(), content_type="application/octet-stream")
        version = discovery_wanted(request)
        if version and path in {"/api", "/apis"}:
            body = discovery.aggregated(self._parts.catalogue, version, core=path == "/api")
            kind = f"application/json;g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList"
            return web.Response(body=to_json(body).encode(), headers={"Content-Type": kind})
        found = self._document(path)
        if found is None:
            raise RefusedError.no_such_path()
        return answer(found)

    def _document(self, path: str) -> Object | None:
        catalogue = self._parts.catalogue
        fixed: dict[str, Callable[[], Object]] = {
            "/version": lambda: discovery.VERSION,
            "/api": discovery.core_versions,
            "/apis": lambda: discovery.groups(catalogue),
            "/openapi/v3": lambda: discovery.openapi_index(catalogue),
        }
        if path in fixed:
            return fixed[path]()
        if path.startswith("/openapi/v3/"):
            return discovery.openapi(catalogue, path.removeprefix("/openapi/v3/"))
        match path.strip("/").split("/"):
            case ["api", version]:
                return discovery.resources(catalogue, "", version)
            case ["apis", group]:
                return discovery.group(catalogue, group)
            case ["apis", group, version]:
                return discovery.resources(catalogue, group, version)
        return None

    async def _of_objects(self, request: web.Request, target: Target) -> web.StreamResponse:
        if request.method == "GET":
            return await self._read(request, target)
        actions: dict[tuple[str, bool], Callable[[web.Request, Target], Awaitable[Outcome]]] = {
            ("POST", False): self._create,
            ("PUT", True): self._update,
            ("PATCH", True): self._patch,
            ("DELETE", True): self._delete,
            ("DELETE", False): self._delete_all,
        }
        action = actions.get((request.method, bool(target.name)))
        if action is None or (target.subresource and request.method not in {"PUT", "PATCH"}):
            message = "the server does not allow this method on the requested resource"
            raise RefusedError(405, "MethodNotAllowed", message, {})
        outcome = await action(request, target)
        response = answer(
            View.of(request, replace(target, name="-"), self._parts.now).shaped(outcome.body)
            if outcome.body["kind"] == target.resource.kind
            else outcome.body,
            outcome.code,
        )
        for warning in outcome.warnings:
            escaped = warning.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
            response.headers.add("Warning", f'299 - "{escaped}"')
        return response

    async def _read(self, request: web.Request, target: Target) -> web.StreamResponse:
        if target.subresource == "log":
            return await self._parts.logs.serve(request, target)
        if target.subresource == "scale":
            entry = self._parts.store.get(target.resource.storage, (target.namespace, target.name))
            if entry is None:
                raise RefusedError.not_found(target.resource.group, target.resource.plural, target.name)
            return answer(scaling.scale_of(target, entry.body))
        view = View.of(request, target, self._parts.now)
        if _is_watch(request):
            return await reading.watched(request, self._parts.store, view)
        if target.name:
            return reading.get(self._parts.store, view)
        return reading.listed(self._parts.store, view, request.query)

    async def _create(self, request: web.Request, target: Target) -> Outcome:
        return self._parts.writes.create(target, await body_of(request), _options(request))

    async def _update(self, request: web.Request, target: Target) -> Outcome:
        body = await body_of(request)
        if target.subresource == "scale":
            return self._scaled(target, body, _options(request))
        return self._parts.writes.update(target, body, _options(request))

    async def _patch(self, request: web.Request, target: Target) -> Outcome:
        kind = request.headers.get("Content-Type", patches.MERGE).partition(";")[0].strip()
        body, options, writes = await body_of(request), _options(request), self._parts.writes
        if target.subresource == "scale":
            return self._scaled(target, body, options)
        if kind in patches.APPLY:
            return writes.apply(target, body, replace(options, manager=request.query.get("fieldManager", "")))
        return writes.patch(target, kind, body, options)

    def _scaled(self, target: Target, body: Object, options: Options) -> Outcome:
        whole = replace(target, subresource="")
        patch = scaling.patch_of(target, int((body.get("spec") or {}).get("replicas") or 0))
        outcome = self._parts.writes.patch(whole, patches.MERGE, patch, options)
        return replace(outcome, body=scaling.scale_of(target, outcome.body))

    async def _delete(self, request: web.Request, target: Target) -> Outcome:
        return self._parts.deletion.delete(target, await _wish(request), dry_run=_is_dry(request))

    async def _delete_all(self, request: web.Request, target: Target) -> Outcome:
        wish, view = await _wish(request), View.of(request, target, self._parts.now)
        gone = []
        for key, entry in self._parts.store.entries(target.resource.storage, target.namespace):
            if view.holds(entry):
                one = replace(target, namespace=key[0], name=key[1])
                apart = set() if target.resource.custom else {"apiVersion", "kind"}
                gone.append({key: value for key, value in entry.body.items() if key not in apart})
                self._parts.deletion.delete(one, wish, dry_run=_is_dry(request))
        meta = {"resourceVersion": str(self._parts.store.revision)}
        head = {"kind": target.resource.list_kind, "apiVersion": target.resource.api_version, "metadata": meta}
        return Outcome(head | {"items": gone})


def _verb(request: web.Request, target: Target | None) -> str:
    if _is_watch(request) and target:
        return "watch"
    if request.method == "PATCH" and request.headers.get("Content-Type", "").startswith("application/apply-patch"):
        return "apply"
    verb = _VERBS.get(request.method, request.method.lower())
    if target and not target.name:
        return {"get": "list", "delete": "deletecollection"}.get(verb, verb)
    return verb


def _is_watch(request: web.Request) -> bool:
    return request.query.get("watch", "") in {"true", "1", "True"}


def _is_dry(request: web.Request) -> bool:
    return "All" in request.query.getall("dryRun", [])


def _options(request: web.Request) -> Options:
    query = request.query
    program = request.headers.get("User-Agent", "unknown").partition("/")[0]
    return Options(
        manager=query.get("fieldManager") or program,
        dry_run=_is_dry(request),
        strictness=query.get("fieldValidation") or "Warn",
        force=query.get("force") in {"true", "1", "True"},
    )


async def _wish(request: web.Request) -> Object:
    """DeleteOptions, from the body or the query."""
    body: Object = dict(await body_of(request) or {})
    if "propagationPolicy" in request.query:
        body["propagationPolicy"] = request.query["propagationPolicy"]
    if "gracePeriodSeconds" in request.query:
        body["gracePeriodSeconds"] = reading.number(request.query, "gracePeriodSeconds")
    return {key: value for key, value in body.items() if value is not None}
