"""Does the mesh send the candidate the share of the requests that was asked for?

The judge's ratio needs no split: it compares what each arm answered. But a mesh that does not route as asked gives a
candidate more of the users than was agreed, or nothing, and a promotion would then rest on requests nobody meant it
to get. So the requests themselves are tested (sample ratio mismatch), by the same kind of e-process: with the share w
asked for, the odds of a request being the candidate's are exp(psi) w / (1 - w), and

    log E(more) = log mean over j of exp( l(tol + d_j) - l(tol) ),   l(psi) = sum of N1 log q(psi) + N0 log(1 - q(psi))

and likewise for less, at half of 1/1000 each. Odds within a quarter of what was asked are no mismatch: that is what
rounding, retries and connections that outlive a change of weight amount to. Requests of one connection go together,
so log E is divided by 4. Whole stretches of 20 windows are judged, so a mended mesh is seen within a stretch.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from kanaria.judge.counts import NO_REQUESTS, Counts, Window
from kanaria.judge.grid import log_mean_exp

TOLERATED = math.log(1.25)
APART = (0.1, 0.2, 0.5, 1.0, 2.0, 4.0)
ALPHA = 0.001
STRETCH = 20
TOGETHER = 4.0
_POINTS = (TOLERATED, *(TOLERATED + apart for apart in APART))
_BOTH = (*_POINTS, *(-point for point in _POINTS))
_NOTHING = (0.0,) * len(_BOTH)
_ASKED = (0, len(_POINTS))
"""Where in `_BOTH` the shares stand that are still as asked."""
_UNIT = 1000


@dataclass(frozen=True, slots=True)
class Split:
    """What the requests of a stretch of windows say; `off` stays until a whole stretch says nothing of it."""

    likelihood: tuple[float, ...] = _NOTHING
    windows: int = 0
    arms: Counts = NO_REQUESTS  # of all requests, those that were the candidate's
    asked: float = 0.0  # how many of them were to be
    off: bool = False
    seen: float = 0.0  # the share that was seen when it was found to be off
    wanted: float = 0.0  # and the one that was asked for then

    @property
    def sentence(self) -> str:
        """What is off, for people."""
        return f"the candidate gets {100 * self.seen:.2g} % of the requests where {100 * self.wanted:.2g} % was asked"


def check(split: Split, weight: int, window: Window) -> Split:
    """The check after one more window in which `weight` percent were asked for."""
    if not 0 < weight < 100:
        return split
    share, candidate, stable = weight / 100, window.candidate.total, window.stable.total
    asked = math.log(share / (1 - share))
    split = replace(
        split,
        likelihood=tuple(
            known + candidate * (asked + point) - (candidate + stable) * math.log1p(math.exp(asked + point))
            for known, point in zip(split.likelihood, _BOTH, strict=True)
        ),
        windows=split.windows + 1,
        arms=split.arms.plus(Counts(candidate + stable, candidate)),
        asked=split.asked + share * (candidate + stable),
    )
    if _log_evidence(split.likelihood) / TOGETHER >= math.log(2 / ALPHA):
        arms = split.arms
        return Split(off=True, seen=arms.bad / arms.total, wanted=split.asked / arms.total)
    if split.windows >= STRETCH:
        return Split()
    return split


def _log_evidence(likelihood: tuple[float, ...]) -> float:
    half = len(_POINTS)
    more, less = likelihood[:half], likelihood[half:]
    return max(log_mean_exp(side[1:]) - side[0] for side in (more, less))


def document_of(split: Split) -> dict[str, Any]:
    """What is kept of it in the status; empty where there is nothing to keep.

    Thousandths relative to the highest: what would be said of a share as asked is rounded up, all else down, so that
    rounding accuses nobody.
    """
    found = {"off": True, "seen": round(split.seen, 6), "wanted": round(split.wanted, 6)} if split.off else {}
    if not split.windows:
        return found
    top = max(split.likelihood)
    return found | {
        "logLikelihood": [
            (math.ceil if index in _ASKED else math.floor)(round((value - top) * _UNIT, 6))
            for index, value in enumerate(split.likelihood)
        ],
        "windows": split.windows,
        "arms": [split.arms.total, split.arms.bad],
        "asked": round(split.asked, 3),
    }


def split_of(document: Mapping[str, Any]) -> Split:
    """What such a document holds; nothing where it cannot be read."""
    try:
        found = Split()
        if document.get("off"):
            found = Split(off=True, seen=float(document["seen"]), wanted=float(document["wanted"]))
        return _stretch(document, found) if "windows" in document else found
    except (KeyError, TypeError, ValueError):
        return Split()


def _stretch(document: Mapping[str, Any], found: Split) -> Split:
    likelihood = tuple(int(value) / _UNIT for value in document["logLikelihood"])
    if len(likelihood) != len(_BOTH):
        raise ValueError(f"{len(likelihood)} likelihoods, where {len(_BOTH)} are needed")
    total, candidate = document["arms"]
    return replace(
        found,
        likelihood=likelihood,
        windows=int(document["windows"]),
        arms=Counts(int(total), int(candidate)),
        asked=float(document["asked"]),
    )
