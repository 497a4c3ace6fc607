from typing import Any

import pytest

from kanaria.local.clock import written
from kanaria.local.controllers.jobs import decide
from kanaria.local.controllers.pods import Actions, condition
from workloads import NOON, a_job, a_pod, a_template, at

STARTED = {"startTime": written(NOON)}


def told(actions: Actions, kind: str) -> dict[str, Any]:
    """The condition of that type in the status the actions write."""
    found = condition({"status": actions.status or {}}, kind)
    assert found is not None
    return found


def failed(name: str = "one", ended: float = 0, code: int = 1, **marks: Any) -> dict[str, Any]:
    return a_pod(name, "Failed", ended=ended, code=code, **marks)


def test_a_new_job_gets_one_pod_of_its_own():
    actions = decide(a_job(), [], NOON)

    [pod] = actions.create
    assert pod["metadata"]["generateName"] == "train-"
    assert pod["metadata"]["labels"]["job-name"] == "train"
    assert pod["metadata"]["labels"]["batch.kubernetes.io/controller-uid"] == "job-1"
    assert pod["metadata"]["ownerReferences"][0]["uid"] == "job-1"
    assert actions.status == {"active": 1, "ready": 0, "terminating": 0, "startTime": written(NOON)}


def test_a_job_whose_pod_runs_needs_nothing():
    running = [a_pod(ready=True)]
    job = a_job(status=STARTED | {"active": 1, "ready": 1, "terminating": 0})

    assert decide(job, running, at(5)) == Actions()


def test_a_job_is_complete_once_its_pod_has_succeeded():
    actions = decide(a_job(status=STARTED), [a_pod(phase="Succeeded", code=0)], at(9))

    assert told(actions, "SuccessCriteriaMet")["status"] == "True"
    assert told(actions, "Complete")["reason"] == "CompletionsReached"
    assert actions.status is not None
    assert (actions.status["succeeded"], actions.status["completionTime"]) == (1, written(at(9)))


@pytest.mark.parametrize(
    ("failures", "now", "created", "again"),
    [
        pytest.param([0], 9.5, 0, 0.5, id="one failure waits the base"),
        pytest.param([0], 10, 1, None, id="exactly at the end of the wait"),
        pytest.param([0, 15], 30, 0, 5, id="the second failure waits twice as long"),
        pytest.param([0, 15, 40], 80, 1, None, id="the third four times"),
    ],
)
def test_a_failed_pod_is_replaced_after_a_growing_pause(
    failures: list[float], now: float, created: int, again: float | None
):
    pods = [failed(f"pod-{n}", ended=ended) for n, ended in enumerate(failures)]

    actions = decide(a_job(status=STARTED), pods, at(now))

    assert len(actions.create) == created
    assert actions.again == again


def test_the_pause_starts_at_the_base_it_is_given():
    assert decide(a_job(status=STARTED), [failed()], at(0.5), base=1).again == 0.5


@pytest.mark.parametrize(
    ("limit", "failures", "ends"),
    [
        pytest.param(0, 1, True, id="no second try"),
        pytest.param(1, 1, False, id="one more try"),
        pytest.param(1, 2, True, id="tried once more"),
    ],
)
def test_a_job_fails_once_its_backoff_limit_is_exceeded(limit: int, failures: int, *, ends: bool):
    pods = [failed(f"pod-{n}") for n in range(failures)]

    actions = decide(a_job(status=STARTED, backoffLimit=limit), pods, at(100))

    reasons = [each["reason"] for each in (actions.status or {}).get("conditions", [])]
    assert reasons == (["BackoffLimitExceeded"] * 2 if ends else [])


def test_failures_once_counted_stay_counted_when_their_pods_are_gone():
    job = a_job(status=STARTED | {"failed": 3}, backoffLimit=2)

    assert told(decide(job, [], at(1)), "Failed")["reason"] == "BackoffLimitExceeded"


def test_restarts_of_a_pod_that_restarts_itself_count_as_failures():
    template = a_template(restartPolicy="OnFailure")
    job = a_job(status=STARTED, backoffLimit=2, template=template)

    assert told(decide(job, [a_pod(restarts=2)], at(1)), "FailureTarget")["reason"] == "BackoffLimitExceeded"


def test_a_job_past_its_deadline_ends_its_pods_before_it_says_failed():
    job = a_job(status=STARTED, activeDeadlineSeconds=30)

    first = decide(job, [a_pod()], at(30))

    assert first.delete == ("one",)
    assert told(first, "FailureTarget")["reason"] == "DeadlineExceeded"
    assert condition({"status": first.status}, "Failed") is None

    then = decide(job | {"status": STARTED | (first.status or {})}, [], at(31))

    assert told(then, "Failed")["reason"] == "DeadlineExceeded"


def test_a_job_before_its_deadline_is_looked_at_when_it_is_due():
    assert decide(a_job(status=STARTED, activeDeadlineSeconds=30), [a_pod()], at(12)).again == 18


def test_a_failed_job_waits_for_pods_that_are_still_ending():
    job = a_job(status=STARTED, backoffLimit=0)

    actions = decide(job, [failed(), a_pod("two", leaving=True)], at(1))

    assert actions.delete == ()
    assert condition({"status": actions.status}, "Failed") is None


def test_a_suspended_job_has_its_pods_ended_and_its_clock_stopped():
    actions = decide(a_job(status=STARTED | {"active": 1}, suspend=True), [a_pod()], at(1))

    assert actions.delete == ("one",)
    assert told(actions, "Suspended")["status"] == "True"
    assert actions.status is not None
    assert (actions.status["startTime"], actions.status["active"]) == (None, None)


def test_a_suspended_job_starts_no_pod():
    assert decide(a_job(suspend=True), [], NOON).create == ()


def test_a_resumed_job_starts_anew():
    suspended = {"type": "Suspended", "status": "True", "reason": "JobSuspended", "message": ""}
    actions = decide(a_job(status={"conditions": [suspended]}), [], at(60))

    assert len(actions.create) == 1
    assert told(actions, "Suspended")["status"] == "False"
    assert actions.status is not None
    assert actions.status["startTime"] == written(at(60))


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        pytest.param(59, Actions(again=1), id="not yet"),
        pytest.param(60, Actions(remove=True), id="exactly at the end"),
    ],
)
def test_a_finished_job_is_removed_after_its_time_to_live(now: float, expected: Actions):
    complete = {"type": "Complete", "status": "True", "lastTransitionTime": written(NOON)}
    job = a_job(status={"conditions": [complete]}, ttlSecondsAfterFinished=60)

    assert decide(job, [], at(now)) == expected


def test_a_finished_job_without_a_time_to_live_is_left_alone():
    job = a_job(status={"conditions": [{"type": "Failed", "status": "True"}]})

    assert decide(job, [a_pod()], at(1e6)) == Actions()


@pytest.mark.parametrize(
    ("rule", "pod", "reason"),
    [
        pytest.param(
            {"action": "FailJob", "onExitCodes": {"operator": "In", "values": [3]}},
            failed(code=3),
            "PodFailurePolicy",
            id="a code to fail on",
        ),
        pytest.param(
            {"action": "FailJob", "onExitCodes": {"operator": "In", "values": [3]}},
            failed(code=4),
            None,
            id="another code",
        ),
        pytest.param(
            {"action": "FailJob", "onExitCodes": {"operator": "NotIn", "values": [3]}},
            failed(code=4),
            "PodFailurePolicy",
            id="any code but",
        ),
        pytest.param(
            {"action": "FailJob", "onExitCodes": {"containerName": "x", "operator": "In", "values": [3]}},
            failed(code=3),
            None,
            id="another container",
        ),
        pytest.param(
            {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget"}]},
            failed(conditions=[{"type": "DisruptionTarget", "status": "True"}]),
            None,
            id="a lost node is ignored",
        ),
    ],
)
def test_a_failure_policy_decides_by_exit_code_or_condition(
    rule: dict[str, Any], pod: dict[str, Any], reason: str | None
):
    job = a_job(status=STARTED, backoffLimit=1, podFailurePolicy={"rules": [rule]})

    actions = decide(job, [pod], at(0))

    found = condition({"status": actions.status or {}}, "Failed")
    assert (found and found["reason"]) == reason


def test_an_ignored_failure_does_not_count():
    rule = {"action": "Ignore", "onExitCodes": {"operator": "In", "values": [42]}}
    job = a_job(status=STARTED, backoffLimit=0, podFailurePolicy={"rules": [rule]})

    actions = decide(job, [failed(code=42)], at(60))

    assert len(actions.create) == 1
    assert "failed" not in (actions.status or {})


@pytest.mark.parametrize(
    ("spec", "pods", "created"),
    [
        pytest.param({"completions": 3, "parallelism": 2}, [], 2, id="as many as may run"),
        pytest.param(
            {"completions": 3, "parallelism": 2},
            [a_pod(phase="Succeeded", code=0), a_pod("two", "Succeeded", code=0)],
            1,
            id="no more than are missing",
        ),
        pytest.param(
            {"parallelism": 2},
            [a_pod(), a_pod("two", "Succeeded", code=0)],
            0,
            id="a work queue that is done starts no worker",
        ),
    ],
)
def test_a_job_runs_as_many_pods_as_it_needs(spec: dict[str, Any], pods: list[dict[str, Any]], created: int):
    assert len(decide(a_job(status=STARTED, **spec), pods, at(1)).create) == created


def test_a_job_with_too_many_pods_ends_the_spare_ones():
    assert decide(a_job(status=STARTED), [a_pod("one"), a_pod("two")], at(1)).delete == ("two",)


def test_a_job_being_deleted_is_left_alone():
    job = a_job()
    job["metadata"]["deletionTimestamp"] = written(NOON)

    assert decide(job, [], NOON) == Actions()


INDEX = "batch.kubernetes.io/job-completion-index"


def numbered(number: int, phase: str = "Running", **marks: Any) -> dict[str, Any]:
    return a_pod(f"p{number}", phase, labels={INDEX: str(number)}, **marks)


@pytest.mark.parametrize(
    ("pods", "counted", "made", "done"),
    [
        pytest.param([], "", ["0", "1"], None, id="the lowest first, as many as may run"),
        pytest.param([numbered(0)], "", ["1"], None, id="one runs"),
        pytest.param([numbered(0), numbered(1, "Succeeded", code=0)], "", ["2"], "1", id="one is done"),
        pytest.param([numbered(1)], "0,2-3", ["4"], "0,2,3", id="what was counted stays"),
        pytest.param([numbered(7, "Succeeded", code=0)], "", ["0", "1"], None, id="a number that is none"),
    ],
)
def test_an_indexed_job_runs_each_number_once(pods: list[Any], counted: str, made: list[str], done: str | None):
    status = STARTED | ({"completedIndexes": counted} if counted else {})
    job = a_job(status=status, completionMode="Indexed", completions=5, parallelism=2)

    actions = decide(job, pods, at(1))

    assert [pod["metadata"]["labels"][INDEX] for pod in actions.create] == made
    assert (actions.status or status).get("completedIndexes") == done


def test_a_number_whose_pod_failed_is_run_anew_after_the_pause():
    job = a_job(status=STARTED, completionMode="Indexed", completions=1)
    pods = [failed(labels={INDEX: "0"})]

    assert decide(job, pods, at(1)).create == ()
    (again,) = decide(job, pods, at(20)).create
    assert again["metadata"]["generateName"] == "train-0-"
