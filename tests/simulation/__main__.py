"""Plays histories from seeds: `python -m simulation --histories 2000`, or one again: `--seed 1234`."""

import argparse
import gc
import logging
import multiprocessing
import os
import sys
import time
from collections.abc import Sequence

from simulation.history import drawn, played, shrunk, still_breaks, tidy

AT_ONCE = 25
Found = list[tuple[int, list[str]]]


def _some(seeds: Sequence[int]) -> tuple[int, float, Found]:
    gc.disable()
    began = time.process_time()
    found = [(seed, broken) for seed in seeds if (broken := played(drawn(seed)))]
    tidy()
    return len(seeds), time.process_time() - began, found


def _quietly() -> None:
    logging.disable(logging.WARNING)


def _told(seed: int, broken: list[str], *, shrink: bool) -> None:
    history = drawn(seed)
    print(f"\n{history}")
    for each in broken:
        print(f"  {each}")
    if shrink:
        print(f"  shortest: {shrunk(history, still_breaks(broken))}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="simulation", description=__doc__)
    parser.add_argument("--histories", type=int, default=1000, help="how many")
    parser.add_argument("--from", dest="first", type=int, default=0, help="the first seed")
    parser.add_argument("--seed", type=int, help="this one alone, with all that is logged")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="no more than so many")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--violations", type=int, default=10, help="stop after so many")
    parser.add_argument("--plain", action="store_true", help="look for no shorter history")
    given = parser.parse_args()
    if given.seed is not None:
        logging.basicConfig(level=logging.INFO, format="%(message)s")
        logging.getLogger("asyncio").setLevel(logging.ERROR)
        broken = played(drawn(given.seed))
        _told(given.seed, broken, shrink=bool(broken))
        return bool(broken)
    return _many(given)


def _many(given: argparse.Namespace) -> int:
    seeds = range(given.first, given.first + given.histories)
    chunks = [seeds[start : start + AT_ONCE] for start in range(0, len(seeds), AT_ONCE)]
    count, cpu, found = 0, 0.0, []
    _quietly()
    began = time.monotonic()
    with multiprocessing.get_context("fork").Pool(given.processes, _quietly, maxtasksperchild=40) as pool:
        for done, seconds, broken in pool.imap_unordered(_some, chunks):
            count, cpu = count + done, cpu + seconds
            found += broken
            if len(found) >= given.violations or time.monotonic() - began > 60 * given.minutes:
                break
    spent = time.monotonic() - began
    print(
        f"{count} histories in {spent:.0f} s, {count / spent:.1f} a second, {1000 * cpu / count:.0f} ms of CPU each; "
        f"{len(found)} broke a law",
        flush=True,
    )
    for seed, broken in sorted(found)[: given.violations]:
        _told(seed, broken, shrink=not given.plain)
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
