"""Real kubectl, the oldest and the newest that is here, finds everything where it expects it."""

import asyncio
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from api_caller import Cluster, a_config_map, a_definition, a_deployment, a_job
from kanaria.local.apiserver import ApiServer

HOME = Path(shutil.which("kubectl") or "/nowhere").resolve().parent
VERSIONS = [f"kubectl.1.{minor}" for minor in range(29, 40)]


def found() -> dict[str, str]:
    """The kubectl programs on the path, or beside the one that is: the oldest and the newest."""
    places = {name: shutil.which(name) or shutil.which(str(HOME / name)) for name in [*VERSIONS, "kubectl"]}
    known = [(name, place) for name, place in places.items() if place]
    versioned = [each for each in known if each[0] != "kubectl"]
    return dict([versioned[0], versioned[-1]] if versioned else known)


KUBECTLS = found()
pytestmark = pytest.mark.skipif(not KUBECTLS, reason="kubectl is not installed")


@dataclass
class Kubectl:
    program: str
    options: list[str]
    directory: Path

    async def __call__(self, *arguments: str, code: int = 0) -> str:
        process = await asyncio.create_subprocess_exec(
            self.program, *self.options, *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        out, _ = await asyncio.wait_for(process.communicate(), 60)
        assert process.returncode == code, out.decode()
        return out.decode()

    def file(self, *manifests: dict[str, Any]) -> str:
        path = self.directory / "manifests.json"
        path.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": list(manifests)}))
        return str(path)


@pytest.fixture(params=sorted(KUBECTLS))
def kubectl(request: pytest.FixtureRequest, server: ApiServer, cluster: Cluster, tmp_path: Path) -> Kubectl:
    config = tmp_path / "kubeconfig"
    config.write_text(json.dumps(server.kubeconfig()))
    options = [f"--kubeconfig={config}", f"--cache-dir={tmp_path / 'cache'}", f"--namespace={cluster.namespace}"]
    return Kubectl(KUBECTLS[request.param], options, tmp_path)


async def test_apply_creates_changes_and_sees_nothing_to_change(kubectl: Kubectl) -> None:
    first = await kubectl("apply", "-f", kubectl.file(a_job(), a_config_map("a", x="1")))
    same = await kubectl("apply", "-f", kubectl.file(a_job(), a_config_map("a", x="1")))
    changed = await kubectl("apply", "-f", kubectl.file(a_config_map("a", y="2")))
    shown = await kubectl("get", "cm", "a", "-o", "jsonpath={.data}")

    assert first.split("\n")[:2] == ["job.batch/a created", "configmap/a created"]
    assert same.split("\n")[:2] == ["job.batch/a unchanged", "configmap/a unchanged"]
    assert changed == "configmap/a configured\n"
    assert json.loads(shown) == {"y": "2"}


async def test_apply_on_the_server_takes_over_from_the_client(kubectl: Kubectl) -> None:
    await kubectl("apply", "-f", kubectl.file(a_deployment()))
    taken = await kubectl("apply", "--server-side", "-f", kubectl.file(a_deployment()))
    clash = await kubectl(
        "apply", "--server-side", "--field-manager=other", "-f", kubectl.file(a_deployment(replicas=2)), code=1
    )
    forced = await kubectl(
        "apply",
        "--server-side",
        "--field-manager=other",
        "--force-conflicts",
        "-f",
        kubectl.file(a_deployment(replicas=2)),
    )

    assert taken == forced == "deployment.apps/a serverside-applied\n"
    assert 'conflict with "kubectl": .spec.replicas' in clash


async def test_a_custom_resource_is_defined_explained_and_used(kubectl: Kubectl) -> None:
    schema = {"type": "object", "properties": {"size": {"type": "integer", "description": "How big it is."}}}
    column = {"name": "Size", "type": "integer", "jsonPath": ".spec.size"}
    await kubectl("apply", "-f", kubectl.file(a_definition("toys.dev", schema, additionalPrinterColumns=[column])))
    await kubectl("wait", "--for=condition=Established", "crd/widgets.toys.dev", "--timeout=10s")
    widget = {"apiVersion": "toys.dev/v1", "kind": "Widget", "metadata": {"name": "a"}, "spec": {"size": 3}}
    await kubectl("apply", "-f", kubectl.file(widget))
    refused = await kubectl("apply", "-f", kubectl.file(widget | {"spec": {"sise": 3}}), code=1)

    assert "How big it is." in await kubectl("explain", "widget.spec.size")
    assert (await kubectl("get", "wd")).split() == ["NAME", "SIZE", "a", "3"]
    assert (await kubectl("get", "toys", "-o", "name")) == "widget.toys.dev/a\n"
    assert 'unknown field "spec.sise"' in refused


async def test_everyday_commands_work(kubectl: Kubectl) -> None:
    await kubectl("create", "configmap", "c", "--from-literal=k=v")
    await kubectl("create", "job", "j", "--image=python:3.11", "--", "python", "-c", "1")
    await kubectl("label", "cm", "c", "tier=gold")
    await kubectl("annotate", "cm", "c", "why=because")
    await kubectl("patch", "cm", "c", "-p", '{"data": {"k": "w"}}')
    shown = json.loads(await kubectl("get", "cm", "-l", "tier=gold", "-o", "json"))["items"][0]
    command = await kubectl("get", "job", "j", "-o", "jsonpath={.spec.template.spec.containers[0].command}")

    assert (shown["data"], shown["metadata"]["annotations"]) == ({"k": "w"}, {"why": "because"})
    assert json.loads(command) == ["python", "-c", "1"]
    assert (await kubectl("auth", "can-i", "create", "pods")) == "yes\n"
    assert "Name:" in await kubectl("describe", "job", "j")


async def test_scale_diff_and_delete_work(kubectl: Kubectl) -> None:
    await kubectl("apply", "-f", kubectl.file(a_deployment()))
    await kubectl("scale", "deployment/a", "--replicas=3")
    shown = await kubectl("get", "deployment", "a", "-o", "jsonpath={.spec.replicas}")
    difference = await kubectl("diff", "-f", kubectl.file(a_deployment(replicas=9)), code=1)
    await kubectl("delete", "deployment", "a", "--timeout=10s")
    gone = await kubectl("get", "deployment", "a", code=1)

    assert shown == "3"
    assert "replicas: 9" in difference
    assert '(NotFound): deployments.apps "a" not found' in gone
    await kubectl("wait", "--for=delete", "deployment/a", "--timeout=5s")


async def test_a_watch_prints_changes(kubectl: Kubectl, cluster: Cluster) -> None:
    await cluster.create(cluster.at("configmaps"), a_config_map("w", x="1"))
    # Of a single name kubectl swallows the watch's first event, and with it a change made before the watch began.
    words = ("get", "cm", "--field-selector=metadata.name=w", "--watch", "--no-headers")
    process = await asyncio.create_subprocess_exec(
        kubectl.program, *kubectl.options, *words, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        first = (await asyncio.wait_for(process.stdout.readline(), 60)).split()
        await cluster.patch(cluster.at("configmaps", "w"), {"data": {"y": "2"}})
        second = (await asyncio.wait_for(process.stdout.readline(), 60)).split()
    finally:
        process.terminate()
        await process.wait()

    assert (first[:2], second[:2]) == ([b"w", b"1"], [b"w", b"2"])
