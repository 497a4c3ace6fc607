"""How long a run waited in queues of Kueue, in which its deadline does not count."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from kanaria.engines import engine_of
from kanaria.vocabulary.marks import QUEUE
from kanaria.vocabulary.objects import Manifest


def queued(jobs: Iterable[Manifest], now: datetime) -> timedelta:
    """For how long at least one of these Jobs waited; of two that waited at once the time counts once.

    A Job begins anew each time it is admitted, so what it did before Kueue took its place away was waiting too.
    """
    total, until = timedelta(), None
    for began, ended in sorted(_wait(job, now) for job in jobs if QUEUE in (job["metadata"].get("labels") or {})):
        begins = began if until is None else max(began, until)
        total += max(ended - begins, timedelta())
        until = ended if until is None else max(ended, until)
    return total


def _wait(job: Manifest, now: datetime) -> tuple[datetime, datetime]:
    """From when to when it waited: the API server forgets the start of a Job that is suspended again."""
    created = datetime.fromisoformat(job["metadata"]["creationTimestamp"])
    return created, max(created, engine_of(job).began(job) or now)
