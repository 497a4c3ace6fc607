"""What the router says of an HTTPRoute it obeys: accepted, and whether its backends exist."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kanaria.local.api_client import Thing

CONTROLLER = "local.kanaria.dev/router"


def status_of(route: Thing, exists: Callable[[str, str], bool], now: str) -> Thing | None:
    """The route's status with this router's word in it; None if it stands there already."""
    before = (route.get("status") or {}).get("parents") or []
    others = [parent for parent in before if parent.get("controllerName") != CONTROLLER]
    known = {_key(parent["parentRef"]): parent for parent in before if parent.get("controllerName") == CONTROLLER}
    ours = [
        {
            "parentRef": ref,
            "controllerName": CONTROLLER,
            "conditions": _conditions(route, exists, known.get(_key(ref), {}).get("conditions", []), now),
        }
        for ref in route["spec"].get("parentRefs") or []
    ]
    after = [*others, *ours]
    return None if after == before else {"parents": after}


def _conditions(route: Thing, exists: Callable[[str, str], bool], before: list[Any], now: str) -> list[Thing]:
    namespace = route["metadata"]["namespace"]
    refs = [ref for rule in route["spec"].get("rules") or [] for ref in rule.get("backendRefs") or []]
    missing = [ref["name"] for ref in refs if not exists(ref.get("namespace", namespace), ref["name"])]
    wanted = [("Accepted", "True", "Accepted", "Route is accepted")]
    if missing:
        wanted.append(("ResolvedRefs", "False", "BackendNotFound", f"Service {missing[0]} not found"))
    else:
        wanted.append(("ResolvedRefs", "True", "ResolvedRefs", "Resolved all the Object references for the Route"))
    since = {
        each["type"]: each["lastTransitionTime"] for each in before if (each["type"], each["status"]) in _turned(wanted)
    }
    return [
        {
            "type": kind,
            "status": status,
            "reason": reason,
            "message": message,
            "observedGeneration": route["metadata"].get("generation", 1),
            "lastTransitionTime": since.get(kind, now),
        }
        for kind, status, reason, message in wanted
    ]


def _turned(wanted: list[tuple[str, str, str, str]]) -> set[tuple[str, str]]:
    return {(kind, status) for kind, status, _, _ in wanted}


def _key(ref: Thing) -> tuple[str, str]:
    return ref.get("namespace", ""), ref["name"]
