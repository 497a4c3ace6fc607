"""What do measurements against a bound say, counted as Argo Rollouts counts them?

A measurement passes, fails, is neither, or could not be taken. Failures and those that are neither are counted over
the whole trial; those that could not be taken, and successes, in a row. The counts are a small frozen value that is
written down and taken up again. A measurement that could not be taken never fails anything.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from kanaria.vocabulary import Verdict

VERSION = 1
UNLIMITED = -1


@dataclass(frozen=True, slots=True)
class Limits:
    """How many of each are tolerated (-1: any number); the names and defaults are Argo's."""

    failure: int = 0
    inconclusive: int = 0
    consecutive_error: int = 4
    consecutive_success: int = 0  # so many in a row are enough; 0: never enough by themselves
    count: int = 0  # so many measurements, and no more; 0: for as long as the trial lasts


@dataclass(frozen=True, slots=True)
class Tally:
    """The counts of one metric. `of` tells which definition of the metric they were counted for."""

    of: str
    since: datetime | None = None  # when the candidate first had traffic
    at: datetime | None = None  # the newest measurement
    tries: int = 0  # measurements that were begun and are over, taken or not
    taken: int = 0
    failed: int = 0
    inconclusive: int = 0
    errors: int = 0  # in a row
    successes: int = 0  # in a row
    sentence: str = ""
    fault: str = ""  # what the newest failure said
    blind_since: datetime | None = None


def counted(tally: Tally, verdict: Verdict, at: datetime, sentence: str) -> Tally:
    """The tally with one more measurement."""
    if verdict is Verdict.UNMEASURED:
        return replace(tally, at=at, tries=tally.tries + 1, errors=tally.errors + 1, successes=0, sentence=sentence)
    failed = verdict is Verdict.FAILED
    return replace(
        tally,
        at=at,
        tries=tally.tries + 1,
        taken=tally.taken + 1,
        failed=tally.failed + failed,
        inconclusive=tally.inconclusive + (verdict is Verdict.INCONCLUSIVE),
        errors=0,
        successes=tally.successes + 1 if verdict is Verdict.PASSED else 0,
        sentence=sentence,
        fault=sentence if failed else tally.fault,
        blind_since=None,
    )


def verdict_of(tally: Tally, limits: Limits) -> Verdict:
    """What the counts say so far."""
    if _over(tally.failed, limits.failure):
        return Verdict.FAILED
    if is_blind(tally, limits):
        return Verdict.UNMEASURED
    enough = limits.consecutive_success and tally.successes >= limits.consecutive_success
    if _over(tally.inconclusive, limits.inconclusive):
        return Verdict.INCONCLUSIVE
    if enough or is_over(tally, limits):
        return Verdict.PASSED
    proven = tally.taken > tally.failed + tally.inconclusive or (tally.taken and limits.failure == UNLIMITED)
    waits = not proven or limits.count or limits.consecutive_success  # a failure that is tolerated proves nothing
    return Verdict.INCONCLUSIVE if waits else Verdict.PASSED


def is_blind(tally: Tally, limits: Limits) -> bool:
    """Whether too many measurements in a row could not be taken."""
    return not is_over(tally, limits) and _over(tally.errors, limits.consecutive_error)


def is_over(tally: Tally, limits: Limits) -> bool:
    """Whether all measurements that were asked for are taken."""
    return bool(limits.count) and tally.taken >= limits.count


def _over(count: int, limit: int) -> bool:
    return limit != UNLIMITED and count > limit


def written(tally: Tally) -> dict[str, Any]:
    """The document to keep in status."""
    return {
        "version": VERSION,
        "of": tally.of,
        "tries": tally.tries,
        "taken": tally.taken,
        "failed": tally.failed,
        "inconclusive": tally.inconclusive,
        "errors": tally.errors,
        "successes": tally.successes,
        "sentence": tally.sentence[:200],
        "fault": tally.fault[:200],
        **{name: moment.isoformat() for name, moment in _moments(tally).items() if moment},
    }


def _moments(tally: Tally) -> Mapping[str, datetime | None]:
    return {"since": tally.since, "at": tally.at, "blindSince": tally.blind_since}


def taken_up(document: Mapping[str, Any] | None, of: str) -> Tally:
    """The tally that was written for this definition of the metric; an empty one where there is none."""
    try:
        if not document or document["version"] != VERSION or document["of"] != of:
            return Tally(of)
        return _read(document, of)
    except (KeyError, TypeError, ValueError):
        return Tally(of)


def _read(document: Mapping[str, Any], of: str) -> Tally:
    since, at, blind = (
        datetime.fromisoformat(document[name]) if name in document else None for name in ("since", "at", "blindSince")
    )
    return Tally(
        of=of,
        since=since,
        at=at,
        tries=int(document["tries"]),
        taken=int(document["taken"]),
        failed=int(document["failed"]),
        inconclusive=int(document["inconclusive"]),
        errors=int(document["errors"]),
        successes=int(document["successes"]),
        sentence=str(document["sentence"]),
        fault=str(document["fault"]),
        blind_since=blind,
    )
