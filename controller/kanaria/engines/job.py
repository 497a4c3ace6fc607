"""How a step becomes a batch/v1 Job."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kanaria.vocabulary.marks import QUEUE
from kanaria.vocabulary.objects import Manifest

OUTPUTS_FILE = "/dev/termination-log"
SOURCE_FOLDER = "/src"
WORKSPACE_FOLDER = "/workspace"
CHECKOUT = "checkout"
STEP = "step"
_CREDENTIALS = {
    "KANARIA_GIT_USERNAME": "username",
    "KANARIA_GIT_PASSWORD": "password",
    "KANARIA_GIT_BEARER_TOKEN": "bearerToken",
}
# What a Pod Security Standard of level "baseline" asks for, and as much of "restricted" as no image can mind:
# many training images run as root, so runAsNonRoot is the user's to ask for.
_CONFINED = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}


@dataclass(frozen=True, slots=True)
class Checkout:
    """The commit of the pipeline's own code that a step finds in its working folder."""

    url: str
    revision: str
    path: str
    image: str
    """Kanaria's own image, whose `kanaria checkout` fetches the commit."""
    secret: str | None = None
    file_remotes: bool = False


@dataclass(frozen=True, slots=True)
class Work:
    """One attempt of one step, with everything filled in."""

    name: str
    namespace: str
    labels: Mapping[str, str]
    owner: Mapping[str, Any]
    """The ownerReference."""
    image: str
    command: tuple[str, ...]
    env: tuple[tuple[str, str], ...]
    resources: Mapping[str, Any]
    deadline: int | None = None
    """Seconds."""
    pod_account: str | None = None
    workspace: str | None = None
    """Name of the claim that is mounted at /workspace."""
    checkout: Checkout | None = None
    env_from: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    """Variables whose value the Pod reads from a Secret or ConfigMap."""
    volumes: tuple[Mapping[str, Any], ...] = ()
    volume_mounts: tuple[Mapping[str, Any], ...] = ()
    queue: str | None = None
    """Kueue's LocalQueue that lets the Job begin."""
    pod_template: Mapping[str, Any] = field(default_factory=dict)
    """What the user wants beside: labels, annotations, anything of a Pod's spec."""


def render(work: Work) -> Manifest:
    """The Job: tried once, since Kanaria itself counts attempts and waits between them.

    One with a queue is suspended at its birth; from then on that field is Kueue's alone.
    """
    labels = {**work.labels, QUEUE: work.queue} if work.queue else work.labels
    deadline = {"activeDeadlineSeconds": work.deadline} if work.deadline else {}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": _metadata(work.name, work.namespace, labels, work.owner),
        "spec": {
            "backoffLimit": 0,
            **deadline,
            **({"suspend": True} if work.queue else {}),
            "template": pod_template(work),
        },
    }


def claim(name: str, namespace: str, labels: Mapping[str, str], owner: Mapping[str, Any], size: str) -> Manifest:
    """The volume that all steps of a run share."""
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": _metadata(name, namespace, labels, owner),
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}},
    }


def _metadata(name: str, namespace: str, labels: Mapping[str, str], owner: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": name, "namespace": namespace, "labels": dict(labels), "ownerReferences": [dict(owner)]}


def pod_template(work: Work) -> dict[str, Any]:
    """The Pod: what the user wrote of it, with the step's own container in it."""
    given = work.pod_template.get("metadata") or {}
    metadata: dict[str, Any] = {"labels": {**(given.get("labels") or {}), **work.labels}}
    if given.get("annotations"):
        metadata["annotations"] = dict(given["annotations"])
    return {"metadata": metadata, "spec": _pod(work)}


def _pod(work: Work) -> dict[str, Any]:
    given = dict(work.pod_template.get("spec") or {})
    theirs = [dict(each) for each in given.get("containers") or ()]
    own = next((each for each in theirs if each.get("name") == STEP), {})
    volumes, mounts = _volumes(work)
    mounts += [dict(each) for each in own.get("volumeMounts") or ()]
    env: list[dict[str, Any]] = [{"name": name, "value": value} for name, value in work.env]
    env += [{"name": name, "valueFrom": dict(source)} for name, source in work.env_from]
    env += [dict(each) for each in own.get("env") or () if each.get("name") not in {e["name"] for e in env}]
    container: dict[str, Any] = {
        "securityContext": _CONFINED,
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
    pod: dict[str, Any] = {"securityContext": {"seccompProfile": {"type": "RuntimeDefault"}}} | given
    pod["restartPolicy"] = "Never"
    if work.pod_account:
        pod["serviceAccountName"] = work.pod_account
    if work.checkout:
        container["workingDir"] = "/".join([SOURCE_FOLDER, *_parts(work.checkout.path)])
        pod["initContainers"] = [_checkout(work.checkout), *(given.get("initContainers") or ())]
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
        "securityContext": _CONFINED,
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [{"name": "source", "mountPath": SOURCE_FOLDER}],
    }


def _parts(path: str) -> list[str]:
    return [part for part in path.split("/") if part not in ("", ".")]
