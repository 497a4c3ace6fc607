"""How a look at a team's data becomes a batch/v1 Job: Kanaria's own program, in the image that can read."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kanaria.engines.work import CONFINED, OUTPUTS_FILE, POD_CONFINED
from kanaria.vocabulary.objects import Manifest

READER = "data"
# Reading takes 200 to 250 MiB, whatever the size of the data; the rest is for MLflow and for very wide tables.
_RESOURCES = {"requests": {"cpu": "100m", "memory": "320Mi"}, "limits": {"memory": "512Mi"}}


@dataclass(frozen=True, slots=True)
class Reading:
    """One attempt at looking at one entry of spec.data."""

    name: str
    namespace: str
    labels: Mapping[str, str]
    owner: Mapping[str, Any]
    """The ownerReference."""
    image: str
    words: tuple[str, ...]
    """What follows `kanaria data`."""
    tracking_uri: str = ""
    secret: str | None = None
    """Secret whose keys are environment variables."""
    pod_account: str | None = None
    deadline: int | None = None
    """Seconds."""
    kept: int | None = None
    """Seconds that the Job is kept after its end, where nobody removes it; until its owner goes where absent."""


def render(reading: Reading) -> Manifest:
    """The Job: tried once, since Kanaria itself counts attempts and waits between them."""
    metadata = {"name": reading.name, "namespace": reading.namespace, "labels": dict(reading.labels)}
    deadline = {"activeDeadlineSeconds": reading.deadline} if reading.deadline else {}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {**metadata, "ownerReferences": [dict(reading.owner)]},
        "spec": {
            "backoffLimit": 0,
            **deadline,
            **({"ttlSecondsAfterFinished": reading.kept} if reading.kept else {}),
            "template": {"metadata": {"labels": dict(reading.labels)}, "spec": _pod(reading)},
        },
    }


def _pod(reading: Reading) -> dict[str, Any]:
    container: dict[str, Any] = {
        "name": READER,
        "image": reading.image,
        "command": ["kanaria", "data", *reading.words, "--report", OUTPUTS_FILE],
        "env": [{"name": "MLFLOW_TRACKING_URI", "value": reading.tracking_uri}],
        "resources": _RESOURCES,
        "securityContext": CONFINED,
        "terminationMessagePath": OUTPUTS_FILE,
        "terminationMessagePolicy": "FallbackToLogsOnError",
    }
    if reading.secret:
        container["envFrom"] = [{"secretRef": {"name": reading.secret}}]
    pod: dict[str, Any] = {"restartPolicy": "Never", "securityContext": POD_CONFINED}
    if reading.pod_account:
        pod["serviceAccountName"] = reading.pod_account
    return pod | {"containers": [container]}
