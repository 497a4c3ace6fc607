"""How an attempt of a step goes, read off its Job and the Pod that tells most of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from kanaria.engines.work import CHECKOUT, STEP, TEST
from kanaria.vocabulary.marks import QUEUE
from kanaria.vocabulary.masking import masked
from kanaria.vocabulary.objects import Manifest

PATIENCE = timedelta(minutes=2)
"""How long an image may fail to be pulled before the attempt is given up."""
LATE_POD = timedelta(seconds=15)
"""How long the Pod's last words may come after the Job's end: they are told by different controllers."""
INDEX = "batch.kubernetes.io/job-completion-index"
"""Label of a Pod of an Indexed Job: its number."""
_HOPELESS = {"InvalidImageName", "ErrImageNeverPull"}
_STUCK = {"ErrImagePull", "ImagePullBackOff", "CreateContainerError", "CreateContainerConfigError", "RunContainerError"}
_SAID_MAX = 500


@dataclass(frozen=True, slots=True)
class Going:
    """Not over yet; `note` says what it waits for, `until` when to look again if nothing is heard."""

    note: str = ""
    until: datetime | None = None
    queued: bool = False
    """Whether its Job is suspended: it has not begun, and no deadline of its own counts."""


@dataclass(frozen=True, slots=True)
class Succeeded:
    """Over, and well; `said` is what it wrote to its outputs file."""

    at: datetime
    said: str = ""


@dataclass(frozen=True, slots=True)
class Failed:
    """Over, and not well: why, with the last lines it wrote; `too_long` where a deadline ended it."""

    at: datetime
    message: str
    too_long: bool = False
    exit_code: int | None = None
    """The code with which the container ended, where it ran."""
    said: str = field(default="", compare=False, repr=False)
    """What it wrote to its outputs file, as it stands: for nobody's eyes before it is masked."""


Attempt = Going | Succeeded | Failed


def attempt(job: Manifest, pod: Manifest | None, now: datetime) -> Attempt:
    """How the attempt goes."""
    conditions = {c["type"]: c for c in (job.get("status") or {}).get("conditions") or [] if c.get("status") == "True"}
    ended = conditions.get("Complete") or conditions.get("Failed")
    if ended is None:
        return suspended(job) if job["spec"].get("suspend") else underway(pod, now)
    at = moment(ended.get("lastTransitionTime")) or now
    if ended.get("reason") == "DeadlineExceeded":  # the Pod is deleted by the Job controller: it has no last words
        return too_long(job, at)
    last = last_words(pod)
    if last is None and now < at + LATE_POD:
        return Going("its Pod's last words are awaited", at + LATE_POD)
    if "Complete" in conditions:
        return Succeeded(at, str((last or {}).get("message", "")))
    why = why_of(last, pod) or masked(str(ended.get("message", ""))) or "its Job failed and tells no reason"
    told = str(last.get("message", "")) if last and last["container"] == STEP else ""
    return Failed(at, why, exit_code=(last or {}).get("exitCode"), said=told)


def too_long(made: Manifest, at: datetime) -> Failed:
    """Its own deadline ended it."""
    seconds = made["spec"].get("activeDeadlineSeconds")
    return Failed(at, f"it ran longer than its deadline of {seconds} s", too_long=True)


def image_of(pod: Manifest | None, container: str = STEP) -> str:
    """The image that the step's container runs, with its digest as the node tells it; empty before that."""
    status = (pod.get("status") or {}) if pod else {}
    statuses = status.get("initContainerStatuses" if container == TEST else "containerStatuses") or []
    found = sorted(statuses, key=lambda each: each.get("name") != container)  # engines of others call theirs otherwise
    return str(found[0].get("imageID") or "") if found else ""


def suspended(made: Manifest) -> Going:
    """It has not begun."""
    what = made.get("kind", "Job")
    queue = (made["metadata"].get("labels") or {}).get(QUEUE)
    if queue is None:
        return Going(
            f"its {what} is suspended, by hand as it seems; it goes on once spec.suspend of it is false", queued=True
        )
    return Going(f"Kueue has not admitted its {what}; see kubectl describe localqueue {queue}", queued=True)


def underway(pod: Manifest | None, now: datetime, note: str = "") -> Attempt:
    """It has begun: what its Pod waits for, or else what there is to say."""
    if pod is None:
        return Going(note)
    for waiting in _waiting(pod):
        reason = waiting.get("reason", "")
        since = moment(pod["metadata"].get("creationTimestamp")) or now
        sentence = masked(f"it cannot start: {reason}: {waiting.get('message', '')}")[:_SAID_MAX]
        if reason in _HOPELESS or (reason in _STUCK and now >= since + PATIENCE):
            return Failed(now, sentence)
        if reason in _STUCK:
            return Going("its container cannot start yet", since + PATIENCE)
    if any(c.get("reason") == "Unschedulable" for c in (pod.get("status") or {}).get("conditions") or []):
        return Going(f"no node can take its Pod yet; see kubectl describe pod {pod['metadata']['name']}")
    return Going(note)


def cannot_start(pod: Manifest) -> bool:
    """Whether one of its containers waits for what may never come."""
    return any(waiting.get("reason") in _HOPELESS | _STUCK for waiting in _waiting(pod))


def _statuses(pod: Manifest) -> Iterator[Mapping[str, Any]]:
    status = pod.get("status") or {}
    yield from status.get("initContainerStatuses") or []
    yield from status.get("containerStatuses") or []


def _waiting(pod: Manifest) -> Iterator[Mapping[str, Any]]:
    return (s["state"]["waiting"] for s in _statuses(pod) if (s.get("state") or {}).get("waiting"))


def last_words(pod: Manifest | None) -> Mapping[str, Any] | None:
    """How the container that decided the Pod's fate ended: the first that failed, else the last one.

    The step goes before containers of the user's own beside it, which often end only because it did.
    """
    ended = [
        {**terminated, "container": s.get("name", "")}
        for s in (_statuses(pod) if pod else ())
        if (terminated := (s.get("state") or {}).get("terminated"))
    ]
    ended.sort(key=lambda each: each["container"] != STEP)
    failed = next((each for each in ended if each.get("exitCode")), None)
    if failed is not None:
        return failed
    steps = [each for each in ended if each["container"] != CHECKOUT]
    return next((each for each in steps if each["container"] == STEP), steps[-1] if steps else None)


def why_of(last: Mapping[str, Any] | None, pod: Manifest | None) -> str:
    """Why a container ended so, in a sentence; empty where nothing is known of it."""
    if last is None:
        return ""
    where = _number(pod) + ("the checkout of the code: " if last["container"] == CHECKOUT else "")
    how = f"exit code {last.get('exitCode')}" + (f" ({last['reason']})" if last.get("reason") not in _PLAIN else "")
    # Masked before it is cut: the end of a credential tells no more by its form that it is one.
    said = masked(str(last.get("message", ""))).strip()
    if last.get("reason") in _NEVER_RAN:
        return (
            f"{where}its command cannot be started: {said[-_SAID_MAX:]}; mend its command, or take an image that has it"
        )
    return f"{where}{how}" + (f": {said[-_SAID_MAX:]}" if said else ", and it wrote nothing")


def _number(pod: Manifest | None) -> str:
    """Which of several Pods it is."""
    number = ((pod or {}).get("metadata", {}).get("labels") or {}).get(INDEX)
    return "" if number is None else f"Pod {number}: "


_PLAIN = (None, "", "Error")
_NEVER_RAN = ("StartError", "ContainerCannotRun")


def moment(text: Any) -> datetime | None:
    """A time as the API server writes it; None where there is none."""
    return datetime.fromisoformat(text) if isinstance(text, str) and text else None
