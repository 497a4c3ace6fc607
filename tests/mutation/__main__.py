"""Makes each deliberate fault in a copy of the package, and tells which test noticed: `python -m mutation`.

First the tests of the rooms around the fault run, then, where none of them noticed, histories of the simulator. Tests
that fail without any fault, or are not run, would seem to notice everything: they end it all.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from mutation.faults import FAULTS, Fault

ROOT = Path(__file__).parents[2]
HISTORIES = 150
PATIENCE = 900
_TESTS = {
    "decide/model_deployment": ("tests/decide/model_deployment", "tests/serving"),
    "decide/ml_pipeline_run": ("tests/decide/ml_pipeline_run",),
    "decide/ml_pipeline": ("tests/decide/ml_pipeline",),
    "decide/git_sync": (
        "tests/decide/git_sync",
        "tests/reconcile/test_git_sync_pass.py",
        "tests/reconcile/test_git_sync_prune.py",
        "tests/reconcile/test_git_sync_trust.py",
    ),
    "serving": ("tests/serving", "tests/decide/model_deployment"),
    "judge": ("tests/judge", "tests/decide/model_deployment"),
    "gates": ("tests/gates", "tests/decide/ml_pipeline_run"),
    "strategies": ("tests/strategies", "tests/decide/model_deployment"),
    "decide": ("tests/decide",),
}


def misfits() -> list[str]:
    """Faults whose right text does not stand in its file exactly once."""
    package = ROOT / "controller" / "kanaria"
    return [fault.name for fault in FAULTS if (package / fault.file).read_text().count(fault.right) != 1]


def main() -> int:
    parser = argparse.ArgumentParser(prog="mutation", description=__doc__)
    parser.add_argument("--only", default="", help="faults whose names contain this")
    parser.add_argument("--skip", type=int, default=0, help="so many of the first")
    parser.add_argument("--simulator", action="store_true", help="let the simulator look at every fault, tests or not")
    given = parser.parse_args()
    if unfit := misfits():
        raise SystemExit(f"their right text does not stand in their file once: {'; '.join(unfit)}")
    chosen = [fault for fault in FAULTS if given.only in fault.name][given.skip :]
    for room in sorted({_room(fault) for fault in chosen}):
        if failed := _failed_tests(ROOT / "controller", room):
            raise SystemExit(f"{room}: without any fault {failed[0]} fails")
    missed = []
    for fault in chosen:
        began = time.monotonic()
        by = _noticed(fault, simulator=given.simulator)
        told, spent = "; ".join(by) or "by nobody", time.monotonic() - began
        print(f"{'caught' if by else 'MISSED':7} {fault.name}: {told} ({spent:.0f} s)", flush=True)
        missed += [] if by else [fault.name]
    print(f"{len(chosen) - len(missed)} of {len(chosen)} caught")
    return bool(missed)


def _noticed(fault: Fault, *, simulator: bool) -> list[str]:
    with tempfile.TemporaryDirectory(prefix="kanaria-mutation-") as folder:
        package = Path(folder) / "controller" / "kanaria"
        shutil.copytree(ROOT / "controller" / "kanaria", package, ignore=shutil.ignore_patterns("__pycache__"))
        text = (package / fault.file).read_text()
        (package / fault.file).write_text(text.replace(fault.right, fault.wrong))
        by = _failed_tests(package.parent, _room(fault))
        if simulator or not by:
            by += _broken_law(package.parent)
        return by


def _room(fault: Fault) -> str:
    return next(room for room in _TESTS if fault.file.startswith(room + "/"))


def _failed_tests(controller: Path, room: str) -> list[str]:
    done = _run(controller, "-m", "pytest", "-q", "-x", "--no-header", "-p", "no:cacheprovider", *_TESTS[room])
    if done is None:
        return ["tests that do not end"]
    failed = [line.split(" ")[1] for line in done.stdout.splitlines() if line.startswith(("FAILED ", "ERROR "))]
    if done.returncode and not failed:
        raise SystemExit(f"{room}: no test failed, pytest did:\n{done.stdout}{done.stderr}")
    return [each.removeprefix("tests/") for each in failed]


def _broken_law(controller: Path) -> list[str]:
    done = _run(controller, "-m", "simulation", "--histories", str(HISTORIES), "--violations", "1", "--plain")
    if done is None:
        return ["the simulator: histories that do not end"]
    laws = [line.strip() for line in done.stdout.splitlines() if line.startswith("  ")]
    return [f"the simulator: {laws[0][:100]}"] if done.returncode and laws else []


def _run(controller: Path, *words: str) -> subprocess.CompletedProcess[str] | None:
    """What became of the command; None where it did not end in time."""
    environment = os.environ | {"PYTHONPATH": f"{controller}:{ROOT / 'tests'}", "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, *words]
    try:
        return subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
    except subprocess.TimeoutExpired:
        return None


if __name__ == "__main__":
    sys.exit(main())
