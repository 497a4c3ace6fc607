from typing import Any

from kanaria.local.api_client import DEPLOYMENTS, JOBS, PODS, Api
from running import a_pod_of, a_script, job_with, log_of, ready, started
from waiting import eventually


def a_real_job(script: str, **spec: Any) -> dict[str, Any]:
    template = {"spec": a_pod_of(a_script(script))["spec"]}
    meta = {"name": "train"}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": meta, "spec": {"template": template, **spec}}


def a_real_deployment(version: str, **spec: Any) -> dict[str, Any]:
    pod = a_pod_of(a_script("sleep 300", env=[{"name": "VERSION", "value": version}]), restartPolicy="Always")
    template = {"metadata": {"labels": {"app": "web"}}, "spec": pod["spec"]}
    full = {"replicas": 1, "selector": {"matchLabels": {"app": "web"}}, "template": template, **spec}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": full}


async def pods_of(api: Api, quarter: str, name: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await api.list(PODS, quarter))["items"]
    return [pod for pod in items if pod["metadata"]["ownerReferences"][0]["name"] == name]


async def has_none(api: Api, quarter: str, name: str) -> bool:
    return not await pods_of(api, quarter, name)


async def test_a_job_runs_to_its_end(api: Api, quarter: str):
    await started(api, quarter, a_real_job("echo trained"), JOBS)

    job = await job_with(api, quarter, "train", "Complete")

    assert job["status"]["succeeded"] == 1
    assert "completionTime" in job["status"]
    [pod] = await pods_of(api, quarter, "train")
    assert await log_of(api, quarter, pod["metadata"]["name"]) == "trained\n"


async def test_a_job_that_fails_is_tried_as_often_as_it_says(api: Api, quarter: str):
    await started(api, quarter, a_real_job("exit 1", backoffLimit=1), JOBS)

    job = await job_with(api, quarter, "train", "Failed")

    assert job["status"]["failed"] == 2
    assert {each["reason"] for each in job["status"]["conditions"]} == {"BackoffLimitExceeded"}
    assert len(await pods_of(api, quarter, "train")) == 2


async def test_a_job_past_its_deadline_has_no_pod_left(api: Api, quarter: str):
    await started(api, quarter, a_real_job("sleep 300", activeDeadlineSeconds=1), JOBS)

    job = await job_with(api, quarter, "train", "Failed")

    assert job["status"]["conditions"][-1]["reason"] == "DeadlineExceeded"
    await eventually(lambda: has_none(api, quarter, "train"))


async def test_a_suspended_job_runs_once_it_is_resumed(api: Api, quarter: str):
    await started(api, quarter, a_real_job("exit 0", suspend=True), JOBS)
    await job_with(api, quarter, "train", "Suspended")
    assert await pods_of(api, quarter, "train") == []

    await api.patch(JOBS, quarter, "train", {"spec": {"suspend": False}})

    await job_with(api, quarter, "train", "Complete")


async def test_the_pods_of_a_deleted_job_go_with_it(api: Api, quarter: str):
    await started(api, quarter, a_real_job("sleep 300"), JOBS)
    await eventually(lambda: pods_of(api, quarter, "train"))

    await api.delete(JOBS, quarter, "train")

    await eventually(lambda: has_none(api, quarter, "train"))


async def test_a_new_template_replaces_pods_one_by_one(api: Api, quarter: str):
    await started(api, quarter, a_real_deployment("one"), DEPLOYMENTS)
    [first] = await eventually(lambda: pods_of(api, quarter, "web"))
    await ready(api, quarter, first["metadata"]["name"])

    await api.patch(DEPLOYMENTS, quarter, "web", {"spec": a_real_deployment("two")["spec"]})

    async def only_new() -> Any:
        found = await pods_of(api, quarter, "web")
        return (
            found
            if [pod["metadata"]["name"] for pod in found] != [first["metadata"]["name"]] and len(found) == 1
            else None
        )

    [second] = await eventually(only_new)
    assert second["spec"]["containers"][0]["env"][0]["value"] == "two"
    deployment = await eventually(lambda: complete(api, quarter))
    assert deployment["status"]["updatedReplicas"] == 1


async def complete(api: Api, quarter: str) -> Any:
    deployment = await api.get(DEPLOYMENTS, quarter, "web")
    status = deployment.get("status", {})
    reasons = {each["type"]: each["reason"] for each in status.get("conditions", [])}
    done = reasons.get("Progressing") == "NewReplicaSetAvailable"
    return deployment if done and status["observedGeneration"] == deployment["metadata"]["generation"] else None


async def test_a_lost_pod_of_a_deployment_is_replaced(api: Api, quarter: str):
    await started(api, quarter, a_real_deployment("one"), DEPLOYMENTS)
    [first] = await eventually(lambda: pods_of(api, quarter, "web"))

    await api.delete(PODS, quarter, first["metadata"]["name"])

    async def another() -> Any:
        found = await pods_of(api, quarter, "web")
        return [pod for pod in found if pod["metadata"]["uid"] != first["metadata"]["uid"]]

    assert await eventually(another)


async def test_a_deployment_at_rest_is_not_written(api: Api, quarter: str):
    await started(api, quarter, a_real_deployment("one"), DEPLOYMENTS)
    before = await eventually(lambda: complete(api, quarter))
    # Another Deployment's whole life goes by: what was to be written would have been.
    await started(api, quarter, a_real_job("exit 0"), JOBS)
    await job_with(api, quarter, "train", "Complete")

    after = await api.get(DEPLOYMENTS, quarter, "web")

    assert after["metadata"]["resourceVersion"] == before["metadata"]["resourceVersion"]
