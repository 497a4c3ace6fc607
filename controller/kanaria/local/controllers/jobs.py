"""What a Job needs next: Pods, patience, or an end.

The rules are those of batch/v1 (what only Indexed Jobs have is in indexes.py): a failed Pod is replaced after
base × 2^(n-1) seconds, `backoffLimit` counts failed Pods (or restarts, where the Pod itself restarts), a Job that is to
end first gets the condition FailureTarget or SuccessCriteriaMet, and Failed or Complete once none of its Pods is left
running.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from kanaria.local.api_client import Thing
from kanaria.local.clock import read, written
from kanaria.local.controllers import indexes
from kanaria.local.controllers import pods as of_pods
from kanaria.local.controllers.failure_policy import broken_rule, is_ignored
from kanaria.local.controllers.pods import Actions, condition, holds

LONGEST_BACKOFF = 600.0
Kind = Literal["Failed", "Complete"]


@dataclass(frozen=True, slots=True)
class Ending:
    """How a Job ends: the final condition with its reason and sentence."""

    kind: Kind
    reason: str
    message: str

    @property
    def target(self) -> str:
        """The condition that announces it while Pods still run."""
        return "FailureTarget" if self.kind == "Failed" else "SuccessCriteriaMet"


@dataclass(frozen=True, slots=True)
class Tally:
    """A Job's Pods, counted."""

    active: tuple[Thing, ...]
    leaving: int
    succeeded: int
    failed: int
    failures_in_a_row: int
    last_failure: datetime | None
    done: frozenset[int] = frozenset()
    """Of an Indexed Job: the numbers that are done."""

    @property
    def ready(self) -> int:
        """How many of the active Pods are ready."""
        return sum(1 for pod in self.active if holds(pod, "Ready"))


def decide(job: Thing, pods: list[Thing], now: datetime, base: float = 10.0) -> Actions:
    """What to do about a Job and its Pods; `base` is the first backoff in seconds."""
    if "deletionTimestamp" in job["metadata"]:
        return Actions()
    if holds(job, "Complete") or holds(job, "Failed"):
        return _after_the_end(job, now)
    tally = count(job, pods)
    if job["spec"].get("suspend"):
        return _suspended(job, tally, now)
    ending = _announced(job) or _ending(job, pods, tally, now)
    if ending:
        return _end(job, tally, ending, now)
    return _go_on(job, tally, now, base)


def count(job: Thing, pods: list[Thing]) -> Tally:
    """The Pods of a Job by what became of them; what the status already counted is never forgotten."""
    status = job.get("status", {})
    failures = [pod for pod in pods if of_pods.phase(pod) == "Failed" or _was_cut_off(job, pod)]
    counted = [pod for pod in failures if not is_ignored(job, pod)]
    successes = [pod for pod in pods if of_pods.phase(pod) == "Succeeded"]
    last_success = max(map(of_pods.ended_at, successes), default=None)
    in_a_row = [pod for pod in failures if last_success is None or of_pods.ended_at(pod) > last_success]
    going = [pod for pod in pods if not of_pods.is_over(pod)]
    done = indexes.done(job, pods) if indexes.is_indexed(job) else frozenset()
    return Tally(
        active=tuple(pod for pod in going if not of_pods.is_leaving(pod)),
        leaving=sum(1 for pod in going if of_pods.is_leaving(pod)),
        succeeded=len(done) if indexes.is_indexed(job) else max(len(successes), status.get("succeeded", 0)),
        failed=max(len(counted), status.get("failed", 0)),
        failures_in_a_row=len(in_a_row),
        last_failure=max(map(of_pods.ended_at, in_a_row), default=None),
        done=done,
    )


def _was_cut_off(job: Thing, pod: Thing) -> bool:
    """A Pod deleted while it ran counts as failed, unless suspending the Job is what deleted it."""
    return of_pods.is_leaving(pod) and not of_pods.is_over(pod) and not job["spec"].get("suspend")


def _after_the_end(job: Thing, now: datetime) -> Actions:
    ttl = job["spec"].get("ttlSecondsAfterFinished")
    if ttl is None:
        return Actions()
    final = condition(job, "Complete") or condition(job, "Failed") or {}
    left = (read(final["lastTransitionTime"]) + timedelta(seconds=ttl) - now).total_seconds()
    return Actions(remove=True) if left <= 0 else Actions(again=left)


def _suspended(job: Thing, tally: Tally, now: datetime) -> Actions:
    conditions = _with(job, "Suspended", "True", "JobSuspended", "Job suspended", now)
    status = _status(job, tally, conditions) | {"active": None, "startTime": None}
    names = tuple(pod["metadata"]["name"] for pod in tally.active)
    return Actions(delete=names, status=of_pods.status_patch(job, status))


def _announced(job: Thing) -> Ending | None:
    for target, kind in (("FailureTarget", "Failed"), ("SuccessCriteriaMet", "Complete")):
        found = condition(job, target)
        if found and found["status"] == "True":
            return Ending("Failed" if kind == "Failed" else "Complete", found["reason"], found["message"])
    return None


def _ending(job: Thing, pods: list[Thing], tally: Tally, now: datetime) -> Ending | None:
    """Whether the Job is to end now, and how."""
    spec = job["spec"]
    broken = next(filter(None, (broken_rule(job, pod) for pod in pods)), None)
    if broken:
        return Ending("Failed", "PodFailurePolicy", broken)
    if _has_enough(spec, tally):
        return Ending("Complete", "CompletionsReached", "Reached expected number of succeeded pods")
    limit = spec.get("backoffLimit", 6)
    if tally.failed > limit or _restarted_too_often(spec, tally, limit):
        return Ending("Failed", "BackoffLimitExceeded", "Job has reached the specified backoff limit")
    left = _time_left(job, now)
    if left is not None and left <= 0:
        return Ending("Failed", "DeadlineExceeded", "Job was active longer than specified deadline")
    return None


def _has_enough(spec: Thing, tally: Tally) -> bool:
    wanted = spec.get("completions", 1 if spec.get("parallelism", 1) == 1 else None)
    if wanted is None:
        # A work queue: one success means that the work is done; the other workers are let to finish.
        return tally.succeeded > 0 and not tally.active
    return bool(tally.succeeded >= wanted)


def _restarted_too_often(spec: Thing, tally: Tally, limit: int) -> bool:
    if spec["template"]["spec"].get("restartPolicy") != "OnFailure":
        return False
    total = sum(map(of_pods.restarts, tally.active))
    return total > 0 and total >= limit


def _time_left(job: Thing, now: datetime) -> float | None:
    deadline: float | None = job["spec"].get("activeDeadlineSeconds")
    started = job.get("status", {}).get("startTime")
    if deadline is None or not started:
        return deadline
    return (read(started) + timedelta(seconds=deadline) - now).total_seconds()


def _end(job: Thing, tally: Tally, ending: Ending, now: datetime) -> Actions:
    """Announce the end, end the Pods, and say it is over once they are."""
    conditions = _with(job, ending.target, "True", ending.reason, ending.message, now)
    left = tuple(pod["metadata"]["name"] for pod in tally.active)
    status = _status(job, tally, conditions)
    if not left and not tally.leaving:
        told = {**job, "status": {"conditions": conditions}}
        status["conditions"] = _with(told, ending.kind, "True", ending.reason, ending.message, now)
        if ending.kind == "Complete":
            status["completionTime"] = written(now)
    return Actions(delete=left, status=of_pods.status_patch(job, status))


def _go_on(job: Thing, tally: Tally, now: datetime, base: float) -> Actions:
    conditions = job.get("status", {}).get("conditions")
    if condition(job, "Suspended"):
        conditions = _with(job, "Suspended", "False", "JobResumed", "Job resumed", now)
    missing = _missing(job["spec"], tally)
    wait = _backoff(tally, now, base) if missing > 0 else 0.0
    fresh = _fresh(job, tally, missing) if wait <= 0 else ()
    status = _status(job, tally, conditions)
    status["active"] = len(tally.active) + len(fresh) or None
    status["startTime"] = job.get("status", {}).get("startTime") or written(now)
    spare = tuple(pod["metadata"]["name"] for pod in tally.active[missing:]) if missing < 0 else ()
    later = [seconds for seconds in (wait, _time_left(job, now)) if seconds and seconds > 0]
    patch = of_pods.status_patch(job, status)
    return Actions(create=fresh, delete=spare, status=patch, again=min(later, default=None))


def _missing(spec: Thing, tally: Tally) -> int:
    parallel = spec.get("parallelism", 1)
    wanted = spec.get("completions", 1 if parallel == 1 else None)
    if wanted is None:
        wanted = parallel if tally.succeeded == 0 else len(tally.active) + tally.succeeded
    return int(min(parallel, wanted - tally.succeeded) - len(tally.active))


def _backoff(tally: Tally, now: datetime, base: float) -> float:
    """The seconds to wait until a failed Pod is replaced."""
    if tally.last_failure is None:
        return 0.0
    pause = min(base * 2.0 ** min(tally.failures_in_a_row - 1, 30), LONGEST_BACKOFF)
    return (tally.last_failure + timedelta(seconds=pause) - now).total_seconds()


def _fresh(job: Thing, tally: Tally, missing: int) -> tuple[Thing, ...]:
    if not indexes.is_indexed(job):
        return tuple(_pod(job) for _ in range(missing))
    numbers = indexes.next_ones(job, tally.active, tally.done, max(missing, 0))
    return tuple(indexes.numbered(job, _pod(job), number) for number in numbers)


def _pod(job: Thing) -> Thing:
    return of_pods.pod_of(job, job["spec"]["template"], prefix=f"{job['metadata']['name']}-", labels=labels_of(job))


def labels_of(job: Thing) -> dict[str, str]:
    """The labels by which a Job's Pods are found, e.g. by `kubectl logs job/…`."""
    name, uid = job["metadata"]["name"], job["metadata"]["uid"]
    marks = {"controller-uid": uid, "job-name": name}
    return marks | {f"batch.kubernetes.io/{mark}": value for mark, value in marks.items()}


def _status(job: Thing, tally: Tally, conditions: list[Thing] | None) -> dict[str, Any]:
    return (job.get("status") or {}) | {
        "active": len(tally.active) or None,
        "ready": tally.ready,
        "terminating": tally.leaving,
        "succeeded": tally.succeeded or None,
        "failed": tally.failed or None,
        **({"completedIndexes": indexes.spelled(tally.done)} if indexes.is_indexed(job) else {}),
        "conditions": conditions or None,
    }


def _with(job: Thing, kind: str, status: str, reason: str, message: str, now: datetime) -> list[Thing]:
    """The Job's conditions with this one in it; its time moves only with its status."""
    known: list[Thing] = job.get("status", {}).get("conditions") or []
    old = condition(job, kind)
    if old and (old["status"], old["reason"]) == (status, reason):
        return known
    moment = written(now)
    new = {"type": kind, "status": status, "reason": reason, "message": message}
    new |= {"lastProbeTime": moment, "lastTransitionTime": moment}
    return [each for each in known if each["type"] != kind] + [new]
