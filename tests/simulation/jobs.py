"""What becomes of Jobs: a step trains and registers its model, or fails, or loses its Pod."""

import asyncio
from dataclasses import dataclass

from kanaria.vocabulary import ObjectRef
from simulation.faults import Faults
from simulation.store import Happened, Store, Thing
from simulation.tracking import Registry

JOB = ("batch/v1", "Job")
TAKES = 6.0
GOOD, POOR = 0.95, 0.5


@dataclass
class Jobs:
    """The Job controller and the kubelet; steps fail while `failing`, and train poor models while `poor`."""

    store: Store
    faults: Faults
    registry: Registry
    failing: bool = False
    poor: bool = False

    def hear(self, happened: Happened) -> None:
        if happened.kind == JOB and happened.old is None:
            asyncio.get_running_loop().call_later(TAKES, self._end, happened.ref)

    def _end(self, ref: ObjectRef) -> None:
        job = self.store.get(ref)
        if job is None or "conditions" in (job.get("status") or {}):
            return
        lost = self.faults.pods_lost
        well = not self.failing and not lost
        container = job["spec"]["template"]["spec"]["containers"][0]
        env = {each["name"]: each.get("value", "") for each in container.get("env") or ()}
        if well and "MLFLOW_RUN_ID" in env:
            self.registry.trained(env["MLFLOW_RUN_ID"], POOR if self.poor else GOOD)
        if not lost:
            self._pod(job, container["name"], well=well)
        how = {"type": "Complete" if well else "Failed", "status": "True", "lastTransitionTime": self.store.now()}
        self.store.status(ref, {"conditions": [how]})

    def _pod(self, job: Thing, container: str, *, well: bool) -> None:
        metadata = job["metadata"]
        owner = {"apiVersion": "batch/v1", "kind": "Job", "name": metadata["name"], "uid": metadata["uid"]}
        labels = job["spec"]["template"].get("metadata", {}).get("labels", {})
        ended = {"exitCode": int(not well), "message": "", "reason": "Completed" if well else "Error"}
        self.store.put(
            {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {
                    "name": f"{metadata['name']}-x",
                    "namespace": metadata["namespace"],
                    "labels": labels,
                    "ownerReferences": [owner | {"controller": True}],
                },
                "status": {"containerStatuses": [{"name": container, "state": {"terminated": ended}}]},
            }
        )
