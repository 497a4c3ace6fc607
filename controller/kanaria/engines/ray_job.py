"""How a step becomes a RayJob of KubeRay: a Ray cluster of its own, and a driver that runs on its head."""

import json
import shlex
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, ClassVar

from pydantic import model_validator

from kanaria.engines.attempt import Attempt, Failed, Succeeded, moment, suspended, too_long, underway
from kanaria.engines.kind import EngineKind
from kanaria.engines.work import CONFINED, POD_CONFINED, Work, limits, metadata
from kanaria.vocabulary.marks import ATTEMPT
from kanaria.vocabulary.masking import masked
from kanaria.vocabulary.objects import Manifest

_SAID_MAX = 500
_OF_THE_CLUSTER = "say it of the Pods of engine.rayJob.rayClusterSpec"


class RayJobEngine(EngineKind):
    """A RayJob of KubeRay 1.2 or later: a Ray cluster for this step, on whose head its command runs."""

    key: ClassVar = "rayJob"
    api_version: ClassVar = "ray.io/v1"
    made: ClassVar = "RayJob"
    product: ClassVar = "KubeRay"
    name_max: ClassVar = 40
    expands: ClassVar = False

    ray_cluster_spec: Mapping[str, Any]
    """The Ray cluster, as in a RayCluster; containers without an image run the step's."""
    runtime_env: Mapping[str, Any] = {}
    """Ray's runtime environment, beside the step's env, which becomes its env_vars."""
    shutdown_after_job_finishes: bool = True
    """Whether the Ray cluster goes when the step is over; else it stays until the run goes."""

    @model_validator(mode="after")
    def _has_containers(self) -> "RayJobEngine":
        for place, template in _templates(self.ray_cluster_spec):
            spec = template.get("spec") if isinstance(template, Mapping) else None
            containers = spec.get("containers") if isinstance(spec, Mapping) else None
            if not isinstance(containers, list) or not containers or not isinstance(containers[0], Mapping):
                raise ValueError(f"rayClusterSpec.{place}.template.spec.containers: name the container that runs Ray")
            named = {"serviceAccountName", "serviceAccount"} & dict(spec or {}).keys()
            if named:
                raise ValueError(
                    f"rayClusterSpec.{place}.template.spec.{min(named)} names an account: name it in "
                    "spec.podServiceAccountName, for all steps"
                )
        return self

    def refuses(self) -> Mapping[str, str]:
        """What belongs to the Pods of the Ray cluster, and what a driver cannot tell."""
        return {
            "outputs": "the driver is no container of its own; log MLflow metrics or artifacts instead",
            "env[].valueFrom": f"Ray's environment holds values only; {_OF_THE_CLUSTER}",
            "resources": _OF_THE_CLUSTER,
            "volumes": _OF_THE_CLUSTER,
            "volumeMounts": _OF_THE_CLUSTER,
            "podTemplate": _OF_THE_CLUSTER,
            "retryPolicy.exitCodes": "Ray tells no exit code; remove it, then any failure is tried again",
            "workspace": "it is a volume of one node; log MLflow artifacts instead",
            "source": "its Pods check no code out; build an image of it with spec.source.build",
        }

    def faults(self, image: str, queue: str) -> Iterator[str]:
        """A container without any image, and a queue for what KubeRay does not suspend."""
        if not image:
            for place, template in _templates(self.ray_cluster_spec):
                if not template["spec"]["containers"][0].get("image"):
                    yield f"rayClusterSpec.{place}: there is no image; name the step's, or the container's"
        if queue and not self.shutdown_after_job_finishes:
            yield (
                "shutdownAfterJobFinishes: KubeRay suspends no RayJob whose cluster stays, and a queue asks for that; "
                "remove shutdownAfterJobFinishes, or queueName"
            )

    @classmethod
    def named(cls, name: str) -> str:
        """It must begin with a letter."""
        return name if name[0].isalpha() else f"r{name}"

    def render(self, work: Work) -> Manifest:
        """The RayJob.

        KubeRay submits the driver by HTTP: submitted from a Pod, every value would pass a shell that fills in its $.
        """
        spec = {
            "entrypoint": shlex.join(work.command),
            "runtimeEnvYAML": _environment(self.runtime_env, work),
            "submissionMode": "HTTPMode",
            "shutdownAfterJobFinishes": self.shutdown_after_job_finishes,
            "backoffLimit": 0,
            "rayClusterSpec": _cluster(self.ray_cluster_spec, work),
            **limits(work),
        }
        return {"apiVersion": self.api_version, "kind": self.made, "metadata": metadata(work), "spec": spec}

    @classmethod
    def attempt(cls, made: Manifest, pod: Manifest | None, now: datetime) -> Attempt:
        """How the RayJob goes; the driver's last lines are in its own message."""
        status = made.get("status") or {}
        at = moment(status.get("endTime")) or now
        if (status.get("jobDeploymentStatus"), status.get("jobStatus")) == ("Complete", "SUCCEEDED"):
            return Succeeded(at)
        if cls.is_over(made):
            return too_long(made, at) if status.get("reason") == "DeadlineExceeded" else Failed(at, _why(status))
        if made["spec"].get("suspend"):
            return suspended(made)
        waits = status.get("jobDeploymentStatus") == "Initializing"
        return underway(pod, now, "its Ray cluster comes up" if waits else "")

    @classmethod
    def is_over(cls, made: Manifest) -> bool:
        """Whether it ended."""
        return (made.get("status") or {}).get("jobDeploymentStatus") in {"Complete", "Failed", "ValidationFailed"}

    @classmethod
    def began(cls, made: Manifest) -> datetime | None:
        """When it began, or began anew."""
        status = made.get("status") or {}
        waits = status.get("jobDeploymentStatus") in {None, "", "Suspending", "Suspended"}
        return None if waits or made["spec"].get("suspend") else moment(status.get("startTime"))

    @classmethod
    def told_by(cls, name: str) -> str:
        """Where its message is."""
        return f"kubectl describe rayjob/{name}"


def _why(status: Mapping[str, Any]) -> str:
    said = masked(str(status.get("message") or "")).strip()[-_SAID_MAX:]
    if status.get("jobDeploymentStatus") == "ValidationFailed":
        return f"KubeRay refuses it: {said}; correct engine.rayJob"
    return said or f"its Ray job ended as {status.get('jobStatus') or status.get('reason') or 'nothing'}"


def _templates(cluster: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The Pod templates with their places."""
    head = cluster.get("headGroupSpec")
    yield "headGroupSpec", head.get("template") if isinstance(head, Mapping) else None
    groups = cluster.get("workerGroupSpecs") or ()
    for index, group in enumerate(groups if isinstance(groups, list | tuple) else ()):
        yield f"workerGroupSpecs[{index}]", group.get("template") if isinstance(group, Mapping) else None


def _environment(given: Mapping[str, Any], work: Work) -> str:
    """JSON is YAML, and has but one way to write a value."""
    return json.dumps({**given, "env_vars": {**(given.get("env_vars") or {}), **dict(work.env)}}, sort_keys=True)


def _cluster(given: Mapping[str, Any], work: Work) -> dict[str, Any]:
    """The user's, with the labels by which its Pods are found."""
    made = {**given, "headGroupSpec": _group(given["headGroupSpec"], work)}
    if given.get("workerGroupSpecs"):
        made["workerGroupSpecs"] = [_group(group, work) for group in given["workerGroupSpecs"]]
    return made


def _group(group: Mapping[str, Any], work: Work) -> dict[str, Any]:
    template = group["template"]
    told = dict(template.get("metadata") or {})
    labels = {**(told.get("labels") or {}), **work.labels, ATTEMPT: work.name}
    first, *others = template["spec"]["containers"]
    ray = {"securityContext": CONFINED, **first, "image": first.get("image") or work.image}
    pod = {"securityContext": POD_CONFINED, **template["spec"], "containers": [ray, *others]}
    if work.pod_account:
        pod["serviceAccountName"] = work.pod_account
    return {**group, "template": {**template, "metadata": {**told, "labels": labels}, "spec": pod}}
