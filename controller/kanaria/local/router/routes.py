"""Which HTTPRoute and which rule a request belongs to, and who may answer it in what shares."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from kanaria.local.api_client import Resource, Thing
from kanaria.local.watching import Key

HTTP_ROUTES = Resource("gateway.networking.k8s.io/v1", "httproutes", "HTTPRoute")
SERVICE = re.compile(r"^/services/(?P<namespace>[^/]+)/(?P<name>[^/?]+)(?P<rest>[/?].*)?$")
"""Processes find no Services by their names: this stands in for `http://<name>.<namespace>.svc`."""
NO_HEADERS: Mapping[str, str] = {}
PREFIX = re.compile(r"^/serving/(?P<namespace>[^/]+)/(?P<name>[^/?]+)(?P<rest>[/?].*)?$")


@dataclass(frozen=True, slots=True)
class Backend:
    """A Service and its weight, under the name by which the metrics know this pair of rule and Service."""

    namespace: str
    service: str
    weight: int
    cluster: str
    headers: tuple[tuple[str, str], ...] = ()
    """What is set in the head of its answers."""


@dataclass(frozen=True, slots=True)
class Match:
    """What a request must be like: its path as (type, value), and all of these headers as (type, name, value)."""

    path: tuple[str, str]
    headers: tuple[tuple[str, str, str], ...] = ()

    def fits(self, path: str, headers: Mapping[str, str]) -> bool:
        """Whether a request is so."""
        kind, value = self.path
        return _matches(kind, value, path) and all(_has(headers, *each) for each in self.headers)


@dataclass(frozen=True)
class Rule:
    """One rule of an HTTPRoute: any match will do, and none means every request; copies go to mirrors, by percent."""

    matches: tuple[Match, ...]
    backends: tuple[Backend, ...]
    mirrors: tuple[tuple[Backend, int], ...] = ()

    @cached_property
    def total(self) -> int:
        """The sum of the weights."""
        return sum(backend.weight for backend in self.backends)

    def rank(self, path: str, headers: Mapping[str, str]) -> int | None:
        """How many headers the rule asks of a request that it fits; None where it does not fit."""
        if not self.matches:
            return 0
        return max((len(match.headers) for match in self.matches if match.fits(path, headers)), default=None)

    def choose(self, chance: float) -> Backend | None:
        """The backend in whose share `chance` (0 ≤ chance < 1) falls; None if no backend has any weight."""
        mark = chance * self.total
        for backend in self.backends:
            mark -= backend.weight
            if mark < 0:
                return backend
        return None


@dataclass(frozen=True, slots=True)
class Table:
    """All routes at one moment. It is replaced whole, so that a request sees old weights or new ones, never a mix."""

    by_name: dict[Key, tuple[Rule, ...]]
    by_host: dict[str, Key]

    def find(self, host: str, target: str, headers: Mapping[str, str] = NO_HEADERS) -> tuple[Rule | None, str]:
        """The rule for a request and the target to pass on; `/serving/<namespace>/<route>/…` beats the host.

        Of several rules that of the most headers counts, then the first.
        """
        direct = SERVICE.match(target)
        if direct:
            namespace, name = direct["namespace"], direct["name"]
            backend = Backend(namespace, name, 1, f"service/{namespace}/{name}")
            return Rule((), (backend,)), _rooted(direct["rest"] or "")
        found = PREFIX.match(target)
        if found:
            key: Key | None = (found["namespace"], found["name"])
            target = _rooted(found["rest"] or "")
        else:
            key = self.by_host.get(host.partition(":")[0].lower())
        rules = self.by_name.get(key, ()) if key else ()
        path = target.partition("?")[0]
        ranked = [(rank, rule) for rule in rules if (rank := rule.rank(path, headers)) is not None]
        return max(ranked, key=lambda each: each[0], default=(0, None))[1], target


def table_of(routes: Iterable[Thing]) -> Table:
    """The table that obeys these HTTPRoutes; of two that claim a host the older one has it."""
    ordered = sorted(routes, key=lambda route: str(route["metadata"].get("creationTimestamp", "")), reverse=True)
    by_name = {_key(route): _rules(route) for route in ordered}
    by_host = {host.lower(): _key(route) for route in ordered for host in route["spec"].get("hostnames") or []}
    return Table(by_name, by_host)


def _rules(route: Thing) -> tuple[Rule, ...]:
    namespace, name = _key(route)
    return tuple(
        Rule(
            matches=tuple(Match(_path(match), _headers(match)) for match in rule.get("matches") or []),
            backends=tuple(
                _backend(ref, namespace, f"httproute/{namespace}/{name}/rule/{index}/backend/{place}")
                for place, ref in enumerate(rule.get("backendRefs") or [])
            ),
            mirrors=tuple(_mirrors(rule, namespace, f"httproute/{namespace}/{name}/rule/{index}")),
        )
        for index, rule in enumerate(route["spec"].get("rules") or [])
    )


def _backend(ref: Thing, namespace: str, cluster: str) -> Backend:
    return Backend(
        namespace=ref.get("namespace", namespace),
        service=ref["name"],
        weight=ref.get("weight", 1),
        cluster=cluster,
        headers=tuple(
            (entry["name"], entry["value"])
            for found in ref.get("filters") or []
            for entry in (found.get("responseHeaderModifier") or {}).get("set") or []
        ),
    )


def _mirrors(rule: Thing, namespace: str, cluster: str) -> Iterator[tuple[Backend, int]]:
    asked = [each["requestMirror"] for each in rule.get("filters") or [] if each.get("type") == "RequestMirror"]
    for number, mirror in enumerate(asked):
        yield _backend(mirror["backendRef"], namespace, f"{cluster}-mirror-{number}"), mirror.get("percent", 100)


def _headers(match: Thing) -> tuple[tuple[str, str, str], ...]:
    return tuple((each.get("type", "Exact"), each["name"], each["value"]) for each in match.get("headers") or [])


def _has(headers: Mapping[str, str], kind: str, name: str, value: str) -> bool:
    held = headers.get(name)
    return held is not None and (held == value if kind == "Exact" else re.fullmatch(value, held) is not None)


def _path(match: Thing) -> tuple[str, str]:
    path = match.get("path") or {}
    return path.get("type", "PathPrefix"), path.get("value", "/")


def _matches(kind: str, value: str, path: str) -> bool:
    if kind == "Exact":
        return path == value
    if kind == "RegularExpression":
        return re.fullmatch(value, path) is not None
    folder = value.rstrip("/")
    return path == folder or path.startswith(f"{folder}/")


def _rooted(rest: str) -> str:
    return rest if rest.startswith("/") else f"/{rest}"


def _key(route: Thing) -> Key:
    return route["metadata"]["namespace"], route["metadata"]["name"]
