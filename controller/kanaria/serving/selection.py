"""How does a route say which requests go to a candidate past the weights: by their headers, or as copies?

The rule of the weights stays the first, by which the metrics know it. A gateway prefers the rule that asks for more
headers, wherever it stands.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kanaria.serving.naming import compared_backend, comparing_name
from kanaria.vocabulary.objects import Manifest
from kanaria.vocabulary.traffic import NOTHING_SENT, HeaderMatch, Sent

MIRROR = "RequestMirror"
_REGEX, _EXACT = "RegularExpression", "Exact"


def rules(backends: Sequence[Mapping[str, Any]], sent: Sent, to: str) -> list[dict[str, Any]]:
    """The rules of an HTTPRoute: the weights, and what is sent to the backend of this name past them."""
    weighted: dict[str, Any] = {"backendRefs": list(backends)}
    target = next((backend for backend in backends if backend["name"] == to), None)
    if target is None:
        return [weighted]
    if sent.mirrored:
        reference = {key: target[key] for key in ("kind", "name", "port")}
        if sent.compared:
            reference["name"] = comparing_name(to)
        copies = {"backendRef": reference, "percent": sent.mirrored}
        weighted["filters"] = [{"type": MIRROR, "requestMirror": copies}]
    return [weighted, *({"matches": [_match(each)], "backendRefs": [{**target, "weight": 1}]} for each in sent.headers)]


def read(route: Manifest | None) -> tuple[Sent, str]:
    """What a live route sends past its weights, and to which backend."""
    found = list(((route or {}).get("spec") or {}).get("rules") or ())
    mirrors = [(int(each.get("percent", 100)), each["backendRef"]["name"]) for each in _mirrors(found[:1])]
    headers = [(_headers(rule), rule["backendRefs"][0]["name"]) for rule in found[1:] if rule.get("backendRefs")]
    targets = [*(str(name) for _, name in mirrors), *(str(name) for _, name in headers)]
    if not targets:
        return NOTHING_SENT, ""
    compared = any(compared_backend(str(name)) for _, name in mirrors)
    sent = Sent(tuple(group for group, _ in headers), max((p for p, _ in mirrors), default=0), compared=compared)
    return sent, compared_backend(targets[0]) or targets[0]


def _match(headers: Sequence[HeaderMatch]) -> dict[str, Any]:
    return {
        "headers": [
            {"type": _REGEX if each.regex else _EXACT, "name": each.name, "value": each.value} for each in headers
        ]
    }


def _headers(rule: Mapping[str, Any]) -> tuple[HeaderMatch, ...]:
    return tuple(
        HeaderMatch(str(each["name"]), str(each["value"]), regex=each.get("type") == _REGEX)
        for match in rule.get("matches") or ()
        for each in match.get("headers") or ()
    )


def _mirrors(found: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for rule in found:
        for each in rule.get("filters") or ():
            if each.get("type") == MIRROR and each.get("requestMirror"):
                yield each["requestMirror"]
