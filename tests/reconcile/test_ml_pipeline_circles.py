"""Pipelines that start each other in a circle, with an operator: all of it stalls, and goes on once it is broken."""

from pathlib import Path
from typing import Any

from kanaria.local.api_client import Api, Resource
from kanaria.local.apiserver import ApiServer
from operator_world import an_operator
from waiting import eventually

PIPELINES = Resource("kanaria.dev/v1alpha1", "mlpipelines", "MLPipeline")


async def commit(api: Api, name: str, after: str) -> None:
    triggers = [{"name": "upstream", "pipeline": {"name": after}}]
    spec = {"triggers": triggers, "steps": [{"name": "train", "command": ["true"]}]}
    metadata = {"name": name, "namespace": "default"}
    body = {"apiVersion": PIPELINES.api_version, "kind": PIPELINES.kind, "metadata": metadata, "spec": spec}
    await api.apply(PIPELINES, body, owner="a-person")


async def reasons(api: Api) -> dict[str, str]:
    """Why each pipeline is as ready as it is, by its name."""
    told = {}
    for name in "abc":
        found: dict[str, Any] = await api.get(PIPELINES, "default", name)
        conditions = found.get("status", {}).get("conditions", [])
        told[name] = next((each["reason"] for each in conditions if each["type"] == "Ready"), "")
    return told


async def test_a_circle_stalls_whole_and_whoever_breaks_it_frees_the_others(
    api: Api, server: ApiServer, tmp_path: Path
):
    async def are(expected: str) -> bool:
        return await reasons(api) == dict.fromkeys("abc", expected)

    async with an_operator(server.url, tmp_path, token="t"):
        for name, after in (("a", "elsewhere"), ("b", "a"), ("c", "b")):
            await commit(api, name, after)
        await eventually(lambda: are("Succeeded"))

        await commit(api, "a", after="c")
        await eventually(lambda: are("CyclicTriggers"))

        await commit(api, "a", after="elsewhere")
        await eventually(lambda: are("Succeeded"))
