"""What a Pod's status says, given what became of its containers."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kanaria.local.api_client import Thing
from kanaria.local.clock import written

IMAGE_SENTENCE = "local: the image is not pulled, the command runs as a process of this machine"


@dataclass(frozen=True, slots=True)
class Waiting:
    """Not running yet, or not yet again."""

    reason: str
    message: str = ""

    def told(self) -> Thing:
        """As the API writes it."""
        return {"waiting": _filled(reason=self.reason, message=self.message)}


@dataclass(frozen=True, slots=True)
class Running:
    """Running since then."""

    started: datetime

    def told(self) -> Thing:
        """As the API writes it."""
        return {"running": {"startedAt": written(self.started)}}


@dataclass(frozen=True, slots=True)
class Terminated:
    """Ended, with this exit code (128 + n for the signal n)."""

    exit_code: int
    reason: str
    started: datetime
    finished: datetime
    message: str = ""

    def told(self) -> Thing:
        """As the API writes it."""
        times = {"startedAt": written(self.started), "finishedAt": written(self.finished)}
        return {"terminated": {"exitCode": self.exit_code} | _filled(reason=self.reason, message=self.message) | times}


State = Waiting | Running | Terminated


@dataclass(frozen=True, slots=True)
class Record:
    """One container's fate so far; `over` once it will never run again."""

    name: str
    image: str
    state: State
    last: Terminated | None = None
    restarts: int = 0
    ready: bool = False
    over: bool = False

    def told(self) -> Thing:
        """As an entry of containerStatuses."""
        return {
            "name": self.name,
            "image": self.image,
            "imageID": IMAGE_SENTENCE,
            "state": self.state.told(),
            "lastState": self.last.told() if self.last else {},
            "restartCount": self.restarts,
            "ready": self.ready,
            "started": isinstance(self.state, Running),
        }

    @property
    def succeeded(self) -> bool:
        """Whether it is over, and well."""
        return self.over and isinstance(self.state, Terminated) and self.state.exit_code == 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """A phase that is not for the containers to tell: refused, too late, lost with the node."""

    phase: str
    reason: str
    message: str


def fresh(container: Thing, reason: str) -> Record:
    """The record of a container that has not run yet."""
    return Record(container["name"], container.get("image", ""), Waiting(reason))


def exit_code(returned: int) -> int:
    """A process's return code as a container's exit code."""
    return 128 - returned if returned < 0 else returned


def ended(returned: int, started: datetime, finished: datetime, message: str = "") -> Terminated:
    """How a process that ended by itself or by a signal is told."""
    code = exit_code(returned)
    if not message and returned < 0:
        message = f"ended by {signal.Signals(-returned).name}"
    return Terminated(code, "Completed" if code == 0 else "Error", started, finished, message)


def phase(inits: Sequence[Record], containers: Sequence[Record]) -> str:
    """The Pod's phase as its containers tell it."""
    if any(record.over and not record.succeeded for record in inits):
        return "Failed"
    if not all(record.succeeded for record in inits):
        return "Pending"
    if all(record.over for record in containers):
        return "Succeeded" if all(record.succeeded for record in containers) else "Failed"
    return "Running" if any(_has_run(record) for record in containers) else "Pending"


def _has_run(record: Record) -> bool:
    return not isinstance(record.state, Waiting) or record.restarts > 0 or record.last is not None


def pod_status(
    pod: Thing, inits: Sequence[Record], containers: Sequence[Record], now: datetime, verdict: Verdict | None = None
) -> dict[str, Any]:
    """The whole status of a Pod; times of conditions that did not turn are kept."""
    old = pod.get("status") or {}
    now_phase = verdict.phase if verdict else phase(inits, containers)
    over = now_phase in {"Succeeded", "Failed"}
    status: dict[str, Any] = {
        "phase": now_phase,
        "conditions": _conditions(old, inits, containers, now_phase, now),
        "hostIP": "127.0.0.1",
        "podIP": "127.0.0.1",
        "podIPs": [{"ip": "127.0.0.1"}],
        "startTime": old.get("startTime") or written(now),
        "qosClass": old.get("qosClass", "BestEffort"),
        "containerStatuses": [record.told() for record in containers],
    }
    if inits:
        status["initContainerStatuses"] = [record.told() for record in inits]
    if verdict:
        status |= {"reason": verdict.reason, "message": verdict.message}
        if verdict.reason == "NodeShutdown" and over:
            # So that a Job's podFailurePolicy can tell a lost machine from a failed program.
            fact = _condition(old, "DisruptionTarget", ("True", "TerminationByKubelet", verdict.message), now)
            status["conditions"].append(fact)
    return status


def _conditions(
    old: Thing, inits: Sequence[Record], containers: Sequence[Record], now_phase: str, now: datetime
) -> list[Thing]:
    initialized = all(record.succeeded for record in inits)
    unready = [record.name for record in containers if not record.ready]
    done = now_phase == "Succeeded"
    why = (
        ("PodCompleted", "") if done else ("ContainersNotReady", f"containers with unready status: {_listed(unready)}")
    )
    ready = ("True", "", "") if not unready and initialized else ("False", *why)
    waiting = [record.name for record in inits if not record.succeeded]
    not_initialized = ("False", "ContainersNotInitialized", f"containers with incomplete status: {_listed(waiting)}")
    facts = {
        "PodScheduled": ("True", "", ""),
        "Initialized": ("True", "PodCompleted" if done else "", "") if initialized else not_initialized,
        "ContainersReady": ready,
        "Ready": ready,
    }
    return [_condition(old, kind, fact, now) for kind, fact in facts.items()]


def _condition(old: Thing, kind: str, fact: tuple[str, str, str], now: datetime) -> Thing:
    known = next((each for each in old.get("conditions") or [] if each["type"] == kind), None)
    turned = known["lastTransitionTime"] if known and known["status"] == fact[0] else written(now)
    told = {"type": kind, "status": fact[0]} | _filled(reason=fact[1], message=fact[2])
    return told | {"lastTransitionTime": turned}


def _listed(names: Sequence[str]) -> str:
    return "[" + " ".join(names) + "]"


def _filled(**texts: str) -> Thing:
    return {name: text for name, text in texts.items() if text}
