"""How the operator is run beside a town: a process of its own, with the town's addresses as its settings."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping

import psutil

from kanaria.local.settings import TownInfo

GRACE = 10.0


class Operator:
    """The operator's process; a second object of the same town finds the one that runs.

    Its TMPDIR is a folder of the town: whatever bears that mark ends with the town, however it ends.
    """

    def __init__(self, info: TownInfo) -> None:
        self._folder = info.home / "operator"
        self._folder.mkdir(exist_ok=True)
        self._note = info.home / "operator.json"
        self._environment = {**os.environ, **settings_for(info), "TMPDIR": str(self._folder)}
        self.log = info.home / "operator.log"
        self._child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Begin, unless it runs; what it must remember is in the cluster and in Git."""
        if self.running:
            return
        with self.log.open("ab") as output:
            self._child = subprocess.Popen(
                [sys.executable, "-m", "kanaria", "run", "--home", str(self._folder)],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        started = psutil.Process(self._child.pid).create_time()
        self._note.write_text(json.dumps({"pid": self._child.pid, "started": started}))

    @property
    def running(self) -> bool:
        """Whether it was started and has not ended."""
        if self._child is not None:
            return self._child.poll() is None
        return self._found() is not None

    def end(self, *, at_once: bool = False) -> None:
        """Ask it to end, and wait; or, at once, end it without a chance to tidy up."""
        process = self._child or self._found()
        if process is None:
            return
        try:
            process.kill() if at_once else process.terminate()
            process.wait(GRACE)
        except (subprocess.TimeoutExpired, psutil.TimeoutExpired):
            process.kill()
            process.wait()
        except psutil.NoSuchProcess:
            return

    def last_words(self, lines: int = 20) -> str:
        """The end of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def _found(self) -> psutil.Process | None:
        """The process that was noted; a process ID that was given to another since is not it."""
        try:
            noted = json.loads(self._note.read_text())
            process = psutil.Process(noted["pid"])
            alive = process.create_time() == noted["started"] and process.status() != psutil.STATUS_ZOMBIE
        except (OSError, ValueError, KeyError, psutil.NoSuchProcess):
            return None
        return process if alive else None


def settings_for(info: TownInfo) -> Mapping[str, str]:
    """The operator's settings in a town, as environment."""
    return {
        "KUBECONFIG": str(info.operator_kubeconfig),
        "KANARIA_MLFLOW_TRACKING_URI": info.mlflow_url,
        "KANARIA_GATEWAY_METRICS_URL": f"{info.router_url}/stats/prometheus",
        "KANARIA_SERVING_URL": info.router_url,
        "KANARIA_ALLOW_FILE_REMOTES": "true",
    }
