"""How a step becomes a TrainJob of Kubeflow Trainer, by which it trains on several nodes."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from kanaria.engines.attempt import (
    LATE_POD,
    Attempt,
    Failed,
    Going,
    Succeeded,
    last_words,
    moment,
    suspended,
    too_long,
    underway,
    why_of,
)
from kanaria.engines.kind import EngineKind
from kanaria.engines.work import Work, environment, limits, metadata
from kanaria.vocabulary.kinds import Part
from kanaria.vocabulary.marks import ATTEMPT
from kanaria.vocabulary.masking import masked
from kanaria.vocabulary.objects import Manifest

_GROUP = "trainer.kubeflow.org"
_MANAGER = "kanaria.dev/run"
"""Whose patch of the runtime it is; Kueue writes one of its own."""
_NODE = "node"
"""What Trainer calls the Pods that train, in every runtime that it brings."""
_OF_THE_RUNTIME = "it belongs to the runtime that engine.trainJob.runtimeRef names"


class RuntimeRef(Part):
    """A runtime of Kubeflow Trainer."""

    name: Annotated[str, Field(min_length=1, max_length=253)]
    """Its name."""
    kind: Literal["ClusterTrainingRuntime", "TrainingRuntime"] = "ClusterTrainingRuntime"
    """Whether it is the cluster's, or the namespace's."""


class TrainJobEngine(EngineKind):
    """A TrainJob of Kubeflow Trainer 2.2 or later: the step trains on several nodes."""

    key: ClassVar = "trainJob"
    api_version: ClassVar = f"{_GROUP}/v1alpha1"
    made: ClassVar = "TrainJob"
    product: ClassVar = "Kubeflow Trainer"
    name_max: ClassVar = 40

    runtime_ref: RuntimeRef
    """How it trains: the runtime brings image, framework and how nodes find each other."""
    num_nodes: Annotated[int, Field(ge=1, le=1024)] | None = None
    """How many nodes; as many as the runtime says where absent."""
    num_proc_per_node: Annotated[int, Field(ge=1, le=64)] | None = None
    """How many processes on each; as the runtime says where absent."""

    def refuses(self) -> Mapping[str, str]:
        """What only the runtime can say of its Pods, and what several nodes cannot share or tell."""
        return {
            "outputs": "several Pods write no common file; log MLflow metrics or artifacts instead",
            "volumes": _OF_THE_RUNTIME,
            "volumeMounts": _OF_THE_RUNTIME,
            "podTemplate": _OF_THE_RUNTIME,
            "retryPolicy.exitCodes": "several Pods end with several codes; remove it, then any failure is tried again",
            "workspace": "it is a volume of one node; log MLflow artifacts instead",
            "source": "its Pods check no code out; build an image of it with spec.source.build",
        }

    @classmethod
    def named(cls, name: str) -> str:
        """It must begin with a letter."""
        return name if name[0].isalpha() else f"t{name}"

    def render(self, work: Work) -> Manifest:
        """The TrainJob."""
        runtime = {"apiGroup": _GROUP, "kind": self.runtime_ref.kind, "name": self.runtime_ref.name}
        trainer: dict[str, Any] = {"command": list(work.command), "env": environment(work)}
        trainer |= {"image": work.image} if work.image else {}
        trainer |= {"resourcesPerNode": dict(work.resources)} if work.resources else {}
        trainer |= {"numNodes": self.num_nodes} if self.num_nodes else {}
        trainer |= {"numProcPerNode": self.num_proc_per_node} if self.num_proc_per_node else {}
        spec = {"runtimeRef": runtime, "trainer": trainer, "runtimePatches": [_patch(work)], **limits(work)}
        return {"apiVersion": self.api_version, "kind": self.made, "metadata": metadata(work), "spec": spec}

    @classmethod
    def attempt(cls, made: Manifest, pod: Manifest | None, now: datetime) -> Attempt:
        """How the TrainJob goes."""
        conditions = _conditions(made)
        if "Complete" in conditions:
            return Succeeded(moment(conditions["Complete"].get("lastTransitionTime")) or now)
        failed = conditions.get("Failed")
        if failed is None:
            return suspended(made) if made["spec"].get("suspend") else underway(pod, now)
        at = moment(failed.get("lastTransitionTime")) or now
        if failed.get("reason") == "DeadlineExceeded":
            return too_long(made, at)
        last = last_words(pod)
        if last is None and now < at + LATE_POD:
            return Going("its Pods' last words are awaited", at + LATE_POD)
        told = masked(str(failed.get("message") or failed.get("reason") or ""))
        return Failed(at, why_of(last, pod) or told or "its TrainJob failed and tells no reason")

    @classmethod
    def is_over(cls, made: Manifest) -> bool:
        """Whether it ended."""
        return bool({"Complete", "Failed"} & _conditions(made).keys())

    @classmethod
    def began(cls, made: Manifest) -> datetime | None:
        """When it went on, or was made where it never waited: it tells no other time of its begin."""
        if made["spec"].get("suspend"):
            return None
        told = (made.get("status") or {}).get("conditions") or []
        waited = next((c for c in told if c.get("type") == "Suspended"), None)
        if waited is None:
            return moment(made["metadata"].get("creationTimestamp"))
        return moment(waited.get("lastTransitionTime")) if waited.get("status") == "False" else None

    @classmethod
    def told_by(cls, name: str) -> str:
        """Where its logs are."""
        return f"kubectl logs -l {ATTEMPT}={name} --prefix"


def _conditions(made: Manifest) -> dict[str, Mapping[str, Any]]:
    told = (made.get("status") or {}).get("conditions") or []
    return {each["type"]: each for each in told if each.get("status") == "True"}


def _patch(work: Work) -> dict[str, Any]:
    """What the Pods bear beside what the runtime says: the labels by which they are found, and their account."""
    pod: dict[str, Any] = {"metadata": {"labels": {**work.labels, ATTEMPT: work.name}}}
    pod |= {"spec": {"serviceAccountName": work.pod_account}} if work.pod_account else {}
    job = {"name": _NODE, "template": {"spec": {"template": pod}}}
    return {"manager": _MANAGER, "trainingRuntimeSpec": {"template": {"spec": {"replicatedJobs": [job]}}}}
