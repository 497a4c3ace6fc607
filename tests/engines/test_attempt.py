"""How an attempt goes is read off its Job and its Pod."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kanaria.engines.attempt import LATE_POD, PATIENCE, Failed, Going, Succeeded, attempt

NOW = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
ENDED = NOW - timedelta(seconds=1)


def a_job(type_: str | None = None, reason: str = "", message: str = "", at: datetime = ENDED) -> dict[str, Any]:
    told = {"type": type_, "status": "True", "reason": reason, "message": message, "lastTransitionTime": at.isoformat()}
    return {"spec": {"activeDeadlineSeconds": 60}, "status": {"conditions": [told] if type_ else []}}


def a_pod(step: dict | None = None, checkout: dict | None = None, **status: Any) -> dict[str, Any]:
    inits = [{"name": "checkout", "state": checkout}] if checkout else []
    steps = [{"name": "step", "state": step}] if step else []
    told = {"initContainerStatuses": inits, "containerStatuses": steps, **status}
    return {"metadata": {"name": "p", "creationTimestamp": NOW.isoformat()}, "status": told}


def ended(code: int, message: str = "", reason: str = "") -> dict[str, Any]:
    return {"terminated": {"exitCode": code, "message": message, "reason": reason}}


def waiting(reason: str, message: str = "") -> dict[str, Any]:
    return {"waiting": {"reason": reason, "message": message}}


OOM = "exit code 137 (OOMKilled), and it wrote nothing"
MISSING = "its command cannot be started: exec: nosuch: not found; mend its command, or take an image that has it"


@pytest.mark.parametrize(
    ("job", "pod", "expected"),
    [
        pytest.param(a_job(), None, Going(), id="no Pod yet"),
        pytest.param(a_job(), a_pod({"running": {}}), Going(), id="running"),
        pytest.param(a_job("Suspended"), None, Going(), id="queued by Kueue"),
        pytest.param(a_job("Complete"), a_pod(ended(0, "{}")), Succeeded(ENDED, "{}"), id="well"),
        pytest.param(
            a_job("Complete"), a_pod(ended(0, "said"), checkout=ended(0, "x")), Succeeded(ENDED, "said"), id="with code"
        ),
        pytest.param(
            a_job("Failed"), a_pod(ended(2, "boom")), Failed(ENDED, "exit code 2: boom", exit_code=2), id="not well"
        ),
        pytest.param(
            a_job("Failed"), a_pod(ended(137, "", "OOMKilled")), Failed(ENDED, OOM, exit_code=137), id="out of memory"
        ),
        pytest.param(
            a_job("Failed"),
            a_pod(ended(128, "exec: nosuch: not found", "StartError")),
            Failed(ENDED, MISSING, exit_code=128),
            id="no such command",
        ),
        pytest.param(
            a_job("Failed"),
            a_pod(waiting("PodInitializing"), checkout=ended(1, "no route")),
            Failed(ENDED, "the checkout of the code: exit code 1: no route", exit_code=1),
            id="no code",
        ),
        pytest.param(
            a_job("Failed", "DeadlineExceeded"),
            None,
            Failed(ENDED, "it ran longer than its deadline of 60 s", too_long=True),
            id="too long",
        ),
    ],
)
def test_what_is_read(job: dict, pod: dict | None, expected: object):
    assert attempt(job, pod, NOW) == expected


@pytest.mark.parametrize("type_", ["Complete", "Failed"])
def test_the_pods_last_words_are_awaited_for_a_while(type_: str):
    job = a_job(type_, message="Job has reached the specified backoff limit")

    assert isinstance(attempt(job, None, ENDED + LATE_POD - timedelta(seconds=1)), Going)
    late = attempt(job, None, ENDED + LATE_POD)

    wanted = Succeeded(ENDED) if type_ == "Complete" else Failed(ENDED, "Job has reached the specified backoff limit")
    assert late == wanted


@pytest.mark.parametrize(
    ("reason", "after", "fails"),
    [
        pytest.param("InvalidImageName", timedelta(0), True, id="hopeless: at once"),
        pytest.param("ErrImagePull", timedelta(0), False, id="may mend"),
        pytest.param("ImagePullBackOff", PATIENCE - timedelta(seconds=1), False, id="just in time"),
        pytest.param("ImagePullBackOff", PATIENCE, True, id="too late"),
        pytest.param("ContainerCreating", 10 * PATIENCE, False, id="a large image may take its time"),
    ],
)
def test_a_container_that_cannot_start_is_given_up_in_time(reason: str, after: timedelta, fails: bool):  # noqa: FBT001 - a row
    found = attempt(a_job(), a_pod(waiting(reason, "no such image")), NOW + after)

    assert isinstance(found, Failed) == fails
    if isinstance(found, Failed):
        assert found.message == f"it cannot start: {reason}: no such image"


def test_a_pod_that_no_node_takes_is_told():
    pod = a_pod(conditions=[{"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}])

    assert attempt(a_job(), pod, NOW) == Going("no node can take its Pod yet; see kubectl describe pod p")


def beside(step: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """A Pod with a container of the user's beside the step; a kubelet tells them in the order of their names."""
    pod = a_pod(step)
    pod["status"]["containerStatuses"].append({"name": "vector", "state": other})
    return pod


def test_the_outputs_are_those_of_the_step_and_of_no_container_beside_it():
    found = attempt(a_job("Complete"), beside(ended(0, "outputs"), ended(0, "shipped 7 lines")), NOW)

    assert found == Succeeded(ENDED, "outputs")


def test_a_failed_step_is_told_and_not_what_was_ended_with_it():
    pod = beside(ended(2, "boom"), ended(143, "terminated"))
    pod["status"]["containerStatuses"].reverse()

    assert attempt(a_job("Failed"), pod, NOW) == Failed(ENDED, "exit code 2: boom", exit_code=2)


def test_a_credential_that_the_cut_divides_is_not_told():
    said = "password=" + "s3cret" * 30 + " " + "x" * 400

    found = attempt(a_job("Failed"), a_pod(ended(1, said)), NOW)

    assert isinstance(found, Failed)
    assert "s3cret" not in found.message


def test_a_registry_that_tells_a_token_is_not_repeated():
    pod = a_pod(waiting("InvalidImageName", "401 from https://robot:s3cret@registry/wine"))

    found = attempt(a_job(), pod, NOW)

    assert isinstance(found, Failed)
    assert "s3cret" not in found.message


def test_only_the_end_of_a_long_message_is_kept():
    found = attempt(a_job("Failed"), a_pod(ended(1, "x" * 4000 + " the end")), NOW)

    assert isinstance(found, Failed)
    assert found.message.endswith("the end")
    assert len(found.message) < 600
