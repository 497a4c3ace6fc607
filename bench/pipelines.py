"""How many pipelines can the operator carry at once on a real API server, and what does each run cost?

    python bench/pipelines.py [PIPELINES]

Starts a control plane with a fake kubelet, whose Pods succeed after 100 ms, and an operator with the rights of the
chart and an MLflow store of its own. All pipelines of three steps are asked to run at once. The targets: at most 4 own
writes per step, and twice the rate of Argo Workflows on the same server (122 workflows a minute by default, 336 to 408
without its limits).
"""

import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from mlflow import MlflowClient

from any_cluster import AnyCluster, controlplane
from installed_chart import team
from kanaria.api.resource import API_VERSION
from suite_operator import SuiteOperator, suite_operator

PROGRAM = Path(__file__).parents[2] / "shared/controlplane/controlplane"
STEPS = ("prepare", "train", "evaluate")
PATIENCE = 900.0
OVER = {"Succeeded", "Failed"}


def pipeline(number: int) -> dict[str, Any]:
    steps = [
        {"name": name, "dependsOn": list(STEPS[max(0, at - 1) : at]), "command": ["true"]}
        for at, name in enumerate(STEPS)
    ]
    metadata = {"name": f"p-{number:04}", "annotations": {"kanaria.dev/run": "1"}}
    return {"apiVersion": API_VERSION, "kind": "MLPipeline", "metadata": metadata, "spec": {"steps": steps}}


def process_of(operator: SuiteOperator) -> Path:
    """The folder of the operator's process, which is a child of this one and has its home as its folder."""
    home = operator.log.parent
    for each in Path("/proc").glob("[0-9]*"):
        try:
            words = (each / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"kanaria" in words and str(home / "mirrors").encode() in words:
            return each
    raise SystemExit("the operator's process is not there; its log is in " + str(operator.log))


def spent(process: Path) -> tuple[float, float]:
    """CPU seconds and peak MiB."""
    fields = (process / "stat").read_text().rpartition(")")[2].split()
    cpu = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    peak = next(line for line in (process / "status").read_text().splitlines() if line.startswith("VmHWM"))
    return cpu, int(peak.split()[1]) / 1024


def phases(cluster: AnyCluster, namespace: str) -> Counter[str]:
    words = ("get", "mlpipelineruns", "-n", namespace, "-o", "jsonpath={range .items[*]}{.status.phase}{'\\n'}{end}")
    return Counter(cluster.kubectl(*words).out.split())


def play(cluster: AnyCluster, namespace: str, count: int) -> None:
    """Ask all pipelines to run, and wait until they are over."""
    began = time.monotonic()
    said = cluster.apply(*(pipeline(number) for number in range(count)), namespace=namespace)
    if said.code:
        raise SystemExit(said.err)
    found: Counter[str] = Counter()
    while sum(found[phase] for phase in OVER) < count:
        if time.monotonic() > began + PATIENCE:
            raise SystemExit(f"not over after {PATIENCE:g} s: {dict(found)}")
        time.sleep(1)
        found = phases(cluster, namespace)
    took = time.monotonic() - began
    print(f"{count} runs: {dict(found)} in {took:.1f} s with the applying of them: {60 * count / took:.0f} a minute")


def tell_requests(cluster: AnyCluster, namespace: str, count: int) -> None:
    own: Counter[str] = Counter()
    for each in cluster.audit():
        if each.get("userAgent", "").startswith("kanaria") and each["verb"] not in {"get", "list", "watch"}:
            ref = each.get("objectRef", {})
            if ref.get("namespace") == namespace:
                below = f"/{ref['subresource']}" if ref.get("subresource") else ""
                own[f"{each['verb']} {ref['resource']}{below}"] += 1
    print("the operator's writes per run:")
    for request, number in own.most_common():
        print(f"  {number / count:6.2f}  {request}")
    print(f"  {own.total() / count:6.2f}  in all; {own.total() / count / len(STEPS):.2f} per step (at most 4 wanted)")


def main(count: int) -> None:
    with tempfile.TemporaryDirectory() as folder, controlplane(PROGRAM) as cluster:
        home = Path(folder)
        store = f"sqlite:///{home}/mlflow.db"
        MlflowClient(tracking_uri=store).search_experiments()
        with suite_operator(cluster, home, store) as operator, team(cluster, "bench") as namespace:
            process = process_of(operator)
            play(cluster, namespace, 1)
            before, _ = spent(process)
            play(cluster, namespace, count)
            cpu, peak = spent(process)
            cost = 1000 * (cpu - before) / count
            print(f"the operator took {cpu - before:.1f} s of CPU, {cost:.0f} ms per run; peak {peak:.0f} MiB")
            tell_requests(cluster, namespace, count)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
