"""Pods and Jobs that really run, started and awaited by a test."""

from __future__ import annotations

from typing import Any

from kanaria.local.api_client import JOBS, PODS, Api, ApiError, NotFoundError, Resource
from waiting import eventually


def a_script(script: str, **more: Any) -> dict[str, Any]:
    """A container that runs a shell script."""
    return {"name": "main", "image": "python:3.11", "command": ["sh", "-c", script], **more}


def a_pod_of(*containers: dict[str, Any], name: str = "one", **spec: Any) -> dict[str, Any]:
    full = {"restartPolicy": "Never", "terminationGracePeriodSeconds": 1, "containers": list(containers), **spec}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": full}


async def started(api: Api, namespace: str, thing: dict[str, Any], resource: Resource = PODS) -> dict[str, Any]:
    """The thing as created in the namespace."""
    return await api.create(resource, {**thing, "metadata": {**thing["metadata"], "namespace": namespace}})


async def over(api: Api, namespace: str, name: str = "one") -> dict[str, Any]:
    """The Pod once it has succeeded or failed."""

    async def is_over() -> Any:
        pod = await api.get(PODS, namespace, name)
        return pod if pod.get("status", {}).get("phase") in {"Succeeded", "Failed"} else None

    pod: dict[str, Any] = await eventually(is_over)
    return pod


async def ran(api: Api, namespace: str, *containers: dict[str, Any], **spec: Any) -> dict[str, Any]:
    """The Pod of these containers once it is over."""
    await started(api, namespace, a_pod_of(*containers, **spec))
    return await over(api, namespace)


async def ready(api: Api, namespace: str, name: str = "one") -> dict[str, Any]:
    """The Pod once it is ready."""

    async def is_ready() -> Any:
        pod = await api.get(PODS, namespace, name)
        told = {each["type"]: each["status"] for each in pod.get("status", {}).get("conditions", [])}
        return pod if told.get("Ready") == "True" else None

    pod: dict[str, Any] = await eventually(is_ready)
    return pod


async def gone(api: Api, namespace: str, name: str = "one") -> None:
    """Waits until there is no such Pod."""

    async def is_gone() -> bool:
        try:
            await api.get(PODS, namespace, name)
        except NotFoundError:
            return True
        return False

    await eventually(is_gone)


async def job_with(api: Api, namespace: str, name: str, condition: str) -> dict[str, Any]:
    """The Job once that condition holds."""

    async def holds() -> Any:
        job = await api.get(JOBS, namespace, name)
        told = {each["type"]: each["status"] for each in job.get("status", {}).get("conditions") or []}
        return job if told.get(condition) == "True" else None

    job: dict[str, Any] = await eventually(holds)
    return job


def end_of(pod: dict[str, Any], container: str = "main") -> dict[str, Any]:
    """How a container of the Pod terminated."""
    status = pod["status"]
    told = (status.get("initContainerStatuses") or []) + status["containerStatuses"]
    found: dict[str, Any] = next(each for each in told if each["name"] == container)["state"]["terminated"]
    return found


async def log_of(api: Api, namespace: str, name: str = "one", container: str = "main", **choices: str) -> str:
    """What the container wrote, as the API server tells it."""
    return await api.text(PODS.path(namespace, name, "log"), params={"container": container, **choices})


async def logged(api: Api, namespace: str, text: str, name: str = "one") -> None:
    """Waits until the container has written exactly this; a Pod that is ready may have written nothing yet."""

    async def says() -> bool:
        try:
            return await log_of(api, namespace, name) == text
        except ApiError:
            return False  # not started yet

    await eventually(says)
