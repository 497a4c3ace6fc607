"""Whether KServe's webhook would have refused an InferenceService, and in which words.

The local API server calls no webhook, so the refusal comes late, as a condition and an Event; the effect is the same:
nothing is done about a refused spec, and what served goes on serving.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kanaria.local.api_client import Thing
from kanaria.local.kserve.naming import MODE_ANNOTATION, STANDARD

NOT_ON_A_CANARY = {
    "maxReplicas": "canary uses fixed replicas",
    "scaleTarget": "canary uses fixed replicas",
    "scaleMetric": "canary uses fixed replicas",
    "autoScaling": "canary uses fixed replicas",
    "workerSpec": "multi-node is not yet supported for canary",
}


def refusal(service: Thing) -> str | None:
    """The first objection to the InferenceService, or None."""
    return next(_objections(service), None)


def _objections(service: Thing) -> Iterator[str]:
    spec = service["spec"]
    stable, canaries = spec["predictor"], spec.get("canary") or []
    if not (stable.get("model") or {}).get("storageUri"):
        yield "spec.predictor.model.storageUri is missing; the local stand-in serves nothing else"
    if not canaries:
        return
    if (service["metadata"].get("annotations") or {}).get(MODE_ANNOTATION) != STANDARD:
        yield f"canary is only supported in {STANDARD} deployment mode: set the annotation {MODE_ANNOTATION}"
    yield from _naming(stable, canaries)
    for canary in canaries:
        yield from _against_one(stable, canary["predictor"])
    total = sum(canary["trafficPercent"] for canary in canaries)
    if total > 100:
        yield f"sum of canary trafficPercent values ({total}) must be <= 100"


def _naming(stable: Thing, canaries: list[Thing]) -> Iterator[str]:
    seen: set[str] = set()
    for index, canary in enumerate(canaries):
        name = canary["predictor"].get("name")
        if not name:
            yield f"canary[{index}] predictor.name is required"
        elif name in seen:
            yield f'canary predictor.name "{name}" is duplicated'
        elif name == stable.get("name"):
            yield f'canary predictor.name "{name}" conflicts with stable predictor name'
        seen.add(name)


def _against_one(stable: Thing, predictor: dict[str, Any]) -> Iterator[str]:
    name = predictor.get("name")
    if not predictor.get("model"):
        yield f'canary "{name}" predictor: exactly one implementation must be given; the local stand-in knows model'
    for field, reason in NOT_ON_A_CANARY.items():
        if predictor.get(field):
            yield f'canary "{name}" must not set {field} ({reason})'
    wanted, allowed = predictor.get("minReplicas"), stable.get("minReplicas", 1)
    if wanted is not None and wanted > allowed:
        yield (f'canary "{name}" minReplicas ({wanted}) must not exceed stable predictor minReplicas ({allowed})')
