"""What is seen of an InferenceService and its children, and what a pass over it is to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kanaria.local.api_client import Resource, Thing
from kanaria.local.kserve.rendering import HASH


@dataclass(frozen=True, slots=True)
class Seen:
    """An InferenceService and its children by name, as the caches have them."""

    service: Thing
    deployments: Mapping[str, Thing] = field(default_factory=dict)
    services: Mapping[str, Thing] = field(default_factory=dict)
    route: Thing | None = None
    pods: Sequence[Thing] = ()


@dataclass(frozen=True, slots=True)
class Put:
    """A thing to be applied."""

    resource: Resource
    thing: Thing


@dataclass(frozen=True, slots=True)
class Remove:
    """A thing to be deleted."""

    resource: Resource
    namespace: str
    name: str


@dataclass(frozen=True, slots=True)
class Tell:
    """An Event about the InferenceService."""

    type: str
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Plan:
    """Steps in the order in which they must be done, then the status, then the Events."""

    steps: tuple[Put | Remove, ...]
    status: Thing
    events: tuple[Tell, ...] = ()


def differs(existing: Thing | None, wanted: Thing) -> bool:
    """Whether the thing must be written: it is missing, was rendered otherwise, or was changed by another hand."""
    if existing is None:
        return True
    digests = [(thing["metadata"].get("annotations") or {}).get(HASH) for thing in (existing, wanted)]
    return digests[0] != digests[1] or not _holds(existing["spec"], wanted["spec"])


def _holds(existing: Any, wanted: Any) -> bool:
    """Whether all that is wanted is there; defaults which the API server filled in do not count as a difference."""
    if isinstance(wanted, dict):
        return isinstance(existing, dict) and all(_holds(existing.get(key), value) for key, value in wanted.items())
    if isinstance(wanted, list):
        same = isinstance(existing, list) and len(existing) == len(wanted)
        return same and all(_holds(*pair) for pair in zip(existing, wanted, strict=True))
    return bool(existing == wanted) or (existing is None and wanted in ({}, [], ""))
