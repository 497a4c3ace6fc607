"""How seldom does the judge raise a false alarm, how fast is it, and how many bad answers does it let through?

    python bench/judge.py [--runs 4000] [--seed 1] [--only null,bursts,rules,duel,cost]

Rivals are re-implemented (see canary_rules). In a duel *all* their thresholds are tried; only those that raise no more
false alarms than the judge, in the worlds named, may compete, and the best of them is chosen in hindsight for each
candidate. Trials last an hour in windows of 15 s. Harm is the mean number of bad answers of a candidate until it
is rolled back, or until the hour is over.
"""

import argparse
import json
import math
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import numpy as np
from canary_rules import failed_checks, kayenta, log_worse, msprt, z_test
from canary_worlds import Drawn, Floats, World, by_steps, drawn, incident, rising, steady

from kanaria.judge.checkpoint import checkpoint
from kanaria.judge.counts import Counts, Window
from kanaria.judge.evidence import nothing_seen, observe
from kanaria.judge.sequential import SequentialTest, verdict
from kanaria.judge.split import Split, check
from kanaria.judge.usual import ASSUMED, NOTHING_USUAL, document_of, watch_usual
from kanaria.vocabulary import Verdict

ALPHA = 0.05
ENOUGH = math.log(1 / ALPHA)
HEALTHY = World()
LIMITS = (1.1, 1.2, 1.3, 1.5, 1.8, 2, 2.3, 2.7, 3, 3.5, 4, 5, 6, 8, 10, 15, 20)  # times the base rate
RATIOS = (1.2, 1.5, 2, 3, 5)


@dataclass(frozen=True)
class Figures:
    alarms: float  # share of trials rolled back
    median: float  # minutes, of those
    late: float  # minutes, 90 % of those
    harm: float

    def __str__(self) -> str:
        return f"{100 * self.alarms:.0f} % / {self.median:.1f} / {self.late:.1f} / {self.harm:.0f}"


def figures(score: Floats, threshold: float, trials: Drawn) -> Figures:
    crossed = score >= threshold
    found = crossed.any(1)
    end = np.where(found, crossed.argmax(1), crossed.shape[1] - 1)
    harm = np.take_along_axis(np.cumsum(trials.e1, axis=1), end[:, None], 1).mean()
    minutes = (end[found] + 1) * 60 / trials.n1.shape[1]
    late = float(np.percentile(minutes, 90)) if found.any() else math.inf
    return Figures(float(found.mean()), float(np.median(minutes)) if found.any() else math.inf, late, float(harm))


def at_rate(scores: Iterable[Floats], allowed: float) -> float:
    """The lowest threshold whose false alarms are at most this share in each of the null worlds."""
    lowest = 0.0
    for score in scores:
        highest = np.sort(score.max(1))[::-1]
        lowest = max(lowest, float(np.nextafter(highest[int(allowed * highest.size)], math.inf)))
    return lowest


class Cells:
    """Worlds and what was drawn of them, each from a seed of its own."""

    def __init__(self, runs: int, seed: int) -> None:
        self.runs, self.seed = runs, seed
        self.worlds: list[World] = []

    def draw(self, world: World) -> Drawn:
        if world not in self.worlds:
            self.worlds.append(world)
        return drawn(world, self.runs, self.seed + self.worlds.index(world))


def nulls(cells: Cells) -> None:
    print("\n== false alarms of the judge, equally good candidates (promised: at most 5 %), dispersion 1 / 2 ==")
    for rps in (2, 10, 50, 200, 500):
        row = []
        for base in (0.001, 0.01, 0.05, 0.20):
            score = log_worse(cells.draw(replace(HEALTHY, rps=rps, base=fixed(base))))
            row.append(f"{100 * base:g} %: {alarms(score, 1):5.2f} / {alarms(score, ASSUMED):5.2f} %")
        print(f"  {rps:4} rps   " + "   ".join(row), flush=True)
    for name, world in ODD.items():
        score = log_worse(cells.draw(world))
        print(f"  {name:34} {alarms(score, 1):5.2f} / {alarms(score, ASSUMED):5.2f} %", flush=True)
    for real in (0.11, 0.15, 0.20, 0.50):
        print(f"  split check, {100 * real:.0f} % where 10 % was asked: {split_found(real, cells.seed)}", flush=True)


def alarms(score: Floats, dispersion: float) -> float:
    return 100 * float(((score / dispersion).max(1) >= ENOUGH).mean())


@lru_cache(maxsize=64)
def fixed(base: float):  # noqa: ANN201 - one Course for each rate, so that equal worlds are equal
    return steady(base)


ODD = {
    "incident common to both arms": replace(HEALTHY, base=incident),
    "weights 5-50 %, base 1 -> 3 %": replace(HEALTHY, weight=by_steps, base=rising),
    "11 % where 10 % was asked": replace(HEALTHY, weight=fixed(0.11)),
    "20 % where 10 % was asked": replace(HEALTHY, weight=fixed(0.20)),
}


def split_found(real: float, seed: int, runs: int = 200) -> str:
    random, after = np.random.default_rng(seed), []
    for _ in range(runs):
        split = Split()
        for window in range(1, 241):
            total = int(random.poisson(750))
            ours = int(random.binomial(total, real))
            split = check(split, 10, Window(NOON, NOON, Counts(ours, 0), Counts(total - ours, 0)))
            if split.off:
                after.append(window)
                break
    median = f", median {np.median(after) / 4:.2g} min" if after else ""
    return f"{100 * len(after) / runs:.0f} % found{median}"


NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def bursts(cells: Cells) -> None:
    print("\n== bad requests in clumps: false alarms, and a candidate x2 found / median minutes ==")
    print("  phi: 1, assumed 2, measured in 20 windows of stable before the trial, measured in 120")
    for clump in (1, 2, 3, 5, 10, 20):
        null, worse = (cells.draw(replace(HEALTHY, clump=clump, ratio=ratio)) for ratio in (1.0, 2.0))
        score, scored = log_worse(null), log_worse(worse)
        shown = []
        for name, phi in (
            ("1", 1.0), ("2", ASSUMED), ("20", measured(cells, clump, 20)), ("120", measured(cells, clump, 120)),
        ):  # fmt: skip
            found = figures(scored / phi, ENOUGH, worse)
            rate = 100 * float(((score / phi).max(1) >= ENOUGH).mean())
            shown.append(f"[{name}] {rate:5.2f} %, x2 {100 * found.alarms:.0f} % / {found.median:.1f}")
        print(f"  clumps of {clump:2}: " + "   ".join(shown), flush=True)


def measured(cells: Cells, clump: int, windows: int) -> Floats:
    """The dispersion that each trial begins with: by the product's code, of stable's windows before it."""
    before = drawn(replace(HEALTHY, clump=clump, windows=windows), cells.runs, cells.seed + 100_000 + clump)
    found = np.empty((cells.runs, 1))
    for run in range(cells.runs):
        known = NOTHING_USUAL
        for total, bad in zip(before.n0[run], before.e0[run], strict=True):
            known = watch_usual(known, 15, int(total), Counts(int(total), int(bad)))
        found[run] = known.dispersion.value
    return found


FAMOUS = {
    "Argo success >= 98 %, failureLimit 0": (0.02, 1),
    "Argo success >= 98 %, failureLimit 3": (0.02, 4),
    "Flagger min 98, threshold 5": (0.02, 5),
    "Flagger min 98, threshold 10": (0.02, 10),
}


def rules(cells: Cells) -> None:
    """All rules with the thresholds people give them: what they promise, or what their documentation shows."""
    worlds = {"null": HEALTHY, "incident": ODD["incident common to both arms"]}
    worlds["steps, base rises"] = ODD["weights 5-50 %, base 1 -> 3 %"]
    worlds |= {f"x{ratio}": replace(HEALTHY, ratio=ratio) for ratio in RATIOS}
    print("\n== as they come (50 rps, 10 %, base 1 %; Argo, Flagger: each minute): rolled back / median minutes ==")
    print(f"  {'':38}" + "".join(f"{name:>18}" for name in worlds))
    table: dict[str, list[str]] = {}
    for world in worlds.values():
        trials = cells.draw(world)
        minutes = trials.by(4)
        found = {
            name: figures(failed_checks(minutes, limit), count, minutes) for name, (limit, count) in FAMOUS.items()
        }
        found["z-test, 5 %, each window"] = figures(z_test(trials), 1.645, trials)
        found["mSPRT, 5 %"] = figures(msprt(trials, 0.01), ENOUGH, trials)
        found["Kayenta each 5 min from 10, 98 %"] = figures(kayenta(trials), 2.326, trials)
        score = log_worse(trials)
        found["judge, dispersion 1"] = figures(score, ENOUGH, trials)
        found["judge, dispersion 2 (assumed)"] = figures(score / ASSUMED, ENOUGH, trials)
        for name, figure in found.items():
            table.setdefault(name, []).append(f"{100 * figure.alarms:.1f} % / {figure.median:.1f}")
    for name, row in table.items():
        print(f"  {name:38}" + "".join(f"{cell:>18}" for cell in row), flush=True)


def duel(cells: Cells) -> None:
    same = "steady base, known beforehand"
    for rps, base in ((50, 0.01), (2, 0.01), (10, 0.05), (200, 0.001), (500, 0.01), (50, 0.20)):
        healthy = replace(HEALTHY, rps=rps, base=fixed(base))
        ratios = [r for r in RATIOS if r * base <= 0.65]
        fight(cells, f"{same}: {rps} rps, base {100 * base:g} %", [healthy], healthy, ratios)
    three = [HEALTHY, ODD["incident common to both arms"], ODD["weights 5-50 %, base 1 -> 3 %"]]
    fight(cells, "no false alarms in three worlds: steady, incident, steps with a rising base", three, HEALTHY, RATIOS)


def fight(cells: Cells, title: str, null: list[World], healthy: World, ratios: Iterable[float]) -> None:
    print(f"\n== at no more false alarms than the judge; {title} ==")
    base = healthy.base(0)
    drawn_null = [cells.draw(world) for world in null]
    proofs = [log_worse(trials) for trials in drawn_null]
    allowed = {phi: max(float(((proof / phi).max(1) >= ENOUGH).mean()) for proof in proofs) for phi in (1.0, ASSUMED)}
    set_up = {phi: thresholds(drawn_null, base, share) for phi, share in allowed.items()}
    print("  rolled back / median / 90 % of those, minutes / harm")
    for ratio in ratios:
        trials = cells.draw(replace(healthy, ratio=ratio))
        proof = log_worse(trials)
        for phi, options in set_up.items():
            judge = figures(proof / phi, ENOUGH, trials)
            rivals = {name: best(trials, known) for name, known in options.items()}
            shown = "   ".join(f"{name} {figure}" for name, figure in rivals.items())
            times = rivals["threshold rule"].harm / judge.harm
            print(f"  x{ratio:<4} phi {phi:g}, {100 * allowed[phi]:.2f} % false alarms: judge {judge}   {shown}")
            print(f"        harm 1/{times:.1f} of the best threshold rule's", flush=True)


Option = tuple[str, float, float]


def thresholds(null: list[Drawn], base: float, allowed: float) -> dict[str, list[Option]]:
    """For each rule what may be set: at most so many false alarms in each of the worlds."""
    checks = []
    for every in (1, 4):
        for times in LIMITS:
            limit = min(0.99, times * base)
            count = at_rate((failed_checks(trials.by(every), limit) for trials in null), allowed)
            checks.append((f"checks{every}", limit, math.ceil(count)))
    return {
        "threshold rule": checks,
        "z": [("z", 0, at_rate((z_test(trials) for trials in null), allowed))],
        "mSPRT": [("msprt", base, at_rate((msprt(trials, base) for trials in null), allowed))],
        "Kayenta": [("kayenta", 0, at_rate((kayenta(trials) for trials in null), allowed))],
    }


def best(trials: Drawn, options: list[Option]) -> Figures:
    return min((by_option(trials, *option) for option in options), key=lambda found: found.harm)


def by_option(trials: Drawn, name: str, setting: float, threshold: float) -> Figures:
    if name.startswith("checks"):
        read = trials.by(int(name[6:]))
        return figures(failed_checks(read, setting), threshold, read)
    score = {"z": z_test, "kayenta": kayenta}[name](trials) if name != "msprt" else msprt(trials, setting)
    return figures(score, threshold, trials)


def cost() -> None:
    test, windows = SequentialTest(accept_below=0.001), 20_000
    trials = drawn(replace(HEALTHY, windows=windows), 1, 1)
    read = [
        Window(NOON + n * timedelta(seconds=15), NOON + (n + 1) * timedelta(seconds=15), Counts(*one), Counts(*other))
        for n, (one, other) in enumerate(
            zip(
                zip(trials.n1[0].astype(int).tolist(), trials.e1[0].astype(int).tolist(), strict=True),
                zip(trials.n0[0].astype(int).tolist(), trials.e0[0].astype(int).tolist(), strict=True),
                strict=True,
            )
        )
    ]
    evidence, known, took = nothing_seen(test.grid), NOTHING_USUAL, []
    for window in read:
        start = time.process_time()
        known = watch_usual(known, 15, window.stable.total + window.candidate.total, window.stable)
        evidence = observe(evidence, window)
        verdict(evidence, replace(test, dispersion=known.dispersion.value))
        took.append(time.process_time() - start)
    state = len(json.dumps(checkpoint(evidence))) + len(json.dumps(document_of(known)))
    print(
        f"\n== cost ==\n  {1e6 * np.median(took):.1f} µs per metric and window (budget 50), {state} bytes (budget 2048)"
    )


def against_the_product(runs: int = 20) -> None:
    """The formulas for all trials at once say what the product's own code says."""
    trials = drawn(replace(HEALTHY, ratio=2), runs, 7)
    score, test = log_worse(trials), SequentialTest(dispersion=1)
    for run in range(runs):
        evidence, end = nothing_seen(test.grid), None
        for n in range(240):
            counts = (
                Counts(int(t[run, n]), int(b[run, n])) for t, b in ((trials.n1, trials.e1), (trials.n0, trials.e0))
            )
            evidence = observe(evidence, Window(NOON + n * timedelta(1), NOON + (n + 1) * timedelta(1), *counts))
            if end is None and verdict(evidence, test).verdict is Verdict.FAILED:
                end = n
        if end != int((score[run] >= ENOUGH).argmax()):
            raise SystemExit(f"run {run}: the product ends at {end}")
    print(f"formulas agree with the product's code in {runs} trials")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="null,bursts,rules,duel,cost")
    asked = parser.parse_args()
    cells, parts = Cells(asked.runs, asked.seed), asked.only.split(",")
    print(f"{asked.runs} trials a cell, seeds from {asked.seed} on, one a cell in the order of this page")
    against_the_product()
    for name, part in (("null", nulls), ("bursts", bursts), ("rules", rules), ("duel", duel)):
        if name in parts:
            part(cells)
    if "cost" in parts:
        cost()


if __name__ == "__main__":
    main()
