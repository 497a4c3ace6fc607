"""The operator that the cluster suite runs: its own process, with the account that the chart gives it."""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from any_cluster import AnyCluster
from installed_chart import install
from rendered_chart import SYSTEM
from waiting import eventually_now

LEASE = f"{SYSTEM}/kanaria"
ACCOUNT = f"system:serviceaccount:{SYSTEM}:kanaria"
"""Whom the API server takes it for."""
EARLIEST = datetime.min.replace(tzinfo=UTC)
READY = "ready: all caches are synced"
PLANTED = "a-planted-w0rd-of-mlflow"
"""A password of MLflow's, which its store of the suite does not ask for; nobody is to see it."""


@dataclass(frozen=True, slots=True)
class SuiteOperator:
    """The running operator: where its log is, and its MLflow store."""

    log: Path
    tracking_uri: str

    def said(self) -> str:
        """All that it logged."""
        return self.log.read_text(errors="replace")


@contextmanager
def suite_operator(
    cluster: AnyCluster, home: Path, tracking_uri: str, more: Mapping[str, str] | None = None
) -> Iterator[SuiteOperator]:
    """Start it, with more settings where there are some, and end it by its own process; it works in `home`."""
    log = home / "operator.log"
    settings = {"KANARIA_MLFLOW_TRACKING_URI": tracking_uri, "KANARIA_ALLOW_FILE_REMOTES": "1", **(more or {})}
    settings |= {"MLFLOW_TRACKING_USERNAME": "kanaria", "MLFLOW_TRACKING_PASSWORD": PLANTED}
    words = ["run", "--kubeconfig", str(access_of(cluster, home)), "--home", str(home / "mirrors"), "--lease", LEASE]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "kanaria", *words],
            cwd=home,
            env={**os.environ, **settings},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    made = SuiteOperator(log, tracking_uri)
    try:
        eventually_now(lambda: process.poll() is not None or READY in made.said())
        assert process.poll() is None, made.said()
        yield made
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def access_of(cluster: AnyCluster, home: Path) -> Path:
    """A kubeconfig of the operator's account; on the local cluster, which knows but one user, that user's."""
    install(cluster)
    if cluster.name == "local":
        return cluster.kubeconfig
    token = cluster.kubectl("create", "token", "kanaria", "-n", SYSTEM, "--duration=2h").out.strip()
    config = yaml.safe_load(cluster.kubeconfig.read_text())
    config["users"] = [{"name": "kanaria", "user": {"token": token}}]
    for context in config["contexts"]:
        context["context"]["user"] = "kanaria"
    file = home / "operator.kubeconfig"
    file.touch(mode=0o600)
    file.write_text(yaml.safe_dump(config))
    return file


def asked_by_it(cluster: AnyCluster, since: datetime = EARLIEST) -> list[dict[str, Any]]:
    """What the audit log of a real API server tells of its requests."""
    mine = (each for each in cluster.audit() if each["user"]["username"] == ACCOUNT)
    return [each for each in mine if datetime.fromisoformat(each["requestReceivedTimestamp"]) >= since]


def by_verb(requests: Iterable[Mapping[str, Any]]) -> Counter[str]:
    """How many of each: "patch leases"."""
    return Counter(f"{each['verb']} {each['objectRef']['resource']}" for each in requests)
