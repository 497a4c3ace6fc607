"""Does a candidate answer copies of real requests as stable does?

Both models are asked the same copy, so each pair of answers agrees or differs, and the share that differs is a rate
like any other: the e-processes of `rate` tell whether it is proven below the bound, or above it, however often one
looks. Copies that stable itself does not answer well are left out: there is nothing to compare with.

Scores are counted in ten bins, at the deciles of stable's own in the first look that has enough of them; later looks
count in the same bins, so that all looks add up. Their distance is the population stability index (`drift`).
"""

import bisect
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from kanaria.judge.counts import Counts
from kanaria.judge.drift import BINS, psi
from kanaria.judge.rate import log_evidence_above, log_evidence_below
from kanaria.vocabulary import Verdict

ALPHA = BETA = 0.05
BINNED_MIN = 100
"""Scores of one look below which no bins are made of them."""
SCORES_MIN = 1000
"""Scores below which their distance is not told: the index of two samples of one distribution is about 18/n."""
TIMED_MIN = 100
"""Copies of one look below which its 99th percentile is not told."""

_COUNTS = ("compared", "differing", "candidate_errors", "left_out")
_BINS = ("stable_scores", "candidate_scores")


@dataclass(frozen=True, slots=True)
class Look:
    """What one Job saw, or several together."""

    compared: int = 0
    differing: int = 0
    candidate_errors: int = 0  # of those that differ
    left_out: int = 0
    edges: tuple[float, ...] = ()
    stable_scores: tuple[int, ...] = ()
    candidate_scores: tuple[int, ...] = ()
    p99: float | None = None  # milliseconds, of the newest look that had enough

    def plus(self, newer: "Look") -> "Look":
        """Both together; scores that were counted in other bins are lost."""
        fresh = newer if newer.edges else self
        if self.edges and self.edges == newer.edges:
            stable, candidate = (
                _sum(self.stable_scores, newer.stable_scores),
                _sum(self.candidate_scores, newer.candidate_scores),
            )
            fresh = replace(newer, stable_scores=stable, candidate_scores=candidate)
        return Look(
            compared=self.compared + newer.compared,
            differing=self.differing + newer.differing,
            candidate_errors=self.candidate_errors + newer.candidate_errors,
            left_out=self.left_out + newer.left_out,
            edges=fresh.edges,
            stable_scores=fresh.stable_scores,
            candidate_scores=fresh.candidate_scores,
            p99=newer.p99 if newer.p99 is not None else self.p99,
        )

    @property
    def scores(self) -> int:
        """How many scores of each model were counted."""
        return min(sum(self.stable_scores), sum(self.candidate_scores))

    @property
    def distance(self) -> float | None:
        """How far the scores are apart; None where there are too few."""
        if self.scores < SCORES_MIN:
            return None
        return psi(_shares(self.stable_scores), _shares(self.candidate_scores))


@dataclass(frozen=True, slots=True)
class Bounds:
    """What may differ, and by how much."""

    disagreement: float
    psi: float | None = None
    p99: float | None = None  # milliseconds


@dataclass(frozen=True, slots=True)
class Comparison:
    """What all looks together prove, and why."""

    verdict: Verdict
    sentence: str


def binned(stable: Sequence[float], candidate: Sequence[float], edges: Sequence[float]) -> Look:
    """The scores of one look by bins, which are made of stable's where there are none yet."""
    if not edges:
        if min(len(stable), len(candidate)) < BINNED_MIN:
            return Look()
        ordered = sorted(stable)
        edges = sorted({ordered[len(ordered) * k // BINS] for k in range(1, BINS)})
    return Look(edges=tuple(edges), stable_scores=_counted(stable, edges), candidate_scores=_counted(candidate, edges))


def compared(seen: Look, bounds: Bounds) -> Comparison:
    """What is proven: worse by any of the bounds is Failed, within all of them Passed."""
    counts = Counts(seen.compared, seen.differing)
    worse, enough = log_evidence_above(bounds.disagreement, counts) >= math.log(1 / ALPHA), math.log(1 / BETA)
    good, bad = [log_evidence_below(bounds.disagreement, counts) >= enough], [worse]
    for bound, found in ((bounds.psi, seen.distance), (bounds.p99, seen.p99)):
        if bound is not None:
            bad.append(found is not None and found > bound)
            good.append(found is not None and found <= bound)
    verdict = Verdict.FAILED if any(bad) else Verdict.PASSED if all(good) else Verdict.INCONCLUSIVE
    return Comparison(verdict, _sentence(seen, bounds))


def written(look: Look) -> str:
    """What a Job says at its end."""
    return json.dumps({name: value for name, value in asdict(look).items() if value not in (None, 0, ())})


def read(said: str, edges: Sequence[float] = ()) -> Look:
    """What it said.

    Raises:
        ValueError: if that is no look, or one in other bins than it was told.
    """
    document = json.loads(said)
    look = look_of(document if isinstance(document, Mapping) else {"compared": said[:80]})
    bins = {len(look.edges) + 1} if look.edges else {0}
    fits = {len(look.stable_scores), len(look.candidate_scores)} == bins and len(look.edges) < BINS
    if not fits or not 0 <= look.differing <= look.compared or (edges and look.edges not in ((), tuple(edges))):
        raise ValueError("its counts do not fit together")
    return look


def look_of(document: Mapping[str, Any]) -> Look:
    """The look of a document.

    Raises:
        ValueError: if a value is none that it can have.
    """
    try:
        counts = {name: int(document.get(name) or 0) for name in _COUNTS}
        bins = {name: tuple(int(each) for each in document.get(name) or ()) for name in _BINS}
        edges, p99 = tuple(float(each) for each in document.get("edges") or ()), document.get("p99")
        return Look(**counts, **bins, edges=edges, p99=float(p99) if p99 is not None else None)  # type: ignore[arg-type]
    except TypeError as error:
        raise ValueError(str(error)) from error


def _sentence(seen: Look, bounds: Bounds) -> str:
    share = 100 * seen.differing / seen.compared if seen.compared else 0.0
    told = [
        f"{seen.differing:,} of {seen.compared:,} answers differ ({share:.3g} %), {100 * bounds.disagreement:g} % may"
    ]
    if seen.candidate_errors:
        told.append(f"{seen.candidate_errors:,} of them are errors of the candidate")
    if bounds.psi is not None:
        distance = seen.distance
        few = f"{seen.scores:,} of {SCORES_MIN:,} scores that are needed"
        told.append(few if distance is None else f"scores are {distance:.2g} apart (PSI), {bounds.psi:g} may be")
    if bounds.p99 is not None:
        late = (
            "too few copies for a 99th percentile"
            if seen.p99 is None
            else f"99 % were answered within {seen.p99:.0f} ms"
        )
        told.append(f"{late}, {bounds.p99:.0f} ms may be")
    if seen.left_out:
        told.append(f"{seen.left_out:,} copies left out")
    return "; ".join(told)


def _counted(values: Sequence[float], edges: Sequence[float]) -> tuple[int, ...]:
    counts = [0] * (len(edges) + 1)
    for value in values:
        counts[bisect.bisect_left(edges, value)] += 1
    return tuple(counts)


def _sum(one: Sequence[int], other: Sequence[int]) -> tuple[int, ...]:
    return tuple(a + b for a, b in zip(one, other, strict=True))


def _shares(counts: Sequence[int]) -> list[float]:
    total = sum(counts) or 1
    return [count / total for count in counts]
