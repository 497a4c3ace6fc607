from typing import Any

import pytest

from kanaria.local.clock import written
from kanaria.local.controllers.deployments import HASH_LABEL, decide, template_hash
from kanaria.local.controllers.pods import Actions, condition
from workloads import NOON, a_deployment, a_pod, at

NEW = template_hash(a_deployment()["spec"]["template"])


def new(name: str, **marks: Any) -> dict[str, Any]:
    return a_pod(name, labels={HASH_LABEL: NEW}, **marks)


def old(name: str, **marks: Any) -> dict[str, Any]:
    return a_pod(name, labels={HASH_LABEL: "before"}, **marks)


def told(actions: Actions, kind: str) -> dict[str, Any]:
    found = condition({"status": actions.status or {}}, kind)
    assert found is not None
    return found


def test_a_new_deployment_gets_its_pods():
    actions = decide(a_deployment(replicas=2), [], NOON)

    assert [pod["metadata"]["generateName"] for pod in actions.create] == [f"web-{NEW}-"] * 2
    assert actions.create[0]["metadata"]["labels"] == {"app": "web", HASH_LABEL: NEW}
    assert told(actions, "Available")["status"] == "False"
    assert told(actions, "Progressing")["reason"] == "ReplicaSetUpdated"


def test_a_deployment_that_stands_needs_nothing():
    pods = [new("a", ready=True)]
    first = decide(a_deployment(), pods, at(1))

    standing = a_deployment(status=first.status)

    assert decide(standing, pods, at(99)) == Actions()


def test_a_deployment_with_ready_pods_says_so():
    actions = decide(a_deployment(replicas=2), [new("a", ready=True), new("b", ready=True)], at(1))

    assert actions.status is not None
    counts = {
        key: actions.status.get(key) for key in ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")
    }
    assert set(counts.values()) == {2}
    assert actions.status["observedGeneration"] == 1
    assert told(actions, "Available")["status"] == "True"
    assert told(actions, "Progressing")["reason"] == "NewReplicaSetAvailable"


@pytest.mark.parametrize(
    ("replicas", "pods", "created", "deleted"),
    [
        pytest.param(1, [old("a", ready=True)], 1, (), id="the new one comes first"),
        pytest.param(1, [old("a", ready=True), new("b")], 0, (), id="the old one waits until the new one is ready"),
        pytest.param(1, [old("a", ready=True), new("b", ready=True)], 0, ("a",), id="then it goes"),
        pytest.param(1, [old("a"), new("b")], 0, ("a",), id="an old one that is not ready serves nobody"),
        pytest.param(4, [old(n, ready=True) for n in "abcd"], 1, (), id="no more than the surge at once"),
        pytest.param(
            2,
            [old("a", ready=True), old("b", ready=True), new("c", ready=True)],
            0,
            ("a",),
            id="one old one for each new one",
        ),
        pytest.param(1, [a_pod("a", "Failed", labels={HASH_LABEL: NEW})], 1, ("a",), id="a failed one is replaced"),
        pytest.param(1, [new("a", leaving=True)], 1, (), id="one that leaves is replaced"),
        pytest.param(0, [new("a", ready=True)], 0, ("a",), id="scaled to nothing"),
        pytest.param(
            1,
            [new("a", ready=True, born=0), new("b", ready=True, born=9)],
            0,
            ("b",),
            id="scaled down: the youngest goes",
        ),
        pytest.param(
            1, [new("a", born=0), new("b", ready=True, born=9)], 0, ("a",), id="scaled down: the unready goes first"
        ),
    ],
)
def test_a_rolling_update_never_has_fewer_ready_pods(
    replicas: int, pods: list[dict[str, Any]], created: int, deleted: tuple[str, ...]
):
    actions = decide(a_deployment(replicas=replicas), pods, at(10))

    assert (len(actions.create), actions.delete) == (created, deleted)


@pytest.mark.parametrize(("seconds", "deleted"), [(10, ()), (90, ("a",))])
def test_an_old_pod_waits_until_the_new_one_is_available_and_not_just_ready(seconds: int, deleted: tuple[str, ...]):
    pods = [old("a", ready=True), new("b", ready=True)]

    assert decide(a_deployment(minReadySeconds=60), pods, at(seconds)).delete == deleted


@pytest.mark.parametrize(
    ("pods", "created", "deleted"),
    [
        pytest.param([old("a", ready=True)], 0, ("a",), id="the old one goes first"),
        pytest.param([old("a", leaving=True)], 0, (), id="and must be gone"),
        pytest.param([], 1, (), id="before the new one comes"),
    ],
)
def test_recreate_has_no_two_versions_at_once(pods: list[dict[str, Any]], created: int, deleted: tuple[str, ...]):
    actions = decide(a_deployment(strategy={"type": "Recreate"}), pods, at(10))

    assert (len(actions.create), actions.delete) == (created, deleted)


@pytest.mark.parametrize(
    ("surge", "created"),
    [pytest.param(2, 2, id="a number"), pytest.param("50%", 2, id="a share"), pytest.param(0, 1, id="never none")],
)
def test_the_surge_bounds_how_many_new_pods_come_at_once(surge: int | str, created: int):
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": surge}}
    pods = [old(name, ready=True) for name in "abcd"]

    assert len(decide(a_deployment(replicas=4, strategy=strategy), pods, at(10)).create) == created


def test_a_pod_is_available_once_it_has_been_ready_for_long_enough():
    deployment = a_deployment(minReadySeconds=10)

    early = decide(deployment, [new("a", ready=True, since=0)], at(4))
    late = decide(deployment, [new("a", ready=True, since=0)], at(10))

    assert (told(early, "Available")["status"], early.again) == ("False", 6)
    assert told(late, "Available")["status"] == "True"


def test_a_rollout_that_stands_still_exceeds_its_deadline():
    pods = [new("a")]
    begun = decide(a_deployment(progressDeadlineSeconds=60), pods, NOON)
    status = {key: value for key, value in (begun.status or {}).items() if value is not None}
    waiting = a_deployment(progressDeadlineSeconds=60, status=status)

    assert decide(waiting, pods, at(59)) == Actions(again=1)

    late = decide(waiting, pods, at(60))

    assert (told(late, "Progressing")["status"], told(late, "Progressing")["reason"]) == (
        "False",
        "ProgressDeadlineExceeded",
    )


def test_another_template_is_another_hash():
    assert template_hash(a_deployment(image="two")["spec"]["template"]) != NEW


def test_a_deployment_being_deleted_is_left_alone():
    deployment = a_deployment()
    deployment["metadata"]["deletionTimestamp"] = written(NOON)

    assert decide(deployment, [], NOON) == Actions()
