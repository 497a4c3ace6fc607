"""How many candidates come before one that waits for its trial, where the platform team allows only so many at once?

Those that are tried; those whose trial was decided on and does not show in the caches yet; and those that were told
before it that they wait. Passes are made one after the other by one replica, so that what one of them decided is known
to the next, whatever the caches have heard.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from kanaria.api import ModelDeployment
from kanaria.api.conditions import ConditionType, Reason
from kanaria.decide.model_deployment.scene import ACTIVE
from kanaria.vocabulary import ObjectName
from kanaria.vocabulary.objects import Manifest

_Turn = tuple[bool, str, ObjectName]
"""Who waits first: those that were told so, by since when, then by name."""


class TrialRoom:
    """What was decided and is not seen yet; it can be lost with the process, whose writes have all arrived by then."""

    def __init__(self) -> None:
        self._begun: dict[ObjectName, str] = {}

    def visited(self, name: ObjectName) -> None:
        """A visit sees all that the visit before it wrote: the caches speak for the object again."""
        self._begun.pop(name, None)

    def decided(self, name: ObjectName, status: Mapping[str, Any] | None) -> None:
        """What status the visit wants to write."""
        trial = (status or {}).get("trial") or {}
        if trial.get("phase") in ACTIVE:
            self._begun[name] = trial["id"]

    def before(self, deployment: ModelDeployment, others: Iterable[Manifest]) -> int:
        """How many come before it."""
        bodies = {_name(body): body for body in others}
        mine = _turn(deployment.name, bodies.get(deployment.name, {}))
        tried = {
            name for name, body in bodies.items() if _trial(body).get("phase") in ACTIVE or self._is_new(name, body)
        }
        waiting = {name for name, body in bodies.items() if _since(body) and _turn(name, body) < mine}
        return len((tried | waiting) - {deployment.name})

    def _is_new(self, name: ObjectName, body: Manifest) -> bool:
        """Whether its trial was decided on, and the caches have not heard of it."""
        return name in self._begun and _trial(body).get("id") != self._begun[name]


def _name(body: Manifest) -> ObjectName:
    return ObjectName(body["metadata"].get("namespace", ""), body["metadata"]["name"])


def _trial(body: Manifest) -> Mapping[str, Any]:
    return (body.get("status") or {}).get("trial") or {}


def _turn(name: ObjectName, body: Manifest) -> _Turn:
    since = _since(body)
    return (not since, since, name)


def _since(body: Manifest) -> str:
    """Since when it was told that it waits for room; empty where it does not, or another spec was told so."""
    status = body.get("status") or {}
    if status.get("observedGeneration") != body.get("metadata", {}).get("generation"):
        return ""
    told = (c for c in status.get("conditions") or () if c.get("type") == ConditionType.RECONCILING)
    return next((str(c.get("lastTransitionTime") or "") for c in told if c.get("reason") == Reason.QUEUED), "")
