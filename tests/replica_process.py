"""Replicas of the operator as processes of their own, on any cluster, and what they wrote there."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from any_cluster import READING, AnyCluster
from kanaria.local.ports import free_port
from suite_operator import READY, access_of
from waiting import eventually_now

LEASE = "kanaria"
SYSTEM = "kanaria-system"


@dataclass(frozen=True)
class Replica:
    """A running replica; `address` is where it tells its metrics."""

    process: subprocess.Popen[bytes]
    log: Path
    address: str

    def said(self) -> str:
        return self.log.read_text(errors="replace")

    def leads(self) -> bool:
        """Whether it said so last."""
        lines = [line for line in self.said().splitlines() if "leading as" in line or "standing by" in line]
        return bool(lines) and "leading as" in lines[-1]

    @property
    def identity(self) -> str:
        """What it calls itself, once it has led."""
        return self.said().partition("leading as ")[2].partition(",")[0]

    def signal(self, number: signal.Signals) -> float:
        """Send a signal; when that was."""
        self.process.send_signal(number)
        return time.monotonic()


@contextmanager
def replicas(cluster: AnyCluster, home: Path, names: str = "ab") -> Iterator[list[Replica]]:
    """Several replicas with one Lease, all ready."""
    kubeconfig = access_of(cluster, home)
    made: list[Replica] = []
    try:
        # One by one: whoever was started is ended, also if the next one cannot be.
        made.extend(_started(kubeconfig, home / name) for name in names)
        for each in made:
            eventually_now(lambda each=each: each.process.poll() is not None or READY in each.said())  # type: ignore[misc]
            assert each.process.poll() is None, each.said()
        yield made
    finally:
        for each in made:
            each.process.kill()
            each.process.wait()


def _started(kubeconfig: Path, home: Path) -> Replica:
    home.mkdir()
    address, log = f"127.0.0.1:{free_port(0)}", home / "log"
    words = ["--kubeconfig", str(kubeconfig), "--home", str(home / "mirrors")]
    words += ["--lease", f"{SYSTEM}/{LEASE}", "--metrics", address]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "kanaria", "run", *words],
            env=dict(os.environ),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    return Replica(process, log, address)


def leader_and_standby(running: list[Replica]) -> tuple[Replica, Replica]:
    """Who leads, and who does not."""
    leader: Replica = eventually_now(lambda: next((each for each in running if each.leads()), None))
    return leader, next(each for each in running if each is not leader)


@dataclass(frozen=True)
class By:
    """A write that an API server answered, and the replica that sent it."""

    identity: str
    resource: str
    name: str
    code: int


def written(cluster: AnyCluster) -> list[By]:
    """All writes of replicas so far, in the order in which they were answered."""
    return [by for by in map(_by, cluster.audit()) if by is not None]


def _by(told: dict[str, Any]) -> By | None:
    program, _, rest = str(told.get("userAgent", "")).partition("/")
    identity = rest.partition("(")[2].rstrip(")")
    if program != "kanaria" or not identity or told["verb"] in READING:
        return None
    if "objectRef" in told:
        ref, code = told["objectRef"], told.get("responseStatus", {}).get("code", 0)
        return By(identity, ref["resource"], ref.get("name", ""), code)
    return By(identity, told["resource"].partition(".")[0], told["name"], told["code"])
