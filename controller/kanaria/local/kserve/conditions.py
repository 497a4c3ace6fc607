"""The conditions of an InferenceService as KServe keeps them: sorted, `Ready` following from two others."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

READY = "Ready"
PREDICTOR_READY = "PredictorReady"
INGRESS_READY = "IngressReady"
CANARY_READY = "CanaryPredictorReady"
REFUSED = "SpecRefused"
DECIDING = (PREDICTOR_READY, INGRESS_READY)


@dataclass(frozen=True, slots=True)
class Finding:
    """What is true of an InferenceService in one respect, without the time since when."""

    type: str
    status: str
    reason: str = ""
    message: str = ""


def conditions(findings: Iterable[Finding], before: list[dict[str, Any]], now: str) -> list[dict[str, Any]]:
    """The findings and the `Ready` that follows, each with the time since when it stands."""
    found = {finding.type: finding for finding in findings}
    found[READY] = _ready(found)
    known = {condition["type"]: condition for condition in before}
    return [_dated(found[kind], known.get(kind), now) for kind in sorted(found)]


def is_true(before: list[dict[str, Any]], kind: str) -> bool:
    """Whether the condition of that type stands and is True."""
    return any(condition["type"] == kind and condition["status"] == "True" for condition in before)


def finding_of(condition: dict[str, Any]) -> Finding:
    """The finding that a condition once recorded."""
    return Finding(condition["type"], condition["status"], condition.get("reason", ""), condition.get("message", ""))


def _ready(found: dict[str, Finding]) -> Finding:
    deciding = [found.get(kind, Finding(kind, "Unknown")) for kind in DECIDING]
    for status in ("False", "Unknown"):
        for finding in deciding:
            if finding.status == status:
                return Finding(READY, status, finding.reason, finding.message)
    return Finding(READY, "True")


def _dated(finding: Finding, known: dict[str, Any] | None, now: str) -> dict[str, Any]:
    condition = {"type": finding.type, "status": finding.status}
    # What Ready does not follow from is marked as mere information: a canary that never starts leaves Ready True.
    if finding.type not in {*DECIDING, READY}:
        condition["severity"] = "Info"
    condition |= {key: text for key, text in (("reason", finding.reason), ("message", finding.message)) if text}
    same = known is not None and {**known, "lastTransitionTime": ""} == {**condition, "lastTransitionTime": ""}
    return {**condition, "lastTransitionTime": known["lastTransitionTime"] if known and same else now}
