"""How objects are read: one, a list in pages, or a stream of changes."""

import asyncio
import base64
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from aiohttp import web

from kanaria.local.apiserver import tables, versions
from kanaria.local.apiserver.formats import answer, wanted
from kanaria.local.apiserver.refusals import Object, RefusedError
from kanaria.local.apiserver.selecting import Matcher, matcher
from kanaria.local.apiserver.store import Entry, Event, Key, Store, to_json
from kanaria.local.apiserver.targets import Target

_BOOKMARK_EVERY = 30.0
_WATCH_FOR = 1800.0


@dataclass(frozen=True, slots=True)
class View:
    """What a client wants to see of a resource, and in which form."""

    target: Target
    matches: Matcher | None
    form: str
    include: str
    now: Callable[[], datetime]

    @classmethod
    def of(cls, request: web.Request, target: Target, now: Callable[[], datetime]) -> "View":
        """The view a request asks for."""
        query = request.query
        selected = matcher(target.resource, query.get("labelSelector", ""), query.get("fieldSelector", ""))
        if target.name:
            selected = None
        return cls(target, selected, wanted(request), query.get("includeObject", "Metadata"), now)

    def holds(self, entry: Entry) -> bool:
        """Whether an object is in the view."""
        return self.matches is None or self.matches(entry.body)

    def text(self, entry: Entry, *, headed: bool = False) -> str:
        """An object in the wanted form; plain ones as they are stored."""
        target = self.target.resource
        as_stored = not self.form and target.group != "events.k8s.io" and target.stored_as in {"", target.version}
        return entry.text if as_stored else to_json(self.shaped(entry.body, headed=headed))

    def item(self, entry: Entry) -> str:
        """An object as an item of a list, whose kind is said once for all where the type is built in."""
        text, resource = self.text(entry), self.target.resource
        kind = to_json({"apiVersion": resource.api_version, "kind": resource.kind})[1:-1] + ","
        return text if resource.custom else text.replace(kind, "", 1)

    def shaped(self, body: Object, *, headed: bool = True) -> Object:
        """A body in the wanted form."""
        body = versions.shown(body, self.target.resource)
        if self.form == "Table":
            return tables.table(self.target.resource, [body], self.include, self.now(), headed=headed)
        return tables.metadata_only(body) if self.form == "PartialObjectMetadata" else body


def get(store: Store, view: View) -> web.Response:
    """One object."""
    target = view.target
    entry = store.get(target.resource.storage, (target.namespace, target.name))
    if entry is None:
        raise RefusedError.not_found(target.resource.group, target.resource.plural, target.name)
    return answer(view.text(entry, headed=True))


def listed(store: Store, view: View, query: Mapping[str, str]) -> web.Response:
    """All objects of a view, or a page of them."""
    revision, after = _continued(store, query)
    resource = view.target.resource
    entries = store.entries(resource.storage, view.target.namespace)
    chosen = [(key, entry) for key, entry in entries if (after is None or key > after) and view.holds(entry)]
    limit = number(query, "limit")
    page = chosen[:limit] if limit else chosen
    meta: Object = {"resourceVersion": str(revision)}
    if len(page) < len(chosen):
        meta["continue"] = _token(revision, page[-1][0])
        if view.matches is None:
            meta["remainingItemCount"] = len(chosen) - len(page)
    found = [entry for _, entry in page]
    if view.form == "Table":
        bodies = [versions.shown(entry.body, resource) for entry in found]
        whole = tables.table(resource, bodies, view.include, view.now())
        return answer(whole | {"metadata": meta})
    kind, api_version = resource.list_kind, resource.api_version
    if view.form:
        kind, api_version = "PartialObjectMetadataList", "meta.k8s.io/v1"
    head = to_json({"kind": kind, "apiVersion": api_version, "metadata": meta})
    texts = map(view.item, found)
    return answer(f'{head[:-1]},"items":[{",".join(texts)}]}}')


def number(query: Mapping[str, str], name: str) -> int:
    """A number of the query; none where it is not given."""
    said = query.get(name) or "0"
    try:
        return int(said)
    except ValueError as error:
        raise RefusedError.bad_request(f'strconv.ParseInt: parsing "{said}": invalid syntax') from error


def _continued(store: Store, query: Mapping[str, str]) -> tuple[int, Key | None]:
    token = query.get("continue")
    if not token:
        return store.revision, None
    try:
        revision, namespace, name = json.loads(base64.urlsafe_b64decode(token))
    except ValueError as error:
        raise RefusedError.bad_request(f"continue key is not valid: {error}") from error
    if not store.still_known(revision):
        raise RefusedError.gone("The provided continue parameter is too old to display a consistent list result.")
    return revision, (namespace, name)


def _token(revision: int, key: Key) -> str:
    return base64.urlsafe_b64encode(json.dumps([revision, *key]).encode()).decode()


async def watched(request: web.Request, store: Store, view: View) -> web.StreamResponse:
    """Changes of a view as they happen, until the client has enough or its time is over."""
    query, storage = request.query, view.target.resource.storage
    deadline = asyncio.get_running_loop().time() + (number(query, "timeoutSeconds") or _WATCH_FOR)
    first = _first_lines(store, view, query)
    queue = store.watch(storage)
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    try:
        await response.prepare(request)
        if first:
            await response.write("".join(first).encode())
        await _stream(response, store, view, queue, deadline, bookmarks=query.get("allowWatchBookmarks") in _TRUE)
    except ConnectionResetError:
        pass  # the client has gone: watches end that way
    finally:
        store.unwatch(storage, queue)
    return response


_TRUE = frozenset({"true", "1", "True"})


def _first_lines(store: Store, view: View, query: Mapping[str, str]) -> list[str]:
    """What a watch begins with: the objects there are, or the changes since a revision."""
    asked, storage = query.get("resourceVersion", ""), view.target.resource.storage
    initial = query.get("sendInitialEvents") in _TRUE
    if asked in {"", "0"} or initial:
        entries = store.entries(storage, view.target.namespace)
        lines = [_line(view, "ADDED", entry) for _, entry in entries if view.holds(entry)]
        ended = {"k8s.io/initial-events-end": "true"}
        return [*lines, _bookmark(view, store.revision, ended)] if initial else lines
    try:
        events = store.since(storage, int(asked))
    except ValueError as error:
        raise RefusedError.bad_request(f'invalid resourceVersion "{asked}": {error}') from error
    except RefusedError as refusal:
        return [to_json({"type": "ERROR", "object": refusal.status}) + "\n"]
    return [line for event in events for line in _lines(view, event)]


async def _stream(
    response: web.StreamResponse,
    store: Store,
    view: View,
    queue: "asyncio.Queue[Event | None]",
    deadline: float,
    *,
    bookmarks: bool,
) -> None:
    clock = asyncio.get_running_loop().time
    while (left := deadline - clock()) > 0:
        try:
            event = await asyncio.wait_for(queue.get(), min(left, _BOOKMARK_EVERY))
        except TimeoutError:
            if bookmarks:
                await response.write(_bookmark(view, store.revision, {}).encode())
            continue
        lines = list(_lines(view, event)) if event else []
        while event is not None and not queue.empty():
            event = queue.get_nowait()
            lines += _lines(view, event) if event else []
        if lines:
            await response.write("".join(lines).encode())
        if event is None:
            return  # the server stops


def _lines(view: View, event: Event) -> Iterator[str]:
    if view.target.namespace and event.key[0] != view.target.namespace:
        return
    if view.target.name and event.key[1] != view.target.name:
        return
    now_in = view.holds(event.new)
    was_in = event.old is not None and view.holds(event.old)
    if event.type == "DELETED":
        if was_in:
            yield _line(view, "DELETED", event.new)
    elif now_in:
        yield _line(view, "MODIFIED" if was_in else "ADDED", event.new)
    elif was_in and event.old is not None:
        # It left the view: its last state in it, at the revision it left.
        body = event.old.body
        left = body | {"metadata": body["metadata"] | {"resourceVersion": str(event.new.revision)}}
        yield _line(view, "DELETED", Entry(to_json(left), event.new.revision, left))


def _line(view: View, kind: str, entry: Entry) -> str:
    return f'{{"type":"{kind}","object":{view.text(entry, headed=True)}}}\n'


def _bookmark(view: View, revision: int, annotations: Mapping[str, str]) -> str:
    resource = view.target.resource
    meta: Object = {"resourceVersion": str(revision)} | ({"annotations": annotations} if annotations else {})
    body: Object = {"kind": resource.kind, "apiVersion": resource.api_version, "metadata": meta}
    if view.form == "Table":
        body = tables.table(resource, [], view.include, view.now(), headed=False) | {"metadata": meta}
    elif view.form:
        body = tables.metadata_only(body)
    return to_json({"type": "BOOKMARK", "object": body}) + "\n"
