"""How a step becomes a batch/v1 Job: one Pod, or several of which each knows its number."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from kanaria.engines.attempt import Attempt, attempt, moment
from kanaria.engines.kind import EngineKind
from kanaria.engines.report import VOLUME, reader, reported
from kanaria.engines.work import (
    CHECKOUT,
    CONFINED,
    OUTPUTS_FILE,
    POD_CONFINED,
    STEP,
    Checkout,
    Work,
    environment,
    limits,
    metadata,
)
from kanaria.vocabulary.objects import Manifest

SOURCE_FOLDER = "/src"
WORKSPACE_FOLDER = "/workspace"
_CREDENTIALS = {
    "KANARIA_GIT_USERNAME": "username",
    "KANARIA_GIT_PASSWORD": "password",
    "KANARIA_GIT_BEARER_TOKEN": "bearerToken",
}
_ENDED = ("Complete", "Failed", "SuccessCriteriaMet", "FailureTarget")


class JobEngine(EngineKind):
    """A Job of Kubernetes; what a step without an engine is."""

    key: ClassVar = "job"
    api_version: ClassVar = "batch/v1"
    made: ClassVar = "Job"
    default_image: ClassVar = "python:3.11"

    completions: Annotated[int, Field(ge=1, le=1024)] = 1
    """How many Pods must succeed; more than one are Indexed, and one that fails fails the attempt."""
    parallelism: Annotated[int, Field(ge=1, le=1024)] | None = None
    """How many of them run at once; all where absent."""
    completion_mode: Literal["NonIndexed", "Indexed"] = "NonIndexed"
    """Indexed: each Pod finds its number in JOB_COMPLETION_INDEX, from 0 on; the outputs are those of number 0."""

    @model_validator(mode="after")
    def _numbered(self) -> "JobEngine":
        if self.completions > 1 and self.completion_mode != "Indexed":
            raise ValueError(
                "completions: Pods that cannot be told apart would all do the same work; add completionMode: Indexed, "
                "by which each finds its number in JOB_COMPLETION_INDEX"
            )
        if self.parallelism is not None and self.parallelism > self.completions:
            raise ValueError(
                f"parallelism: {self.parallelism} Pods at once are more than there are, which completions says "
                f"({self.completions}); raise completions, or remove parallelism"
            )
        return self

    def refuses(self) -> Mapping[str, str]:
        """A volume of one node cannot be shared by Pods of several."""
        if self.completions == 1:
            return {}
        return {"workspace": "it is a volume of one node, and the Pods may be on several; log MLflow artifacts instead"}

    def render(self, work: Work) -> Manifest:
        """The Job."""
        job = render(work)
        if self.completion_mode == "NonIndexed":
            return job
        numbers = {"completionMode": "Indexed", "completions": self.completions}
        return {**job, "spec": {**job["spec"], **numbers, "parallelism": self.parallelism or self.completions}}

    @classmethod
    def attempt(cls, made: Manifest, pod: Manifest | None, now: datetime) -> Attempt:
        """How the Job goes."""
        return attempt(made, pod, now)

    @classmethod
    def is_over(cls, made: Manifest) -> bool:
        """Whether it ended, or is about to."""
        return any(c["type"] in _ENDED for c in (made.get("status") or {}).get("conditions") or [])

    @classmethod
    def began(cls, made: Manifest) -> datetime | None:
        """When its Pods were let begin."""
        return None if made["spec"].get("suspend") else moment((made.get("status") or {}).get("startTime"))

    @classmethod
    def told_by(cls, name: str) -> str:
        """Where its logs are."""
        return f"kubectl logs job/{name}"


def render(work: Work) -> Manifest:
    """The Job: tried once, since Kanaria itself counts attempts and waits between them."""
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": metadata(work),
        "spec": {"backoffLimit": 0, **limits(work), "template": pod_template(work)},
    }


def claim(name: str, namespace: str, labels: Mapping[str, str], owner: Mapping[str, Any], size: str) -> Manifest:
    """The volume that all steps of a run share."""
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name, "namespace": namespace, "labels": dict(labels), "ownerReferences": [dict(owner)]},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}},
    }


def pod_template(work: Work) -> dict[str, Any]:
    """The Pod: what the user wrote of it, with the step's own container in it."""
    given = work.pod_template.get("metadata") or {}
    told: dict[str, Any] = {"labels": {**(given.get("labels") or {}), **work.labels}}
    if given.get("annotations"):
        told["annotations"] = dict(given["annotations"])
    return {"metadata": told, "spec": _pod(work)}


def _pod(work: Work) -> dict[str, Any]:
    given = dict(work.pod_template.get("spec") or {})
    theirs = [dict(each) for each in given.get("containers") or ()]
    own = next((each for each in theirs if each.get("name") == STEP), {})
    volumes, mounts = _volumes(work)
    mounts += [dict(each) for each in own.get("volumeMounts") or ()]
    env = environment(work)
    env += [dict(each) for each in own.get("env") or () if each.get("name") not in {e["name"] for e in env}]
    container: dict[str, Any] = {
        "securityContext": CONFINED,
        **own,
        "name": STEP,
        "image": work.image,
        "command": list(work.command),
        "env": env,
        "resources": dict(work.resources or own.get("resources") or {}),
        "terminationMessagePath": OUTPUTS_FILE,
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": mounts,
    }
    if work.port:
        container["ports"] = [{"containerPort": work.port}]
    pod: dict[str, Any] = {"securityContext": POD_CONFINED} | given
    pod["restartPolicy"] = "Never"
    if work.pod_account:
        pod["serviceAccountName"] = work.pod_account
    if work.checkout:
        container["workingDir"] = "/".join([SOURCE_FOLDER, *_parts(work.checkout.path)])
        pod["initContainers"] = [_checkout(work.checkout), *(given.get("initContainers") or ())]
    if work.report:
        pod["initContainers"] = [*(pod.get("initContainers") or ()), reported(container)]
        volumes.append(dict(VOLUME))
        container = reader(work.report, container)
    beside = [each for each in theirs if each.get("name") != STEP]
    return pod | {"containers": [container, *beside], "volumes": [*volumes, *(given.get("volumes") or ())]}


def _volumes(work: Work) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    volumes: list[dict[str, Any]] = [dict(each) for each in work.volumes]
    mounts: list[dict[str, Any]] = [dict(each) for each in work.volume_mounts]
    if work.workspace:
        volumes.append({"name": "workspace", "persistentVolumeClaim": {"claimName": work.workspace}})
        mounts.append({"name": "workspace", "mountPath": WORKSPACE_FOLDER})
    if work.checkout:
        volumes.append({"name": "source", "emptyDir": {}})
        mounts.append({"name": "source", "mountPath": SOURCE_FOLDER})
    return volumes, mounts


def _checkout(checkout: Checkout) -> dict[str, Any]:
    words = ["kanaria", "checkout", "--url", checkout.url, "--revision", checkout.revision, "--into", SOURCE_FOLDER]
    env: list[dict[str, Any]] = [
        {"name": name, "valueFrom": {"secretKeyRef": {"name": checkout.secret, "key": key, "optional": True}}}
        for name, key in _CREDENTIALS.items()
        if checkout.secret
    ]
    if checkout.file_remotes:
        env.append({"name": "KANARIA_ALLOW_FILE_REMOTES", "value": "true"})
    return {
        "name": CHECKOUT,
        "image": checkout.image,
        "command": words,
        "env": env,
        "securityContext": CONFINED,
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [{"name": "source", "mountPath": SOURCE_FOLDER}],
    }


def _parts(path: str) -> list[str]:
    return [part for part in path.split("/") if part not in ("", ".")]
