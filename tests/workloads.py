"""Jobs, Deployments and Pods as tests of the local cluster say them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from kanaria.local.clock import written

NOON = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    """So many seconds after noon."""
    return NOON + timedelta(seconds=seconds)


def a_template(**spec: Any) -> dict[str, Any]:
    containers = [{"name": "main", "image": "python:3.11", "command": ["true"]}]
    return {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": containers, **spec}}


def a_job(
    *, status: dict[str, Any] | None = None, template: dict[str, Any] | None = None, **spec: Any
) -> dict[str, Any]:
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "train", "namespace": "wine", "uid": "job-1"},
        "spec": {"template": template or a_template(restartPolicy="Never"), **spec},
        "status": status or {},
    }


def a_deployment(*, status: dict[str, Any] | None = None, image: str = "one", **spec: Any) -> dict[str, Any]:
    template = a_template()
    template["spec"]["containers"][0]["image"] = image
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "wine", "uid": "web-1", "generation": 1},
        "spec": {"replicas": 1, "selector": {"matchLabels": {"app": "web"}}, "template": template, **spec},
        "status": status or {},
    }


def a_pod(name: str = "one", phase: str = "Running", **marks: Any) -> dict[str, Any]:
    """A Pod; marks: ready, leaving, code, ended (seconds after noon), born, restarts, labels, conditions."""
    meta: dict[str, Any] = {"name": name, "namespace": "wine", "uid": f"uid-{name}", "labels": marks.get("labels", {})}
    meta["creationTimestamp"] = written(at(marks.get("born", 0)))
    if marks.get("leaving"):
        meta["deletionTimestamp"] = written(NOON)
    conditions = list(marks.get("conditions", []))
    if marks.get("ready"):
        since = written(at(marks.get("since", 0)))
        conditions.append({"type": "Ready", "status": "True", "lastTransitionTime": since})
    told: dict[str, Any] = {"name": "main", "restartCount": marks.get("restarts", 0), "state": {}}
    if "code" in marks or "ended" in marks:
        end = {"exitCode": marks.get("code", 1), "finishedAt": written(at(marks.get("ended", 0)))}
        told["state"] = {"terminated": end}
    return {
        "metadata": meta,
        "spec": {},
        "status": {"phase": phase, "conditions": conditions, "containerStatuses": [told]},
    }
