"""How an attempt of a step goes, read off its Job and its Pod."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from kanaria.engines.job import CHECKOUT, STEP
from kanaria.vocabulary.marks import QUEUE
from kanaria.vocabulary.masking import masked
from kanaria.vocabulary.objects import Manifest

PATIENCE = timedelta(minutes=2)
"""How long an image may fail to be pulled before the attempt is given up."""
LATE_POD = timedelta(seconds=15)
"""How long the Pod's last words may come after the Job's end: they are told by different controllers."""
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


Attempt = Going | Succeeded | Failed


def attempt(job: Manifest, pod: Manifest | None, now: datetime) -> Attempt:
    """How the attempt goes."""
    conditions = {c["type"]: c for c in (job.get("status") or {}).get("conditions") or [] if c.get("status") == "True"}
    ended = conditions.get("Complete") or conditions.get("Failed")
    if ended is None:
        return _suspended(job) if job["spec"].get("suspend") else _going(pod, now)
    at = _time(ended.get("lastTransitionTime")) or now
    if ended.get("reason") == "DeadlineExceeded":  # the Pod is deleted by the Job controller: it has no last words
        seconds = job["spec"].get("activeDeadlineSeconds")
        return Failed(at, f"it ran longer than its deadline of {seconds} s", too_long=True)
    last = _last_words(pod)
    if last is None and now < at + LATE_POD:
        return Going("its Pod's last words are awaited", at + LATE_POD)
    if "Complete" in conditions:
        return Succeeded(at, str((last or {}).get("message", "")))
    why = _why(last) or masked(str(ended.get("message", ""))) or "its Job failed and tells no reason"
    return Failed(at, why, exit_code=(last or {}).get("exitCode"))


def image_of(pod: Manifest | None) -> str:
    """The image that the step's container runs, with its digest as the node tells it; empty before that."""
    statuses = (pod.get("status") or {}).get("containerStatuses") or [] if pod else []
    return next((str(each.get("imageID") or "") for each in statuses if each.get("name") == STEP), "")


def _suspended(job: Manifest) -> Going:
    queue = (job["metadata"].get("labels") or {}).get(QUEUE)
    if queue is None:
        return Going(
            "its Job is suspended, by hand as it seems; it goes on once spec.suspend of it is false", queued=True
        )
    return Going(f"Kueue has not admitted its Job; see kubectl describe localqueue {queue}", queued=True)


def _going(pod: Manifest | None, now: datetime) -> Attempt:
    if pod is None:
        return Going()
    for waiting in _waiting(pod):
        reason = waiting.get("reason", "")
        since = _time(pod["metadata"].get("creationTimestamp")) or now
        sentence = masked(f"it cannot start: {reason}: {waiting.get('message', '')}")[:_SAID_MAX]
        if reason in _HOPELESS or (reason in _STUCK and now >= since + PATIENCE):
            return Failed(now, sentence)
        if reason in _STUCK:
            return Going("its container cannot start yet", since + PATIENCE)
    if any(c.get("reason") == "Unschedulable" for c in (pod.get("status") or {}).get("conditions") or []):
        return Going(f"no node can take its Pod yet; see kubectl describe pod {pod['metadata']['name']}")
    return Going()


def _statuses(pod: Manifest) -> Iterator[Mapping[str, Any]]:
    status = pod.get("status") or {}
    yield from status.get("initContainerStatuses") or []
    yield from status.get("containerStatuses") or []


def _waiting(pod: Manifest) -> Iterator[Mapping[str, Any]]:
    return (s["state"]["waiting"] for s in _statuses(pod) if (s.get("state") or {}).get("waiting"))


def _last_words(pod: Manifest | None) -> Mapping[str, Any] | None:
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


def _why(last: Mapping[str, Any] | None) -> str:
    if last is None:
        return ""
    where = "the checkout of the code: " if last["container"] == CHECKOUT else ""
    how = f"exit code {last.get('exitCode')}" + (f" ({last['reason']})" if last.get("reason") not in _PLAIN else "")
    # Masked before it is cut: the end of a credential tells no more by its form that it is one.
    said = masked(str(last.get("message", ""))).strip()
    if last.get("reason") in _NEVER_RAN:
        return (
            f"{where}its command cannot be started: {said[-_SAID_MAX:]}; mend its command, or take an image that has it"
        )
    return f"{where}{how}" + (f": {said[-_SAID_MAX:]}" if said else ", and it wrote nothing")


_PLAIN = (None, "", "Error")
_NEVER_RAN = ("StartError", "ContainerCannotRun")


def _time(text: Any) -> datetime | None:
    return datetime.fromisoformat(text) if isinstance(text, str) and text else None
