"""What a kubelet makes of Pods whose processes ended with the kubelet before it."""

from __future__ import annotations

from kanaria.local.api_client import Thing
from kanaria.local.clock import read
from kanaria.local.kubelet.status import Record, State, Terminated, Verdict, Waiting

LOST = "The local cluster was stopped while the container ran"


def lost_verdict(pod: Thing) -> Verdict | None:
    """The end of a Pod that may not be started again; None for a new Pod and for one that may."""
    if pod["spec"].get("restartPolicy", "Always") != "Never" or not _had_begun(pod):
        return None
    return Verdict("Failed", "NodeShutdown", "The local cluster was stopped while the Pod ran; its processes are gone")


def restored(container: Thing, pod: Thing) -> Record:
    """The record to go on with: new, over already, or to be started again."""
    name, image = container["name"], container.get("image", "")
    told = next((each for each in _statuses(pod) if each["name"] == name), None)
    if told is None or not _has_run(told):
        begins = "PodInitializing" if pod["spec"].get("initContainers") else "ContainerCreating"
        return Record(name, image, Waiting(begins))
    policy = pod["spec"].get("restartPolicy", "Always")
    end = _end(told)
    restarts = int(told.get("restartCount", 0))
    is_init = container in (pod["spec"].get("initContainers") or [])
    stays = policy == "Never" or (end.exit_code == 0 and (policy == "OnFailure" or is_init))
    if stays:
        return Record(name, image, end, restarts=restarts, over=True)
    state: State = Waiting("ContainerCreating")
    return Record(name, image, state, last=end, restarts=restarts + 1)


def _had_begun(pod: Thing) -> bool:
    return any(_has_run(told) for told in _statuses(pod))


def _statuses(pod: Thing) -> list[Thing]:
    status = pod.get("status") or {}
    return (status.get("initContainerStatuses") or []) + (status.get("containerStatuses") or [])


def _has_run(told: Thing) -> bool:
    return bool("waiting" not in told.get("state", {}) and told.get("state")) or told.get("restartCount", 0) > 0


def _end(told: Thing) -> Terminated:
    """How it ended; a container that ran until the kubelet ended was killed with it."""
    state = told["state"]
    known = state.get("terminated") or told.get("lastState", {}).get("terminated")
    if "running" in state or not known:
        began = read(state.get("running", {}).get("startedAt", "1970-01-01T00:00:00Z"))
        return Terminated(137, "Error", began, began, LOST)
    began, finished = read(known["startedAt"]), read(known["finishedAt"])
    return Terminated(known["exitCode"], known.get("reason", ""), began, finished, known.get("message", ""))
