"""How is a trial's evidence kept through a restart of the operator?

As a small document in status: at most 1 KiB a metric, no raw counters. Likelihoods are whole thousandths relative to
their highest; the two bounds are rounded up and the alternatives down, so no rounding ever turns "not proven" into
"proven", and what is lost (at most 0.002 of log E at each restart, where a proof takes 3) only delays.

Windows between the checkpoint and the restart are gone: the first window afterwards begins at the first reading
afterwards. Which windows are lost does not depend on what they held, so the tests stay valid.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kanaria.judge.counts import Counts
from kanaria.judge.evidence import Evidence
from kanaria.judge.grid import PROMOTE_BOUND, ROLLBACK_BOUND
from kanaria.judge.sequential import SequentialTest

VERSION = 1
_UNIT = 1000


@dataclass(frozen=True, slots=True)
class Unusable:
    """A checkpoint that cannot be taken up, and why: its metric begins anew."""

    message: str


def checkpoint(evidence: Evidence) -> dict[str, Any]:
    """The document to keep."""
    grid, top = evidence.grid, max(evidence.likelihood)
    return {
        "version": VERSION,
        "rollbackAbove": repr(grid.rollback_above),
        "promoteBelow": repr(grid.promote_below),
        "logLikelihood": [
            _thousandths(value - top, up=index in (ROLLBACK_BOUND, PROMOTE_BOUND))
            for index, value in enumerate(evidence.likelihood)
        ],
        "candidate": [evidence.candidate.total, evidence.candidate.bad],
        "stable": [evidence.stable.total, evidence.stable.bad],
        "weighted": [round(evidence.weighted_candidate * _UNIT), round(evidence.weighted_stable * _UNIT)],
        "windows": evidence.windows,
        "lastWindowEnd": evidence.last_end.isoformat() if evidence.last_end else None,
    }


def _thousandths(value: float, *, up: bool) -> int:
    exact = round(value * _UNIT, 6)  # a whole number taken up comes back a hair off: that must not move it again
    return math.ceil(exact) if up else math.floor(exact)


def restore(document: Mapping[str, Any], test: SequentialTest) -> Evidence | Unusable:
    """The evidence a checkpoint holds, if it was taken for a test with the same bounds."""
    try:
        return _read(document, test)
    except (KeyError, TypeError, ValueError) as error:
        return Unusable(f"the checkpoint cannot be read ({error!r}); the metric's evidence begins anew")


def _read(document: Mapping[str, Any], test: SequentialTest) -> Evidence | Unusable:
    if document["version"] != VERSION:
        return Unusable(f"the checkpoint is of version {document['version']}, this operator reads {VERSION}")
    grid = test.grid
    bounds = float(document["rollbackAbove"]), float(document["promoteBelow"])
    if bounds != (grid.rollback_above, grid.promote_below):
        now = (grid.rollback_above, grid.promote_below)
        return Unusable(f"rollbackAbove and promoteBelow were {bounds} and are {now}; the evidence begins anew")
    likelihood = tuple(int(value) / _UNIT for value in document["logLikelihood"])
    if len(likelihood) != len(grid.points):
        return Unusable(f"the checkpoint holds {len(likelihood)} likelihoods, the test needs {len(grid.points)}")
    weighted_candidate, weighted_stable = (value / _UNIT for value in document["weighted"])
    return Evidence(
        grid=grid,
        likelihood=likelihood,
        candidate=Counts(*document["candidate"]),
        stable=Counts(*document["stable"]),
        weighted_candidate=weighted_candidate,
        weighted_stable=weighted_stable,
        windows=int(document["windows"]),
        last_end=_moment(document["lastWindowEnd"]),
    )


def _moment(written: str | None) -> datetime | None:
    if not written:
        return None
    moment = datetime.fromisoformat(written)
    if moment.tzinfo is None:
        raise ValueError(f"lastWindowEnd {written} has no time zone")
    return moment
