"""What stands on the stage before the first act beside cluster and operator: a team's GitSync; nothing of the story."""

from collections.abc import Mapping
from typing import Any

from kanaria.local import rights
from kanaria.local.api_client import Api, Resource

NAMESPACE = "demo"
GIT_SYNCS = Resource("kanaria.dev/v1alpha1", "gitsyncs", "GitSync")
RUNS = Resource("kanaria.dev/v1alpha1", "mlpipelineruns", "MLPipelineRun")
DEPLOYMENTS = Resource("kanaria.dev/v1alpha1", "modeldeployments", "ModelDeployment")


async def furnish(api: Api, repository: str) -> None:
    """The namespace, the team's accounts with their rights, and the GitSync that follows the repository."""
    await rights.grant(api, rights.of_team(NAMESPACE), owner="kanaria-demo")
    spec = {"url": repository, "path": "deploy", "interval": "2s"}
    sync = {"metadata": {"name": "demo", "namespace": NAMESPACE}, "spec": spec}
    await api.apply(GIT_SYNCS, sync, owner="kanaria-demo")


def condition(body: Mapping[str, Any]) -> str:
    """What Ready says, in a line."""
    for found in body.get("status", {}).get("conditions", []):
        if found["type"] == "Ready":
            return f"Ready={found['status']} {found['reason']}: {found.get('message', '')}"
    return "no condition yet"
