"""Which numbers of an Indexed Job are done, which are to be run next, and what a Pod with a number is like."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import count, islice
from typing import Any

from kanaria.local.api_client import Thing
from kanaria.local.controllers import pods as of_pods

INDEX = "batch.kubernetes.io/job-completion-index"
_VARIABLE = "JOB_COMPLETION_INDEX"


def is_indexed(job: Thing) -> bool:
    """Whether each of the Job's Pods has a number."""
    return bool(job["spec"].get("completionMode") == "Indexed")


def done(job: Thing, pods: Iterable[Thing]) -> frozenset[int]:
    """The numbers of which a Pod succeeded; what the status counted stays so when the Pod is gone."""
    counted = _read(job.get("status", {}).get("completedIndexes") or "")
    seen = {index_of(pod) for pod in pods if of_pods.phase(pod) == "Succeeded"}
    return frozenset(counted) | {index for index in seen if index is not None and index < job["spec"]["completions"]}


def index_of(pod: Thing) -> int | None:
    """The Pod's number."""
    number = (pod["metadata"].get("labels") or {}).get(INDEX, "")
    return int(number) if number.isdecimal() else None


def next_ones(job: Thing, active: Iterable[Thing], over: frozenset[int], many: int) -> tuple[int, ...]:
    """The lowest numbers that are neither done nor under way."""
    taken = over | {index_of(pod) for pod in active}
    free = (number for number in range(job["spec"]["completions"]) if number not in taken)
    return tuple(islice(free, many))


def spelled(numbers: Iterable[int]) -> str | None:
    """The numbers as a Job's status has them, e.g. 0-3,5; absent where there are none."""
    return ",".join(_spans(sorted(numbers))) or None


def numbered(job: Thing, pod: Thing, number: int) -> Thing:
    """The Pod with this number: in its name, its host's name, a label, an annotation, and a variable."""
    meta, name = pod["metadata"], job["metadata"]["name"]
    mark = {INDEX: str(number)}
    meta["generateName"] = f"{name}-{number}-"
    meta["labels"] = {**meta["labels"], **mark}
    meta["annotations"] = {**(meta.get("annotations") or {}), **mark}
    pod["spec"]["hostname"] = f"{name}-{number}"
    for container in [*pod["spec"]["containers"], *(pod["spec"].get("initContainers") or ())]:
        _tell(container)
    return pod


def _tell(container: dict[str, Any]) -> None:
    drawn = {"fieldRef": {"fieldPath": f"metadata.labels['{INDEX}']"}}
    given = container.get("env") or []
    if all(each["name"] != _VARIABLE for each in given):
        container["env"] = [*given, {"name": _VARIABLE, "valueFrom": drawn}]


def _read(text: str) -> Iterator[int]:
    for span in filter(None, text.split(",")):
        first, _, last = span.partition("-")
        yield from range(int(first), int(last or first) + 1)


def _spans(numbers: list[int]) -> Iterator[str]:
    """Neighbours in a row have the same distance to their place in the list."""
    rows: dict[int, list[int]] = {}
    for place, number in zip(count(), numbers, strict=False):
        rows.setdefault(number - place, []).append(number)
    for row in rows.values():
        yield str(row[0]) if len(row) == 1 else f"{row[0]}-{row[-1]}" if len(row) > 2 else f"{row[0]},{row[1]}"
