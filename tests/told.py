"""What an object says of itself after a pass, and whether it teaches: place, fact and remedy."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kanaria.vocabulary import Plan


@dataclass(frozen=True, slots=True)
class Told:
    """What is expected of a bad input: Stalled where a person must act, Reconciling where the world must mend."""

    condition: str
    reason: str
    place: str
    fact: str
    remedy: str

    @property
    def words(self) -> tuple[str, ...]:
        """What the message must hold, in this order."""
        return (self.place, self.fact, self.remedy)


def stalled(reason: str, place: str, fact: str, remedy: str) -> Told:
    return Told("Stalled", reason, place, fact, remedy)


def retried(place: str, fact: str, remedy: str = "again") -> Told:
    return Told("Reconciling", "ProgressingWithRetry", place, fact, remedy)


def check(status: Mapping[str, Any] | None, wanted: Told) -> None:
    """The one condition that is wanted stands there, and its message has place, fact and remedy in this order."""
    conditions = {each["type"]: each for each in (status or {}).get("conditions", ())}
    others = {"Stalled", "Reconciling"} - {wanted.condition}
    found = conditions.get(wanted.condition)
    assert found, conditions
    assert (found["status"], found["reason"]) == ("True", wanted.reason), found["message"]
    assert not others & conditions.keys(), conditions
    places = [found["message"].find(word) for word in wanted.words]
    assert -1 not in places, (found["message"], wanted.words)
    assert places == sorted(places), (found["message"], wanted.words)


def acts_but_status(plan: Plan | None) -> list[str]:
    """What a plan does beside telling of it."""
    return [type(act).__name__ for act in (plan.acts if plan else ()) if type(act).__name__ != "WriteStatus"]
