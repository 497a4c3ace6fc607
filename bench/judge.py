"""How fast is the judge, and how many bad answers does it let through, beside threshold rules as others have them?

    python bench/judge.py [runs]

Rivals are Argo Rollouts' and Flagger's rule: a minute whose candidate answers more than LIMIT bad is a failed check,
and the FAILURES-th failed check rolls back. *All* combinations of LIMIT and FAILURES are tried; only those that raise
no more false alarms than the judge may compete, and for each candidate the best of them is chosen in hindsight.
"""

import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

import numpy as np

from kanaria.judge.counts import Window
from kanaria.judge.evidence import nothing_seen, observe
from kanaria.judge.interval import ratio_interval
from kanaria.judge.sequential import SequentialTest, verdict
from kanaria.vocabulary import Verdict
from simulated_canary import Canary

HEALTHY = Canary()
LIMITS = (0.012, 0.015, 0.018, 0.02, 0.023, 0.027, 0.03, 0.035, 0.04, 0.05, 0.06, 0.07, 0.08, 0.1)
FAILURES = (1, 2, 3, 4, 5, 7, 10, 15, 20)
PLAIN, CAREFUL = SequentialTest(dispersion=1), SequentialTest()

Trial = list[Window]
Rule = Callable[[Trial], int | None]  # the minute of the rollback


@dataclass(frozen=True)
class Figures:
    alarms: float  # share of runs rolled back
    median: float  # minutes, of those
    bad: float  # mean bad answers of the candidate until rollback or the end


def judge_by(test: SequentialTest) -> Rule:
    def rule(trial: Trial) -> int | None:
        evidence = nothing_seen(test.grid)
        for minute, window in enumerate(trial, start=1):
            evidence = observe(evidence, window)
            if verdict(evidence, test).verdict is Verdict.FAILED:
                return minute
        return None

    return rule


def threshold(limit: float, failures: int) -> Rule:
    def rule(trial: Trial) -> int | None:
        failed = 0
        for minute, window in enumerate(trial, start=1):
            failed += window.candidate.bad > limit * window.candidate.total
            if failed >= failures:
                return minute
        return None

    return rule


def figures(rule: Rule, trials: Iterable[Trial]) -> Figures:
    ends, bad = [], []
    for trial in trials:
        end = rule(trial)
        ends.append(end)
        bad.append(sum(window.candidate.bad for window in trial[:end]))
    found = [end for end in ends if end is not None]
    return Figures(len(found) / len(ends), float(np.median(found)) if found else float("inf"), float(np.mean(bad)))


def drawn(canary: Canary, runs: int) -> list[Trial]:
    return [list(canary.windows(seed)) for seed in range(runs)]


def incident(minute: int) -> float:
    return 0.05 if 20 <= minute < 30 else 0.01


def doubling(minute: int) -> float:
    return 0.01 * (1 + minute / 59)


def by_steps(minute: int) -> float:
    return (0.05, 0.10, 0.25, 0.50)[minute // 15]


NULLS = {
    "steady 1 %": HEALTHY,
    "both 1→2 %, 4 weights": replace(HEALTHY, weight=by_steps, base=doubling),
    "incident in both": replace(HEALTHY, base=incident),
}
WORSE = {f"×{ratio}": replace(HEALTHY, ratio=ratio) for ratio in (1.5, 2, 3, 5, 10)}
FAMOUS = {
    "Argo ≥ 98 %, failureLimit 0": threshold(0.02, 1),
    "Argo ≥ 98 %, failureLimit 3": threshold(0.02, 4),
    "Flagger min 98, threshold 5": threshold(0.02, 5),
    "Flagger min 98, threshold 10": threshold(0.02, 10),
}
JUDGES = {"judge, dispersion 1": judge_by(PLAIN), "judge, dispersion 2 (default)": judge_by(CAREFUL)}


def speed() -> None:
    test, rounds = SequentialTest(accept_below=0.001), 20_000
    windows = list(replace(HEALTHY, minutes=rounds).windows(0))
    evidence, start = nothing_seen(test.grid), time.perf_counter()
    for window in windows:
        evidence = observe(evidence, window)
        verdict(evidence, test)
    judged = (time.perf_counter() - start) / rounds * 1e6
    start = time.perf_counter()
    for _ in range(1000):
        ratio_interval(evidence, test).sentence("errors")
    told = (time.perf_counter() - start) / 1000 * 1e6
    print(f"judge, per metric and window: {judged:.1f} µs (budget 50); the interval and its sentence: {told:.1f} µs\n")


def table(nulls: dict[str, list[Trial]], worse: dict[str, list[Trial]]) -> None:
    print("share of runs rolled back / median minutes; false alarms first")
    print(f"{'rule':32}" + "".join(f"{name[:22]:>24}" for name in nulls) + "".join(f"{name:>12}" for name in worse))
    for name, rule in (FAMOUS | JUDGES).items():
        row = [f"{100 * figures(rule, trials).alarms:.1f} %" for trials in nulls.values()]
        cells = [figures(rule, trials) for trials in worse.values()]
        shown = [f"{100 * cell.alarms:.0f} % / {cell.median:.0f}" for cell in cells]
        print(f"{name:32}" + "".join(f"{cell:>24}" for cell in row) + "".join(f"{cell:>12}" for cell in shown))
    print()


def duel(title: str, nulls: list[list[Trial]], worse: dict[str, list[Trial]]) -> None:
    """Bad answers let through by each judge and by the best threshold rule with no more false alarms."""
    print(f"bad answers until rollback, at no more false alarms than the judge ({title})")
    rules = {(limit, failures): threshold(limit, failures) for limit, failures in product(LIMITS, FAILURES)}
    alarms = {key: max(figures(rule, trials).alarms for trials in nulls) for key, rule in rules.items()}
    for name, judge in JUDGES.items():
        allowed = max(figures(judge, trials).alarms for trials in nulls)
        fair = [key for key, rate in alarms.items() if rate <= allowed]
        for ratio, trials in worse.items():
            ours = figures(judge, trials).bad
            best = min(fair, key=lambda key: figures(rules[key], trials).bad)
            theirs = figures(rules[best], trials).bad
            rule = f"> {100 * best[0]:.1f} % in {best[1]} of 60 checks"
            print(f"  {name:30} {ratio:>5}: {ours:7.1f} beside {theirs:7.1f}, 1/{theirs / ours:.1f}   ({rule})")
    print()


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    speed()
    print(f"{runs} runs each; 50 requests a second, candidate 10 %, base 1 %, 60 checks of a minute\n")
    nulls = {name: drawn(canary, runs) for name, canary in NULLS.items()}
    worse = {name: drawn(canary, runs) for name, canary in WORSE.items()}
    table(nulls, worse)
    duel("steady base rate, known beforehand", [nulls["steady 1 %"]], worse)
    duel("all three worlds above", list(nulls.values()), worse)


if __name__ == "__main__":
    main()
