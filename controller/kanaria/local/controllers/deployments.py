"""What a Deployment needs next: Pods of its newest template up, ready, and only then the others gone.

Pods belong to the Deployment itself: the local cluster knows no ReplicaSets. A rolling update never has fewer available
Pods than wanted (maxUnavailable 0); `maxSurge` bounds how many there may be on top.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from kanaria.local.api_client import Thing
from kanaria.local.clock import read, written
from kanaria.local.controllers import pods as of_pods
from kanaria.local.controllers.pods import Actions, condition

HASH_LABEL = "pod-template-hash"


@dataclass(frozen=True, slots=True)
class Standing:
    """A Deployment's living Pods: those of the newest template, those of older ones, and what is in the way."""

    fresh: tuple[Thing, ...]
    old: tuple[Thing, ...]
    leaving: int
    dead: tuple[Thing, ...]

    @property
    def all(self) -> tuple[Thing, ...]:
        """All that live."""
        return self.fresh + self.old


def decide(deployment: Thing, pods: list[Thing], now: datetime) -> Actions:
    """What to do about a Deployment and its Pods."""
    if "deletionTimestamp" in deployment["metadata"]:
        return Actions()
    standing = _standing(deployment, pods)
    missing = _to_create(deployment["spec"], standing)
    fresh = tuple(_pod(deployment) for _ in range(missing))
    going = standing.dead + tuple(_to_delete(deployment["spec"], standing, now))
    status = _status(deployment, standing, now)
    return Actions(
        create=fresh,
        delete=tuple(pod["metadata"]["name"] for pod in going),
        status=of_pods.status_patch(deployment, status),
        again=_look_again(deployment, standing, status, now),
    )


def template_hash(template: Thing) -> str:
    """Ten characters that change with the template."""
    text = json.dumps(template, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:10]


def _standing(deployment: Thing, pods: list[Thing]) -> Standing:
    digest = template_hash(deployment["spec"]["template"])
    here = [pod for pod in pods if not of_pods.is_leaving(pod)]
    alive = [pod for pod in here if not of_pods.is_over(pod)]
    fresh = [pod for pod in alive if pod["metadata"].get("labels", {}).get(HASH_LABEL) == digest]
    return Standing(
        fresh=tuple(fresh),
        old=tuple(pod for pod in alive if pod not in fresh),
        leaving=len(pods) - len(here),
        dead=tuple(pod for pod in here if of_pods.is_over(pod)),
    )


def _to_create(spec: Thing, standing: Standing) -> int:
    wanted: int = spec.get("replicas", 1)
    missing = wanted - len(standing.fresh)
    if _recreates(spec):
        return max(0, missing) if not standing.old and not standing.leaving else 0
    return max(0, min(missing, wanted + _surge(spec, wanted) - len(standing.all)))


def _to_delete(spec: Thing, standing: Standing, now: datetime) -> list[Thing]:
    wanted: int = spec.get("replicas", 1)
    if _recreates(spec):
        return list(standing.old) + _most_expendable(standing.fresh)[: max(0, len(standing.fresh) - wanted)]
    surplus = _most_expendable(standing.fresh)[: max(0, len(standing.fresh) - wanted)]
    available = _available_of(spec, [pod for pod in standing.all if pod not in surplus], now)
    going = [pod for pod in standing.old if not of_pods.ready_since(pod)]
    spared = [pod for pod in standing.old if pod not in going]
    return surplus + going + spared[: max(0, available - wanted)]


def _available_of(spec: Thing, pods: Sequence[Thing], now: datetime) -> int:
    """How many have been ready for as long as the Deployment asks."""
    patience = timedelta(seconds=spec.get("minReadySeconds", 0))
    return sum(1 for since in map(of_pods.ready_since, pods) if since and since + patience <= now)


def _most_expendable(pods: tuple[Thing, ...]) -> list[Thing]:
    """Pods that are not ready first, then the youngest."""
    by_age = sorted(pods, key=lambda pod: str(pod["metadata"]["creationTimestamp"]), reverse=True)
    return sorted(by_age, key=lambda pod: of_pods.ready_since(pod) is not None)


def _recreates(spec: Thing) -> bool:
    return bool((spec.get("strategy") or {}).get("type") == "Recreate")


def _surge(spec: Thing, wanted: int) -> int:
    given = ((spec.get("strategy") or {}).get("rollingUpdate") or {}).get("maxSurge", "25%")
    return max(1, _share(given, wanted, math.ceil))


def _unavailable(spec: Thing, wanted: int) -> int:
    given = ((spec.get("strategy") or {}).get("rollingUpdate") or {}).get("maxUnavailable", "25%")
    return _share(given, wanted, math.floor)


def _share(given: Any, wanted: int, rounded: Any) -> int:
    if isinstance(given, int):
        return given
    return int(rounded(int(given.rstrip("%")) * wanted / 100))


def _pod(deployment: Thing) -> Thing:
    template = deployment["spec"]["template"]
    digest = template_hash(template)
    prefix = f"{deployment['metadata']['name']}-{digest}-"
    return of_pods.pod_of(deployment, template, prefix=prefix, labels={HASH_LABEL: digest})


def _status(deployment: Thing, standing: Standing, now: datetime) -> dict[str, Any]:
    spec = deployment["spec"]
    wanted: int = spec.get("replicas", 1)
    ready = [since for since in map(of_pods.ready_since, standing.all) if since]
    available = _available_of(spec, standing.all, now)
    counts = {
        "replicas": len(standing.all) or None,
        "updatedReplicas": len(standing.fresh) or None,
        "readyReplicas": len(ready) or None,
        "availableReplicas": available or None,
        "unavailableReplicas": max(0, wanted - available) or None,
    }
    enough = available >= wanted - _unavailable(spec, wanted)
    complete = available >= wanted and len(standing.fresh) == wanted and not standing.old
    conditions = [_available(deployment, enough=enough, now=now), _progress(deployment, counts, complete, now)]
    return counts | {"observedGeneration": deployment["metadata"].get("generation", 1), "conditions": conditions}


def _available(deployment: Thing, *, enough: bool, now: datetime) -> Thing:
    reason = "MinimumReplicasAvailable" if enough else "MinimumReplicasUnavailable"
    message = f"Deployment {'has' if enough else 'does not have'} minimum availability."
    return _turned(deployment, "Available", "True" if enough else "False", (reason, message), now)


def _progress(deployment: Thing, counts: dict[str, Any], complete: bool, now: datetime) -> Thing:  # noqa: FBT001 - a private step
    """The condition Progressing; its lastUpdateTime is when the Pods last changed, for the progress deadline."""
    name = deployment["metadata"]["name"]
    if complete:
        done = ("NewReplicaSetAvailable", f'Deployment "{name}" has successfully progressed.')
        return _turned(deployment, "Progressing", "True", done, now)
    status, old = deployment.get("status", {}), condition(deployment, "Progressing")
    moved = any(status.get(key) != value for key, value in counts.items())
    observed = status.get("observedGeneration") == deployment["metadata"].get("generation", 1)
    if old is None or moved or not observed:
        going = ("ReplicaSetUpdated", f'Deployment "{name}" is progressing.')
        return _turned(deployment, "Progressing", "True", going, now) | {"lastUpdateTime": written(now)}
    deadline = timedelta(seconds=deployment["spec"].get("progressDeadlineSeconds", 600))
    if old["reason"] != "NewReplicaSetAvailable" and now >= read(old["lastUpdateTime"]) + deadline:
        late = ("ProgressDeadlineExceeded", f'Deployment "{name}" has timed out progressing.')
        return _turned(deployment, "Progressing", "False", late, now)
    return old


def _turned(deployment: Thing, kind: str, status: str, why: tuple[str, str], now: datetime) -> Thing:
    """The condition; the one there is if it says the same already."""
    old = condition(deployment, kind)
    if old and (old["status"], old["reason"]) == (status, why[0]):
        return old
    turned = written(now) if old is None or old["status"] != status else old["lastTransitionTime"]
    return {
        "type": kind,
        "status": status,
        "reason": why[0],
        "message": why[1],
        "lastUpdateTime": written(now),
        "lastTransitionTime": turned,
    }


def _look_again(deployment: Thing, standing: Standing, status: dict[str, Any], now: datetime) -> float | None:
    """When time alone changes something: a Pod has been ready for long enough, or progress is overdue."""
    spec = deployment["spec"]
    moments: list[datetime] = []
    patience = timedelta(seconds=spec.get("minReadySeconds", 0))
    moments += [since + patience for since in map(of_pods.ready_since, standing.all) if since]
    progress = status["conditions"][1]
    if progress["reason"] == "ReplicaSetUpdated":
        limit = timedelta(seconds=spec.get("progressDeadlineSeconds", 600))
        moments.append(read(progress["lastUpdateTime"]) + limit)
    waits = [(moment - now).total_seconds() for moment in moments if moment > now]
    return min(waits, default=None)
