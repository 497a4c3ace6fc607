"""Programs that people write with the Python client and with kopf run unchanged."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from api_caller import Cluster, Widgets, a_config_map
from kanaria.local.apiserver import ApiServer
from waiting import eventually

TYPED = """
import sys
from kubernetes import client, config, dynamic, watch
config.load_kube_config(sys.argv[1])
core, namespace = client.CoreV1Api(), sys.argv[2]
body = client.V1ConfigMap(metadata=client.V1ObjectMeta(name="typed"), data={"a": "1"})
core.create_namespaced_config_map(namespace, body)
core.patch_namespaced_config_map("typed", namespace, {"data": {"b": "2"}})
assert core.read_namespaced_config_map("typed", namespace).data == {"a": "1", "b": "2"}
seen = [each["object"].metadata.name for each in watch.Watch().stream(
    core.list_namespaced_config_map, namespace, field_selector="metadata.name=typed", timeout_seconds=1)]
assert seen == ["typed"], seen
anything = dynamic.DynamicClient(client.ApiClient())
maps = anything.resources.get(api_version="v1", kind="ConfigMap")
applied = maps.server_side_apply(
    {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "typed"}, "data": {"c": "3"}},
    namespace=namespace, name="typed", field_manager="me")
assert applied.data.to_dict() == {"a": "1", "b": "2", "c": "3"}
try:
    core.read_namespaced_config_map("none", namespace)
except client.ApiException as error:
    assert error.status == 404
core.delete_namespaced_config_map("typed", namespace)
print("done")
"""

OPERATOR = """
import kopf
@kopf.on.create("{group}", "v1", "widgets")
def made(spec, patch, **_):
    patch.status["seen"] = spec["size"]
@kopf.on.delete("{group}", "v1", "widgets")
def unmade(**_):
    pass
"""


@asynccontextmanager
async def running(*arguments: str, **environment: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A Python program; ended with the block."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={"PATH": "/usr/bin:/bin"} | environment,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.communicate()


@pytest.fixture
def kubeconfig(server: ApiServer, tmp_path: Path) -> str:
    path = tmp_path / "kubeconfig"
    path.write_text(json.dumps(server.kubeconfig()))
    return str(path)


async def test_the_python_client_finds_what_it_expects(cluster: Cluster, kubeconfig: str) -> None:
    async with running("-c", TYPED, kubeconfig, cluster.namespace) as program:
        out, _ = await asyncio.wait_for(program.communicate(), 60)

    assert out.decode().splitlines()[-1] == "done"


async def test_an_operator_on_kopf_sees_and_finalizes(widgets: Widgets, kubeconfig: str, tmp_path: Path) -> None:
    path, cluster = await widgets.define(), widgets.cluster
    file = tmp_path / "operator.py"
    file.write_text(OPERATOR.format(group=widgets.group))
    arguments = ("-m", "kopf", "run", "--standalone", "-n", cluster.namespace, str(file))
    async with running(*arguments, KUBECONFIG=kubeconfig):
        await cluster.create(path, widgets.made(size=7))
        await eventually(lambda: has_seen(cluster, f"{path}/a"))
        held = (await cluster.get(f"{path}/a")).meta["finalizers"]
        await cluster.delete(f"{path}/a")
        await eventually(lambda: is_gone(cluster, f"{path}/a"))

    assert held == ["kopf.zalando.org/KopfFinalizerMarker"]


async def has_seen(cluster: Cluster, path: str) -> bool:
    body: dict[str, Any] = (await cluster.get(path)).body
    return bool(body.get("status", {}).get("seen") == 7)


async def is_gone(cluster: Cluster, path: str) -> bool:
    return (await cluster.get(path)).code == 404


async def test_plain_and_aggregated_discovery_say_the_same(widgets: Widgets) -> None:
    await widgets.define(subresources={"status": {}})
    accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
    groups = (await widgets.cluster.get("/apis", Accept=accept)).body["items"]
    (mine,) = [each for each in groups if each["metadata"]["name"] == widgets.group]
    (aggregated,) = mine["versions"][0]["resources"]
    plain = (await widgets.cluster.get(f"/apis/{widgets.group}/v1")).body["resources"]

    assert [each["name"] for each in plain] == ["widgets", "widgets/status"]
    assert aggregated["subresources"][0]["subresource"] == "status"
    assert sorted(plain[0]["verbs"]) == sorted(aggregated["verbs"])
    assert (plain[0]["shortNames"], aggregated["categories"]) == (["wd"], ["toys"])


async def test_openapi_tells_that_fields_are_validated(widgets: Widgets) -> None:
    await widgets.define()
    address = await eventually(lambda: published(widgets))
    found = (await widgets.cluster.get(address, Accept="application/json")).body
    path = next(path for path in found["paths"] if path.endswith("/widgets/{name}"))
    patch = found["paths"][path]["patch"]

    assert patch["x-kubernetes-group-version-kind"] == {"group": widgets.group, "version": "v1", "kind": "Widget"}
    assert "fieldValidation" in {each["name"] for each in patch["parameters"]}


async def published(widgets: Widgets) -> str:
    index = (await widgets.cluster.get("/openapi/v3", Accept="application/json")).body["paths"]
    return str(index.get(f"apis/{widgets.group}/v1", {}).get("serverRelativeURL", ""))


async def test_a_body_without_a_content_type_is_json(cluster: Cluster) -> None:
    body = json.dumps(a_config_map("plain")).encode()
    made = await cluster.create(cluster.at("configmaps"), body, Content_Type="")

    assert made.code == 201
