"""A cluster whose Pods are processes of this machine, also where the API server is a real one.

with of_processes(config, home, "measured") as cluster:
    ...
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from any_cluster import AnyCluster, bare_controlplane, own
from waiting import eventually_now

NODE = "local"


@contextmanager
def of_processes(config: pytest.Config, home: Path, role: str) -> Iterator[AnyCluster]:
    """A cluster of the chosen kind in which no other operator acts; the local one is always of processes."""
    if config.getoption("--cluster") != "controlplane":
        with own(config, home, role) as found:
            yield found
        return
    # The fake kubelet of the suite's would take the Pods.
    program: Path = config.getoption("--controlplane")
    with bare_controlplane(program, role, CONTROLPLANE_KUBELET="none") as found:
        found.furnish()
        with _kubelet(found, home):
            yield found


@contextmanager
def _kubelet(cluster: AnyCluster, home: Path) -> Iterator[None]:
    words = ["--kubeconfig", str(cluster.kubeconfig), "--home", str(home / "pods"), "--node", NODE]
    with (home / "kubelet.log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "-m", "kanaria.local.kubelet", *words], stdout=log, stderr=log)
    try:
        eventually_now(lambda: NODE in cluster.kubectl("get", "nodes", "-oname").out)
        yield
    finally:
        process.terminate()
        process.wait(30)
