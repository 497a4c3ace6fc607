"""Which predictors an InferenceService asks for, each with all its fields and its number of Pods."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from kanaria.local.api_client import Thing
from kanaria.local.kserve.naming import predictor_name

ONE_PERCENT_OF = 100


@dataclass(frozen=True, slots=True)
class Predictor:
    """One predictor, complete: `name` is that of its Deployment, `variant` the predictor.name in the spec."""

    name: str
    variant: str
    spec: Thing
    replicas: int


def canaries_of(service: Thing) -> tuple[Predictor, ...]:
    """The canaries in the order of the spec; a canary is the stable predictor with its own fields laid over."""
    stable = service["spec"]["predictor"]
    own = service["metadata"]["name"]
    return tuple(
        Predictor(
            name=predictor_name(own, entry["predictor"]["name"]),
            variant=entry["predictor"]["name"],
            spec=laid_over(stable, entry["predictor"]),
            replicas=canary_replicas(stable, entry),
        )
        for entry in service["spec"].get("canary") or []
    )


def stable_of(service: Thing, ready: AbstractSet[str]) -> Predictor:
    """The stable predictor, cut by the Pods of the canaries that are `ready`; one Pod always remains."""
    spec = service["spec"]["predictor"]
    replicas = spec.get("minReplicas", 1)
    given_away = sum(canary.replicas for canary in canaries_of(service) if canary.variant in ready)
    # Like KServe, which leaves a stable without minReplicas alone: its autoscaler starts at one.
    if given_away and "minReplicas" in spec:
        replicas = max(replicas - given_away, 1)
    variant = spec.get("name", "")
    return Predictor(predictor_name(service["metadata"]["name"], variant), variant, spec, replicas)


def canary_replicas(stable: Thing, entry: Thing) -> int:
    """Its minReplicas, else its share of the stable's, rounded up: 0 % without minReplicas is no Pod at all."""
    own: int | None = entry["predictor"].get("minReplicas")
    if own is not None:
        return own
    share: int = stable.get("minReplicas", 1) * entry["trafficPercent"]
    return -(-share // ONE_PERCENT_OF)


def laid_over(below: Thing, above: Thing) -> Thing:
    """Both merged, `above` winning; an empty value does not win, so that a canary can unset nothing."""
    merged = dict(below)
    for key, value in above.items():
        known = merged.get(key)
        if isinstance(known, dict) and isinstance(value, dict):
            merged[key] = laid_over(known, value)
        elif not _empty(value):
            merged[key] = value
    return merged


def _empty(value: Any) -> bool:
    return value is None or value in ("", [], {})
