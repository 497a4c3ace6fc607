"""How Ready follows from the outcome of a pass, what is written of it, and what users are told."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kanaria.api.conditions import ConditionType, Reason
from kanaria.api.resource import Condition, Resource, ResourceStatus
from kanaria.vocabulary import Notice, Outcome, Stall, Wait, WriteStatus

MESSAGE_MAX = 2048
_ORDER = (ConditionType.READY, ConditionType.RECONCILING, ConditionType.STALLED)


@dataclass(frozen=True, slots=True)
class Ready:
    """What Ready says when nothing is in the way."""

    reason: Reason
    message: str


def conditions(
    before: Iterable[Condition], outcome: Outcome, ready: Ready, generation: int, now: datetime
) -> tuple[Condition, ...]:
    """Ready always; Reconciling while something is waited for; Stalled while only the user can help (kstatus).

    A wait for the world to mend keeps a Ready that is True: what serves keeps serving.
    """
    known = {condition.type: condition for condition in before}
    wanted = _wanted(outcome, ready, known.get(ConditionType.READY))
    made = []
    for type_ in _ORDER:
        if type_ not in wanted:
            continue
        status, reason, message = wanted[type_]
        old = known.get(type_)
        made.append(
            Condition.model_validate(
                {
                    "type": type_,
                    "status": status,
                    "reason": reason,
                    "message": message[:MESSAGE_MAX],
                    "observedGeneration": generation,
                    "lastTransitionTime": old.last_transition_time if old and old.status == status else now,
                }
            )
        )
    return tuple(made)


def _wanted(outcome: Outcome, ready: Ready, old: Condition | None) -> Mapping[str, tuple[str, str, str]]:
    match outcome:
        case Stall(reason, message):
            return {ConditionType.READY: ("False", reason, message), ConditionType.STALLED: ("True", reason, message)}
        case Wait(reason, message, retry=True):
            well = old if old and old.status == "True" else None
            kept = (well.status, well.reason, well.message) if well else ("Unknown", reason, message)
            retrying = ("True", Reason.PROGRESSING_WITH_RETRY, message)
            return {ConditionType.READY: kept, ConditionType.RECONCILING: retrying}
        case Wait(reason, message):
            return {
                ConditionType.READY: ("Unknown", reason, message),
                ConditionType.RECONCILING: ("True", reason, message),
            }
        case _:
            return {ConditionType.READY: ("True", ready.reason, ready.message)}


def status_write(resource: Resource, status: ResourceStatus, *, required: bool = True) -> tuple[WriteStatus, ...]:
    """The write of a status that differs from the object's; nothing where it says the same already."""
    wanted = as_json(status)
    before: ResourceStatus = resource.status  # type: ignore[attr-defined] # every kind declares its own status
    return () if wanted == as_json(before) else (WriteStatus(wanted, required=required),)


def as_json(status: ResourceStatus) -> dict[str, Any]:
    """The status as it is written: camelCase, without what is absent."""
    return status.model_dump(mode="json", by_alias=True, exclude_none=True)


def of_note(told: Iterable[Notice]) -> tuple[Notice, ...]:
    """Without those that say that work goes on, which the conditions say as well: an Event costs a write."""
    return tuple(n for n in told if n.type != "Normal" or n.reason not in (Reason.PROGRESSING, Reason.RUNNING))


def notices(before: Iterable[Condition], after: Iterable[Condition]) -> tuple[Notice, ...]:
    """An Event for each condition whose reason changed: Warning where the user must act or the world failed."""
    known = {condition.type: condition for condition in before}
    told: list[Notice] = []
    for condition in after:
        old = known.get(condition.type)
        if old is not None and (old.status, old.reason) == (condition.status, condition.reason):
            continue
        loud = condition.type == ConditionType.STALLED or condition.reason == Reason.PROGRESSING_WITH_RETRY
        notice = Notice("Warning" if loud else "Normal", condition.reason, condition.message)
        if condition.message and not any(n.reason == notice.reason for n in told if n.type == "Warning"):
            told = [n for n in told if n.reason != notice.reason and (not loud or n.message != notice.message)]
            told.append(notice)
    return tuple(told)
