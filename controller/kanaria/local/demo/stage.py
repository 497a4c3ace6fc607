"""What stands on the stage before the first act: a local cluster, the operator, and a GitSync; nothing of the story."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from kanaria.local.api_client import NAMESPACES, Api, Resource
from kanaria.local.settings import TownInfo

NAMESPACE = "demo"
ACCOUNTS = Resource("v1", "serviceaccounts", "ServiceAccount")
GIT_SYNCS = Resource("kanaria.dev/v1alpha1", "gitsyncs", "GitSync")
RUNS = Resource("kanaria.dev/v1alpha1", "mlpipelineruns", "MLPipelineRun")
DEPLOYMENTS = Resource("kanaria.dev/v1alpha1", "modeldeployments", "ModelDeployment")
GRACE = 10.0


class Operator:
    """The operator's process.

    Its TMPDIR is a folder of the local cluster: whatever bears that mark ends with the cluster, however it ends.
    """

    def __init__(self, info: TownInfo) -> None:
        self._folder = info.home / "operator"
        self._folder.mkdir(exist_ok=True)
        self._environment = {**os.environ, **settings_for(info), "TMPDIR": str(self._folder)}
        self.log = info.home / "operator.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Begin; what it must remember is in the cluster and in Git."""
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "kanaria", "run", "--home", str(self._folder)],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    def end(self, *, at_once: bool = False) -> None:
        """Ask it to end; or, at once, end it without a chance to tidy up."""
        if self._process is None:
            return
        if at_once:
            self._process.kill()
        else:
            self._process.terminate()
        try:
            self._process.wait(GRACE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def last_words(self, lines: int = 20) -> str:
        """The end of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


async def furnish(api: Api, repository: str) -> None:
    """The namespace, the team's accounts, and the GitSync that follows the repository."""
    await api.apply(NAMESPACES, {"metadata": {"name": NAMESPACE}}, owner="kanaria-demo")
    for name in ("kanaria-sync", "kanaria-runner"):
        await api.apply(ACCOUNTS, {"metadata": {"name": name, "namespace": NAMESPACE}}, owner="kanaria-demo")
    spec = {"url": repository, "path": "deploy", "interval": "2s"}
    sync = {"metadata": {"name": "demo", "namespace": NAMESPACE}, "spec": spec}
    await api.apply(GIT_SYNCS, sync, owner="kanaria-demo")


def settings_for(info: TownInfo) -> Mapping[str, str]:
    """The operator's settings for a local cluster, as environment."""
    return {
        "KUBECONFIG": str(info.kubeconfig),
        "KANARIA_MLFLOW_TRACKING_URI": info.mlflow_url,
        "KANARIA_GATEWAY_METRICS_URL": f"{info.router_url}/stats/prometheus",
        "KANARIA_SERVING_URL": info.router_url,
        "KANARIA_ALLOW_FILE_REMOTES": "true",
    }


@contextmanager
def operator(info: TownInfo) -> Iterator[Operator]:
    """The operator, running until the end of the `with`."""
    made = Operator(info)
    made.start()
    try:
        yield made
    finally:
        made.end()


def condition(body: Mapping[str, Any]) -> str:
    """What Ready says, in a line."""
    for found in body.get("status", {}).get("conditions", []):
        if found["type"] == "Ready":
            return f"Ready={found['status']} {found['reason']}: {found.get('message', '')}"
    return "no condition yet"
