"""What is said of a live object whose fields cannot be read."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from pydantic import ValidationError

from kanaria.api.conditions import Reason
from kanaria.api.resource import Condition, Resource, ResourceStatus
from kanaria.decide import readiness
from kanaria.decide.wrong_fields import wrong_fields
from kanaria.vocabulary import Plan, Stall, WriteStatus

_MOST = 5
R = TypeVar("R", bound=Resource)


def refuse(body: Mapping[str, Any], error: ValidationError, now: datetime) -> Plan:
    """Stalled: InvalidSpec, naming each field with fact and remedy; all else the status says is kept."""
    status = dict(body.get("status") or {})
    before = _conditions(status)
    generation = int(body["metadata"].get("generation") or 0)
    outcome = Stall(Reason.INVALID_SPEC, sentence(error))
    ready = readiness.Ready(Reason.INVALID_SPEC, "")
    after = readiness.conditions(before, outcome, ready, generation, now)
    said = readiness.as_json(ResourceStatus(conditions=after, observed_generation=generation))
    wanted = status | said
    acts = () if wanted == status else (WriteStatus(wanted),)
    return Plan(acts=acts, notices=readiness.notices(before, after))


def readable(kind: type[R], bodies: Iterable[Mapping[str, Any] | None]) -> tuple[R, ...]:
    """Those of some objects that exist and can be read: of the others their own pass tells."""
    found = []
    for body in bodies:
        try:
            found.append(kind.read(body or {}))
        except ValidationError:
            continue
    return tuple(found)


def sentence(error: ValidationError) -> str:
    """The first wrong fields: place, fact, remedy."""
    found = wrong_fields(error)
    more = f"; and {len(found) - _MOST} more" if len(found) > _MOST else ""
    return "; ".join(map(str, found[:_MOST])) + more


def _conditions(status: Mapping[str, Any]) -> tuple[Condition, ...]:
    try:
        return ResourceStatus.model_validate(status, extra="ignore").conditions
    except ValidationError:
        return ()
