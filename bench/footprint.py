"""How large is the operator: its packages, how long it takes to start, and what memory it needs?

    python bench/footprint.py CONTROLPLANE [OBJECTS]

CONTROLPLANE is the program that starts a real control plane, as the suite takes it by --controlplane. OBJECTS (1,000)
of each kind of Kanaria's are made there; the operator has the account that the chart, or the examples, give it.
"""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import Distribution, distribution, requires
from pathlib import Path
from typing import Any

import psutil
from packaging.requirements import Requirement

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from any_cluster import AnyCluster, controlplane
from kanaria.api import KINDS
from kanaria.api.resource import API_VERSION
from kanaria.local.api_client import Api, Resource
from kanaria.local.kubeconfig import api_from
from suite_operator import LEASE, READY, access_of
from waiting import eventually_now

NAMESPACE = "footprint"
AT_ONCE = 16
SETTLING = 10.0
STEP = {"name": "train", "command": ["python", "train.py"]}
BOUND = {"name": "accuracy", "mlflow": {"key": "accuracy"}, "threshold": {"min": 0.9}}
PREDICTOR = {"model": {"modelFormat": {"name": "sklearn"}, "resources": {"limits": {"cpu": "1"}}}}
CANARY = {"canary": {"steps": [{"setWeight": 5}, {"pause": {"duration": "10m"}}, {"setWeight": 50}]}}
SPECS: dict[str, dict[str, Any]] = {
    "GitSync": {"url": "https://git.example.com/team/wine.git", "path": "deploy", "suspend": True},
    "MetricPolicy": {"metrics": [BOUND]},
    "MLPipeline": {"steps": [STEP], "suspend": True},
    "MLPipelineRun": {
        "pipelineRef": {"name": "gone"},
        "number": 1,
        "cause": {"trigger": "on-demand"},
        "pipeline": {"steps": [STEP]},
    },
    "ModelDeployment": {"model": {"name": "wine"}, "predictor": PREDICTOR, "strategy": CANARY, "suspend": True},
}


@dataclass(frozen=True)
class Running:
    process: psutil.Process
    ready_after: float

    @property
    def megabytes(self) -> float:
        return float(self.process.memory_info().rss) / 2**20

    @property
    def cpu(self) -> float:
        times = self.process.cpu_times()
        return float(times.user + times.system)


@contextmanager
def an_operator(kubeconfig: Path, home: Path) -> Iterator[Running]:
    """As the chart starts it, once it is ready."""
    home.mkdir(exist_ok=True)
    log = home / "operator.log"
    words = ["run", "--kubeconfig", str(kubeconfig), "--home", str(home), "--lease", LEASE, "--metrics", "127.0.0.1:0"]
    began = time.monotonic()
    with log.open("wb") as output:
        process = subprocess.Popen([sys.executable, "-m", "kanaria", *words], stdout=output, stderr=output)
    try:
        eventually_now(lambda: process.poll() is not None or READY in log.read_text(), within=180)
        if process.poll() is not None:
            raise SystemExit(log.read_text())
        yield Running(psutil.Process(process.pid), time.monotonic() - began)
    finally:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


async def make(kubeconfig: Path, count: int) -> None:
    """So many objects of each kind; runs are over, since nothing would do their steps."""
    free = asyncio.Semaphore(AT_ONCE)
    async with api_from(kubeconfig) as api, asyncio.TaskGroup() as tasks:
        for kind in KINDS:
            for number in range(count):
                name = kind.model_fields["kind"].default
                tasks.create_task(_made(api, free, Resource(API_VERSION, kind.plural, name), f"o-{number:05}"))


async def _made(api: Api, free: asyncio.Semaphore, resource: Resource, name: str) -> None:
    manifest = {"apiVersion": API_VERSION, "kind": resource.kind, "metadata": {"name": name, "namespace": NAMESPACE}}
    async with free:
        await api.create(resource, {**manifest, "spec": SPECS[resource.kind]})
        if resource.kind == "MLPipelineRun":
            await api.patch_status(resource, NAMESPACE, name, {"phase": "Succeeded"})


def writes(cluster: AnyCluster) -> int:
    """The operator's so far, beside its Lease."""
    return sum(each.program == "kanaria" and not each.resource.startswith("leases") for each in cluster.writes())


def quiet(cluster: AnyCluster) -> float:
    """How long it takes until every object has been seen, and nothing is written any more."""
    began, last = time.monotonic(), -1
    eventually_now(lambda: not unseen(cluster), within=900)
    since = time.monotonic()
    while time.monotonic() - since < SETTLING:
        now = writes(cluster)
        if now != last:
            last, since = now, time.monotonic()
        time.sleep(1)
    return since - began


def unseen(cluster: AnyCluster) -> bool:
    """Whether any object has no status of the operator's yet; a run that is over never gets one."""
    time.sleep(2)
    kinds = ",".join(kind.plural for kind in KINDS if kind.plural != "mlpipelineruns")
    form = "jsonpath={range .items[*]}{.status.observedGeneration}x{end}"
    told = cluster.kubectl("get", kinds, "-n", NAMESPACE, f"-o{form}").out
    return "xx" in told or told.startswith("x")


def packages() -> tuple[int, float]:
    """How many the core needs, and their size in MiB, as they are installed here."""
    found: dict[str, Distribution] = {}
    waiting = ["kanaria"]
    while waiting:
        name = waiting.pop()
        if name.lower() in found:
            continue
        found[name.lower()] = distribution(name)
        needs = (Requirement(each) for each in requires(name) or ())
        waiting += [need.name for need in needs if need.marker is None or need.marker.evaluate({"extra": ""})]
    del found["kanaria"]
    files = {path.locate() for each in found.values() for path in each.files or () if path.suffix != ".pyc"}
    return len(found), sum(file.stat().st_size for file in map(Path, map(str, files)) if file.exists()) / 2**20


def imported(*words: str) -> float:
    """Seconds of CPU that a fresh Python takes for it, the best of three: a busy machine makes them no more."""

    def once() -> float:
        before = os.times()
        subprocess.run([sys.executable, *words], check=True, capture_output=True)
        after = os.times()
        return after.children_user + after.children_system - before.children_user - before.children_system

    return min(once() for _ in range(3))


def tell(cluster: AnyCluster, home: Path, objects: int) -> None:
    count, size = packages()
    print(f"packages of the core: {count}, {size:.0f} MiB without bytecode")
    bare, whole = imported("-c", "pass"), imported("-c", "import kanaria.handlers.life")
    print(f"import of the operator: {whole - bare:.2f} s of CPU beyond Python's own {bare:.2f} s")
    kubeconfig = access_of(cluster, home)
    with an_operator(kubeconfig, home / "idle") as running:
        time.sleep(SETTLING)
        print(f"idle: ready after {running.ready_after:.1f} s, {running.megabytes:.0f} MiB, {running.cpu:.1f} s of CPU")
    cluster.kubectl("create", "namespace", NAMESPACE)
    began = time.monotonic()
    asyncio.run(make(cluster.kubeconfig, objects))
    print(f"{objects:,} objects of each of {len(KINDS)} kinds made in {time.monotonic() - began:.0f} s")
    for word in ("first", "again"):
        before = writes(cluster)
        with an_operator(kubeconfig, home / word) as running:
            took = quiet(cluster)
            made, memory = writes(cluster) - before, running.megabytes
            print(f"{word}: ready after {running.ready_after:.1f} s, {made:,} writes in {took:.0f} s")
            print(f"  {memory:.0f} MiB, {running.cpu:.1f} s of CPU")


if __name__ == "__main__":
    program, objects = Path(sys.argv[1]), int(sys.argv[2] if len(sys.argv) > 2 else 1000)
    with tempfile.TemporaryDirectory(prefix="kanaria-footprint-") as folder, controlplane(program) as made:
        tell(made, Path(folder), objects)
