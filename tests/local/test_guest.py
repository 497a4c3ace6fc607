"""A town goes only where it takes nobody's place, and takes away what it brought."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from kanaria.api.crds import crds
from kanaria.local import rights
from kanaria.local.api_client import DEFINITIONS, NAMESPACES, NODES, PODS, Api, NotFoundError, Resource
from kanaria.local.apiserver import ApiServerSettings, serve
from kanaria.local.controllers.claims import volume_for
from kanaria.local.crds import files
from kanaria.local.guest import objection
from kanaria.local.kubeconfig import for_token, server_of
from kanaria.local.kubelet.agent import Kubelet, KubeletSettings
from kanaria.local.leash import Leash
from kanaria.local.settings import Host, TownSettings
from running import a_pod_of, a_script
from waiting import eventually

NODE = {"metadata": {"name": "worker"}}
CLOSED = {"metadata": {"name": "worker"}, "spec": {"unschedulable": True}}
SERVICES = Resource("serving.kserve.io/v1beta1", "inferenceservices", "InferenceService")
SERVICE = {
    "metadata": {"namespace": "default", "name": "theirs"},
    "spec": {"predictor": {"model": {"modelFormat": {"name": "sklearn"}, "storageUri": "file:///m"}}},
}


@pytest.fixture
async def host(tmp_path: Path) -> AsyncIterator[Api]:
    async with serve(ApiServerSettings(tmp_path, "token")) as server, Api(server.url, "token") as api:
        server.install_crds(files())
        yield api


@pytest.mark.parametrize(
    ("resource", "thing", "said"),
    [
        pytest.param(NODES, NODE, "nodes of its own (worker)", id="a node"),
        pytest.param(NAMESPACES, {"metadata": {"name": "demo"}}, "a namespace demo already", id="its namespace"),
        pytest.param(NAMESPACES, {"metadata": {"name": "kanaria-system"}}, "kanaria-system already", id="an operator"),
        pytest.param(SERVICES, SERVICE, "inferenceservices default/theirs", id="models of others"),
    ],
)
async def test_a_town_is_no_guest_where_others_live(host: Api, resource: Resource, thing: dict[str, Any], said: str):
    await host.apply(resource, thing, owner="another")

    assert said in await objection(host, "demo")


async def test_a_control_plane_without_open_nodes_is_a_good_host(host: Api):
    await host.apply(NODES, CLOSED, owner="another")

    assert await objection(host, "demo") == ""


async def test_kinds_that_are_not_defined_are_no_objection(host: Api):
    for name in [*crds(), "inferenceservices.serving.kserve.io"]:
        await host.delete(DEFINITIONS, "", name)

    assert await objection(host, "demo") == ""


async def test_a_guest_starts_no_pod_of_another_namespace(host: Api, tmp_path: Path):
    settings = KubeletSettings(tmp_path / "pods", namespace="demo")
    await host.create(NAMESPACES, {"metadata": {"name": "demo"}})
    async with Leash(f"TMPDIR={settings.home}/") as leash:
        task = asyncio.create_task(Kubelet(host, settings, leash).run())
        for namespace in ("default", "demo"):
            await host.create(PODS, a_pod_of(a_script("exit 0")) | {"metadata": {"name": "p", "namespace": namespace}})
        await eventually(partial(_phase_is, host, "Succeeded"))
        task.cancel()
        await asyncio.wait({task})

    assert "nodeName" not in (await host.get(PODS, "default", "p"))["spec"]


async def _phase_is(host: Api, phase: str) -> bool:
    return bool((await host.get(PODS, "demo", "p")).get("status", {}).get("phase") == phase)


async def test_rights_are_given_and_taken_back(host: Api):
    things = rights.of_operator("demo")
    await rights.grant(host, [*rights.of_team("demo"), *things], owner="test")
    given = await host.get(rights.ACCOUNTS, "kanaria-system", "kanaria")

    await rights.take_back(host, things)

    assert given["metadata"]["name"] == "kanaria"
    with pytest.raises(NotFoundError):
        await host.get(rights.ACCOUNTS, "kanaria-system", "kanaria")


def test_the_rights_are_those_of_the_examples_for_another_namespace():
    things = [*rights.of_operator("demo"), *rights.of_team("demo")]

    assert "wine" not in yaml.safe_dump(things)
    assert {t["metadata"].get("namespace", "") for t in things} == {"", "demo", "kanaria-system"}
    assert "GitSync" not in {t["kind"] for t in things}


def test_a_volume_is_for_its_claim_alone(tmp_path: Path):
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "64Mi"}}}
    claim = {"metadata": {"namespace": "demo", "name": "space", "uid": "u-1"}, "spec": spec}

    volume = volume_for(claim, tmp_path)["spec"]

    assert (volume["claimRef"]["name"], volume["claimRef"]["uid"]) == ("space", "u-1")
    assert (volume["capacity"], volume["storageClassName"]) == ({"storage": "64Mi"}, "")


def test_an_account_keeps_the_cluster_and_has_its_own_token(tmp_path: Path):
    admin = {
        "current-context": "b",
        "clusters": [
            {"name": "x", "cluster": {"server": "https://127.0.0.1:1"}},
            {"name": "y", "cluster": {"server": "https://127.0.0.1:2", "certificate-authority": "ca.crt"}},
        ],
        "users": [{"name": "admin", "user": {"token": "admin"}}],
        "contexts": [{"name": "b", "context": {"cluster": "y", "user": "admin"}}],
    }
    (tmp_path / "admin").write_text(yaml.safe_dump(admin))

    config = for_token(tmp_path / "admin", "operator")

    assert [each["user"] for each in config["users"]] == [{"token": "operator"}]
    assert config["clusters"][0]["cluster"]["certificate-authority"] == str(tmp_path / "ca.crt")
    assert server_of(tmp_path / "admin") == "https://127.0.0.1:2"


def test_the_operator_of_a_guest_does_not_have_the_administrators_kubeconfig(tmp_path: Path):
    own, guest = TownSettings(tmp_path), TownSettings(tmp_path, host=Host(tmp_path / "admin", "demo"))

    assert own.operator_kubeconfig == own.kubeconfig
    assert guest.kubeconfig == tmp_path / "admin"
    assert guest.operator_kubeconfig != guest.kubeconfig
