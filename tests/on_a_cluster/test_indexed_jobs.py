"""Indexed Jobs go on the local cluster as they go on a real one, whose Job controller is Kubernetes' own."""

import json
from typing import Any

import pytest

from any_cluster import AnyCluster
from fake_kubelet import a_step
from kanaria.local.api_client import JOBS, PODS
from synced_team import API_VERSION, RUNS, SyncedTeam
from waiting import eventually_now

INDEX = "batch.kubernetes.io/job-completion-index"


def a_job(completions: int, parallelism: int, **container: Any) -> dict[str, Any]:
    step = a_step("count", **container)
    given = {"name": "step", "image": "busybox", "command": step["command"], "env": step["env"]}
    pod = {"restartPolicy": "Never", "containers": [given], "initContainers": [{**given, "name": "before"}]}
    numbers = {"completionMode": "Indexed", "completions": completions, "parallelism": parallelism}
    spec = {**numbers, "backoffLimit": 0, "template": {"spec": pod}}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "count"}, "spec": spec}


def ended(cluster: AnyCluster, namespace: str) -> dict[str, Any]:
    """The status of the Job, once it is over."""

    def is_over() -> dict[str, Any] | None:
        status: dict[str, Any] = cluster.get("job", namespace, "count").get("status", {})
        types = {each["type"] for each in status.get("conditions") or () if each["status"] == "True"}
        return status if types & {"Complete", "Failed"} else None

    found: dict[str, Any] = eventually_now(is_over)
    return found


@pytest.mark.parametrize(
    ("completions", "done"), [pytest.param(2, "0,1", id="two"), pytest.param(3, "0-2", id="more than two")]
)
def test_every_number_is_run_once_and_counted(cluster: AnyCluster, namespace: str, completions: int, done: str):
    said = cluster.apply(a_job(completions, 2), namespace=namespace)
    assert said.code == 0, said.err

    status = ended(cluster, namespace)

    assert (status["succeeded"], status["completedIndexes"]) == (completions, done)
    assert "failed" not in status
    pods = cluster.get("pods", namespace)["items"]
    assert sorted(pod["metadata"]["labels"][INDEX] for pod in pods) == [str(number) for number in range(completions)]


def test_a_pod_finds_its_number_wherever_it_looks(cluster: AnyCluster, namespace: str):
    cluster.apply(a_job(1, 1), namespace=namespace)
    ended(cluster, namespace)

    (pod,) = cluster.get("pods", namespace)["items"]
    meta, spec = pod["metadata"], pod["spec"]
    assert (meta["generateName"], spec["hostname"]) == ("count-0-", "count-0")
    assert meta["annotations"][INDEX] == meta["labels"][INDEX] == "0"
    for container in (*spec["containers"], *spec["initContainers"]):
        drawn = next(each["valueFrom"] for each in container["env"] if each["name"] == "JOB_COMPLETION_INDEX")
        assert drawn["fieldRef"]["fieldPath"] == f"metadata.labels['{INDEX}']"


def test_one_number_that_fails_fails_the_job(cluster: AnyCluster, namespace: str):
    cluster.apply(a_job(2, 1, exits=3), namespace=namespace)

    status = ended(cluster, namespace)

    assert {each["type"] for each in status["conditions"]} == {"FailureTarget", "Failed"}
    assert status["failed"] == 1
    assert "completedIndexes" not in status or status["completedIndexes"] == ""


def test_a_step_may_be_an_indexed_job(team: SyncedTeam):
    numbered = {"job": {"completionMode": "Indexed", "completions": 3, "parallelism": 2}}
    spec = {"steps": [a_step("count", engine=numbered), a_step("tell", "count")]}
    metadata = {"name": "wine", "annotations": {"kanaria.dev/run": "1"}}
    pipeline = {"apiVersion": API_VERSION, "kind": "MLPipeline", "metadata": metadata, "spec": spec}
    team.repository.commit({"deploy/pipeline.json": json.dumps(pipeline)})
    team.follow()

    def is_over() -> Any:
        return [r for r in team.background.all(RUNS, team.namespace) if r.get("status", {}).get("phase") == "Succeeded"]

    eventually_now(is_over)
    jobs = {job["metadata"]["labels"]["kanaria.dev/step"]: job for job in team.background.all(JOBS, team.namespace)}
    assert jobs["count"]["status"]["succeeded"] == 3
    pods = [pod["metadata"]["labels"] for pod in team.background.all(PODS, team.namespace)]
    assert sorted(each[INDEX] for each in pods if each["kanaria.dev/step"] == "count") == ["0", "1", "2"]
