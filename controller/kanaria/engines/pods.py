"""Which of an attempt's Pods tells most of it, where there are several."""

from collections.abc import Iterable, Iterator
from typing import Any

from kanaria.engines.attempt import INDEX, cannot_start, last_words
from kanaria.vocabulary.marks import ATTEMPT
from kanaria.vocabulary.objects import Manifest

_ENDED_FROM_OUTSIDE = {137, 143}
"""What a container ends with that is killed, mostly because another one failed."""


def telling(pods: Iterable[Manifest]) -> Manifest:
    """The one that failed first, else one that cannot start, else the first by number; of one number the newest.

    Pods of a Ray cluster have no numbers, and each does something of its own.
    """
    return min(_newest(pods), key=_rank)


def _newest(pods: Iterable[Manifest]) -> Iterator[Manifest]:
    made = sorted(pods, key=lambda pod: str(pod["metadata"].get("creationTimestamp", "")))
    yield from {_place(pod): pod for pod in made}.values()


def _place(pod: Manifest) -> Any:
    """What another Pod would take over from it."""
    alone = INDEX not in _labels(pod) and ATTEMPT in _labels(pod)
    return ("", str(pod["metadata"].get("name", ""))) if alone else _number(pod)


def _labels(pod: Manifest) -> Manifest:
    labels: Manifest = pod["metadata"].get("labels") or {}
    return labels


def _number(pod: Manifest) -> Any:
    number = _labels(pod).get(INDEX)
    return "" if number is None else int(number) if number.isdecimal() else number


def _rank(pod: Manifest) -> tuple[Any, ...]:
    last = last_words(pod) or {}
    number = _number(pod)
    first = (number if isinstance(number, int) else 0, str(pod["metadata"].get("name", "")))
    if last.get("exitCode"):
        return (0, str(last.get("finishedAt", "")), last["exitCode"] in _ENDED_FROM_OUTSIDE, *first)
    return (1 if cannot_start(pod) else 2, "", False, *first)
