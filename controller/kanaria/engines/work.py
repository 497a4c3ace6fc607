"""What an attempt of a step needs, whatever engine runs it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kanaria.vocabulary.marks import QUEUE

OUTPUTS_FILE = "/dev/termination-log"
CHECKOUT = "checkout"
STEP = "step"
TEST = "test"
"""The init container of a test whose report is read; the container `step` is the reader then."""
# What a Pod Security Standard of level "baseline" asks for, and as much of "restricted" as no image can mind:
# many training images run as root, so runAsNonRoot is the user's to ask for.
CONFINED = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
POD_CONFINED = {"seccompProfile": {"type": "RuntimeDefault"}}


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
class Report:
    """A report that the command writes, and that Kanaria's own image reads once it is over."""

    path: str
    image: str


@dataclass(frozen=True, slots=True)
class Work:
    """One attempt of one step, with everything filled in."""

    name: str
    namespace: str
    labels: Mapping[str, str]
    owner: Mapping[str, Any]
    """The ownerReference."""
    image: str
    """Empty where the engine takes another one."""
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
    report: Report | None = None
    """The JUnit XML of a test: its command is an init container then, and the container `step` reads the report."""
    queue: str | None = None
    """Kueue's LocalQueue that lets it begin."""
    port: int | None = None
    """On which it listens."""
    pod_template: Mapping[str, Any] = field(default_factory=dict)
    """What the user wants beside: labels, annotations, anything of a Pod's spec."""


def metadata(work: Work) -> dict[str, Any]:
    """The metadata of what runs the attempt; with a queue also Kueue's label."""
    labels = {**work.labels, QUEUE: work.queue} if work.queue else dict(work.labels)
    return {"name": work.name, "namespace": work.namespace, "labels": labels, "ownerReferences": [dict(work.owner)]}


def limits(work: Work) -> dict[str, Any]:
    """The fields that every engine calls the same: its deadline, and whether it is suspended at its birth.

    With a queue that field is Kueue's alone from then on.
    """
    deadline = {"activeDeadlineSeconds": work.deadline} if work.deadline else {}
    return {**deadline, **({"suspend": True} if work.queue else {})}


def environment(work: Work) -> list[dict[str, Any]]:
    """The variables as a container takes them."""
    named: list[dict[str, Any]] = [{"name": name, "value": value} for name, value in work.env]
    return [*named, *({"name": name, "valueFrom": dict(source)} for name, source in work.env_from)]
