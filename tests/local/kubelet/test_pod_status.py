from typing import Any

import pytest

from kanaria.local.clock import written
from kanaria.local.kubelet.recovery import LOST, lost_verdict, restored
from kanaria.local.kubelet.status import (
    Record,
    Running,
    Terminated,
    Verdict,
    Waiting,
    ended,
    phase,
    pod_status,
)
from workloads import NOON, at

CONTAINER = {"name": "main", "image": "python:3.11"}


def record(state: Any = None, **facts: Any) -> Record:
    return Record("main", "python:3.11", state or Waiting("ContainerCreating"), **facts)


def over(code: int) -> Record:
    return record(Terminated(code, "Error" if code else "Completed", NOON, at(1)), over=True)


RUNS = record(Running(NOON), ready=True)


@pytest.mark.parametrize(
    ("inits", "mains", "expected"),
    [
        pytest.param([], [record()], "Pending", id="nothing has run"),
        pytest.param([record(Running(NOON))], [record()], "Pending", id="an init container runs"),
        pytest.param([over(1)], [record()], "Failed", id="an init container failed"),
        pytest.param([over(0)], [RUNS], "Running", id="running"),
        pytest.param([], [RUNS, over(0)], "Running", id="one still runs"),
        pytest.param([], [over(0), over(0)], "Succeeded", id="all went well"),
        pytest.param([], [over(0), over(2)], "Failed", id="one did not"),
        pytest.param(
            [], [record(Waiting("CrashLoopBackOff"), last=Terminated(1, "Error", NOON, NOON))], "Running", id="crashing"
        ),
    ],
)
def test_the_phase_follows_from_the_containers(inits: list[Record], mains: list[Record], expected: str):
    assert phase(inits, mains) == expected


def conditions(status: dict[str, Any]) -> dict[str, str]:
    return {each["type"]: each["status"] for each in status["conditions"]}


@pytest.mark.parametrize(
    ("inits", "mains", "expected"),
    [
        pytest.param([], [RUNS], ("True", "True", "True"), id="ready"),
        pytest.param([], [record(Running(NOON))], ("True", "False", "False"), id="not ready yet"),
        pytest.param([record(Running(NOON))], [record()], ("False", "False", "False"), id="not initialized"),
        pytest.param([], [over(0)], ("True", "False", "False"), id="over"),
    ],
)
def test_the_conditions_follow_from_the_containers(
    inits: list[Record], mains: list[Record], expected: tuple[str, str, str]
):
    told = conditions(pod_status({}, inits, mains, NOON))

    assert (told["Initialized"], told["ContainersReady"], told["Ready"]) == expected
    assert told["PodScheduled"] == "True"


def test_a_condition_that_does_not_turn_keeps_its_time():
    first = pod_status({}, [], [record(Running(NOON))], NOON)
    later = pod_status({"status": first}, [], [RUNS], at(60))

    times = {each["type"]: each["lastTransitionTime"] for each in later["conditions"]}
    assert times["PodScheduled"] == written(NOON)
    assert times["Ready"] == written(at(60))
    assert later["startTime"] == written(NOON)


def test_a_verdict_overrules_the_containers():
    status = pod_status({}, [], [RUNS], NOON, Verdict("Failed", "DeadlineExceeded", "too long"))

    assert (status["phase"], status["reason"], status["message"]) == ("Failed", "DeadlineExceeded", "too long")


def test_a_lost_pod_is_told_as_a_disruption():
    status = pod_status({}, [], [RUNS], NOON, Verdict("Failed", "NodeShutdown", "gone"))

    assert conditions(status)["DisruptionTarget"] == "True"


@pytest.mark.parametrize(
    ("returned", "expected"),
    [
        pytest.param(0, (0, "Completed", ""), id="well"),
        pytest.param(3, (3, "Error", ""), id="an exit code"),
        pytest.param(-9, (137, "Error", "ended by SIGKILL"), id="a signal"),
    ],
)
def test_an_end_is_told_by_code_and_reason(returned: int, expected: tuple[int, str, str]):
    end = ended(returned, NOON, at(1))

    assert (end.exit_code, end.reason, end.message) == expected


def told_pod(
    policy: str, state: dict[str, Any], restarts: int = 0, last: dict[str, Any] | None = None
) -> dict[str, Any]:
    told = {"name": "main", "state": state, "restartCount": restarts, "lastState": last or {}}
    return {"spec": {"restartPolicy": policy, "containers": [CONTAINER]}, "status": {"containerStatuses": [told]}}


RAN = {"running": {"startedAt": written(NOON)}}
DONE = {"terminated": {"exitCode": 0, "startedAt": written(NOON), "finishedAt": written(at(5))}}


def test_a_pod_that_may_not_restart_is_lost_with_its_processes():
    verdict = lost_verdict(told_pod("Never", RAN))

    assert verdict is not None
    assert (verdict.phase, verdict.reason) == ("Failed", "NodeShutdown")


@pytest.mark.parametrize(
    "pod",
    [
        pytest.param({"spec": {"restartPolicy": "Never", "containers": [CONTAINER]}}, id="a new Pod"),
        pytest.param(told_pod("Never", {"waiting": {"reason": "ContainerCreating"}}), id="one that never ran"),
        pytest.param(told_pod("Always", RAN), id="one that restarts"),
    ],
)
def test_a_pod_that_may_start_is_not_lost(pod: dict[str, Any]):
    assert lost_verdict(pod) is None


def test_a_container_whose_process_is_gone_starts_again():
    found = restored(CONTAINER, told_pod("Always", RAN, restarts=1))

    assert (found.restarts, found.over) == (2, False)
    assert found.last == Terminated(137, "Error", NOON, NOON, LOST)


def test_a_container_that_is_done_stays_done():
    found = restored(CONTAINER, told_pod("OnFailure", DONE))

    assert found.succeeded


def test_a_crashing_container_remembers_its_last_end():
    crash = {"terminated": {"exitCode": 3, "startedAt": written(NOON), "finishedAt": written(at(5))}}
    found = restored(CONTAINER, told_pod("Always", {"waiting": {"reason": "CrashLoopBackOff"}}, restarts=4, last=crash))

    assert found.last is not None
    assert (found.last.exit_code, found.restarts) == (3, 5)
