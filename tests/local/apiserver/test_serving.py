"""The server itself: who may ask, what survives, what is counted and written down."""

import asyncio
import base64
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from api_caller import Cluster, a_config_map, a_pod
from fake_world import NOON
from kanaria.local.apiserver import ApiServer, ApiServerSettings, serve
from kanaria.local.certificate import tls_of
from waiting import eventually

BEARER = {"Authorization": "Bearer a-token"}


@pytest.mark.parametrize("path", ["/healthz", "/livez", "/readyz"])
async def test_health_is_told_to_everyone(server: ApiServer, path: str) -> None:
    async with aiohttp.ClientSession(server.url) as session, session.get(path) as answer:
        assert (answer.status, await answer.text()) == (200, "ok")


@pytest.mark.parametrize("token", ["", "Bearer wrong", "Basic a-token"])
@pytest.mark.parametrize("path", ["/api", "/api/v1/pods", "/metrics", "/audit", "/nothing"])
async def test_everything_else_needs_the_token(server: ApiServer, path: str, token: str) -> None:
    headers = {"Authorization": token} if token else {}
    async with aiohttp.ClientSession(server.url, headers=headers) as session, session.get(path) as answer:
        assert (answer.status, (await answer.json())["reason"]) == (401, "Unauthorized")


async def test_it_listens_on_loopback_only(server: ApiServer) -> None:
    assert server.url.startswith("http://127.0.0.1:")
    assert server.kubeconfig()["clusters"][0]["cluster"]["server"].startswith("https://127.0.0.1:")


async def test_state_survives_a_stop(tmp_path: Path) -> None:
    settings = ApiServerSettings(directory=tmp_path, token="a-token")
    async with serve(settings) as first, Cluster(first.url, BEARER) as cluster:
        made = await cluster.create("/api/v1/namespaces/default/configmaps", a_config_map("a", x="1"))
    async with serve(settings) as second, Cluster(second.url, BEARER) as cluster:
        read = await cluster.get("/api/v1/namespaces/default/configmaps/a")
        more = await cluster.create("/api/v1/namespaces/default/configmaps", a_config_map("b"))

    assert read.body == made.body
    assert int(more.meta["resourceVersion"]) > int(made.meta["resourceVersion"])
    assert (
        first.kubeconfig()["clusters"][0]["cluster"]["certificate-authority-data"]
        == (second.kubeconfig()["clusters"][0]["cluster"]["certificate-authority-data"])
    )


CHILD = """
import asyncio, pathlib, sys
from kanaria.local.apiserver import ApiServerSettings, serve
async def main():
    async with serve(ApiServerSettings(directory=pathlib.Path(sys.argv[1]), token="a-token")) as server:
        print(server.url, flush=True)
        await asyncio.Event().wait()
asyncio.run(main())
"""


@asynccontextmanager
async def a_process(directory: Path) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """A server in a process of its own."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", CHILD, str(directory), stdout=asyncio.subprocess.PIPE, env=dict(os.environ)
    )
    assert process.stdout is not None
    try:
        yield process, (await process.stdout.readline()).decode().strip()
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGKILL)
            await process.wait()


async def test_nothing_answered_is_lost_when_the_process_is_killed(tmp_path: Path) -> None:
    maps = "/api/v1/namespaces/default/configmaps"
    async with a_process(tmp_path) as (process, url), Cluster(url, BEARER) as cluster:
        for number in range(20):
            await cluster.create(maps, a_config_map(f"m{number}"))
        process.kill()
        await process.wait()
    async with (
        serve(ApiServerSettings(directory=tmp_path, token="a-token")) as server,
        Cluster(server.url, BEARER) as cluster,
    ):
        found = await cluster.get(maps)

    assert len(found.body["items"]) == 20


async def test_two_servers_run_side_by_side(tmp_path: Path) -> None:
    async with (
        serve(ApiServerSettings(directory=tmp_path / "one", token="a-token")) as one,
        serve(ApiServerSettings(directory=tmp_path / "two", token="a-token")) as two,
        Cluster(one.url, BEARER) as first,
        Cluster(two.url, BEARER) as second,
    ):
        await first.create("/api/v1/namespaces/default/configmaps", a_config_map("a"))

        assert (await second.get("/api/v1/namespaces/default/configmaps/a")).code == 404


async def test_a_stop_ends_the_watches(tmp_path: Path) -> None:
    async with serve(ApiServerSettings(directory=tmp_path, token="a-token")) as server:
        session = aiohttp.ClientSession(server.url, headers=BEARER)
        answer = await session.get("/api/v1/configmaps?watch=true&resourceVersion=0")
    rest = await answer.content.read()
    await session.close()

    assert rest == b""


async def test_definitions_are_installed_from_files(server: ApiServer, cluster: Cluster, tmp_path: Path) -> None:
    file = tmp_path / "crd.yaml"
    file.write_text(DEFINITION)
    server.install_crds([file])
    first = await cluster.get("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/toys.example.com")
    server.install_crds([file])
    again = await cluster.get("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/toys.example.com")

    assert (await cluster.get("/apis/example.com/v1/toys")).body["kind"] == "ToyList"
    assert first.meta["resourceVersion"] == again.meta["resourceVersion"]


DEFINITION = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: toys.example.com}
spec:
  group: example.com
  scope: Cluster
  names: {plural: toys, kind: Toy}
  versions:
    - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}
"""


async def test_requests_are_counted_by_who_asked_what(cluster: Cluster) -> None:
    await cluster.create(cluster.at("configmaps"), a_config_map(), User_Agent="planner/2 (x)")
    await cluster.apply(cluster.at("configmaps", "a"), a_config_map("a", x="1"), "one")
    await cluster.get(cluster.at("configmaps"), User_Agent="planner/2 (x)")
    lines = (await cluster.get("/metrics")).body.splitlines()
    labels = 'group="",resource="configmaps",subresource=""'

    assert f'apiserver_requests_total{{verb="create",{labels},user_agent="planner"}} 1' in lines
    assert f'apiserver_requests_total{{verb="list",{labels},user_agent="planner"}} 1' in lines
    assert f'apiserver_requests_total{{verb="apply",{labels},user_agent="tests"}} 1' in lines


async def test_writes_are_written_down_with_who_is_meant(cluster: Cluster) -> None:
    account = f"system:serviceaccount:{cluster.namespace}:runner"
    await cluster.create(cluster.at("configmaps"), a_config_map(), Impersonate_User=account)
    await cluster.get(cluster.at("configmaps"))
    await cluster.create(cluster.at("configmaps"), a_config_map())
    entries = [json.loads(line) for line in (await cluster.get("/audit")).body.splitlines()]
    mine = [each for each in entries if each["resource"] == "configmaps"]

    assert [(each["verb"], each["code"], each["impersonated"]) for each in mine] == [
        ("create", 201, account),
        ("create", 409, ""),
    ]
    assert mine[0]["namespace"] == cluster.namespace


async def test_everyone_may_do_everything(cluster: Cluster) -> None:
    asked = {"kind": "SelfSubjectAccessReview", "spec": {"resourceAttributes": {"verb": "get", "resource": "pods"}}}
    answer = await cluster.create("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", asked)

    assert answer.body["status"]["allowed"] is True


def envelope(kind: str, raw: bytes) -> bytes:
    """A protobuf envelope."""
    types = b"\n\x02v1\x12" + bytes([len(kind)]) + kind.encode()
    return b"k8s\x00" + b"\n" + bytes([len(types)]) + types + b"\x12" + bytes([len(raw)]) + raw


CONFIG_MAP = b"\n\x03\n\x01a" + b"\x12\x06\n\x01k\x12\x01v"


async def test_a_protobuf_body_is_read(cluster: Cluster) -> None:
    kind = "application/vnd.kubernetes.protobuf"
    made = await cluster.create(cluster.at("configmaps"), envelope("ConfigMap", CONFIG_MAP), Content_Type=kind)

    assert (made.code, made.meta["name"], made.body["data"]) == (201, "a", {"k": "v"})


async def test_a_protobuf_body_of_another_kind_is_told_what_to_do(cluster: Cluster) -> None:
    kind = "application/vnd.kubernetes.protobuf"
    refused = await cluster.create(cluster.at("services"), envelope("Service", b""), Content_Type=kind)

    assert refused.code == 415
    assert "kubectl create -f" in refused.body["message"]


@asynccontextmanager
async def a_kubelet(home: Path, text: str) -> AsyncIterator[tuple[int, list[Any]]]:
    """The port of a server of logs, and what it was asked."""
    asked: list[Any] = []

    async def logs(request: web.Request) -> web.Response:
        asked.append((request.path, dict(request.query)))
        return web.Response(text=text)

    application = web.Application()
    application.router.add_get("/{path:.*}", logs)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    tls, _ = tls_of(home, NOON)
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
    yield runner.addresses[0][1], asked
    await runner.cleanup()


async def a_node(cluster: Cluster, port: int) -> None:
    """Node `n`, whose kubelet tells logs at that port."""
    told = {"kubeletEndpoint": {"Port": port}}
    status = {"addresses": [{"type": "InternalIP", "address": "127.0.0.1"}], "daemonEndpoints": told}
    await cluster.create("/api/v1/nodes", {"metadata": {"name": "n"}})
    await cluster.patch("/api/v1/nodes/n/status", {"status": status})


async def test_logs_come_from_the_kubelet_of_the_node(cluster: Cluster, tmp_path: Path) -> None:
    async with a_kubelet(tmp_path, "hello\n") as (port, asked):
        await a_node(cluster, port)
        await cluster.create(cluster.at("pods"), a_pod(nodeName="n"))
        answer = await cluster.get(f"{cluster.at('pods', 'a', 'log')}?tailLines=5")

    assert answer.body == "hello\n"
    assert asked == [(f"/containerLogs/{cluster.namespace}/a/main", {"tailLines": "5"})]


@pytest.mark.parametrize(
    ("query", "node", "code", "said"),
    [
        pytest.param("", "", 400, "does not have a host", id="a Pod that runs nowhere"),
        pytest.param("?container=none", "n", 400, "it has: main", id="a container it has not"),
        pytest.param("", "n", 500, "does not answer", id="a kubelet that is gone"),
    ],
)
async def test_logs_that_cannot_be_had_are_told(cluster: Cluster, query: str, node: str, code: int, said: str) -> None:
    await a_node(cluster, port=1)
    await cluster.create(cluster.at("pods"), a_pod(**({"nodeName": node} if node else {})))
    answer = await cluster.get(cluster.at("pods", "a", "log") + query)

    assert answer.code == code
    assert said in answer.body["message"]


@pytest.mark.parametrize("body", [b"{", b"[]", b"nothing: ["])
async def test_a_body_that_cannot_be_read_is_refused(cluster: Cluster, body: bytes) -> None:
    assert (await cluster.create(cluster.at("configmaps"), body)).code == 400


@pytest.mark.parametrize(
    ("method", "name"),
    [pytest.param("PUT", "", id="a collection is not put"), pytest.param("POST", "a", id="nor an object posted")],
)
async def test_a_method_out_of_place_is_refused(cluster: Cluster, method: str, name: str) -> None:
    assert (await cluster.ask(method, cluster.at("configmaps", name), a_config_map())).code == 405


async def test_a_kubeconfig_trusts_the_server_by_its_certificate(server: ApiServer) -> None:
    data = server.kubeconfig()["clusters"][0]["cluster"]["certificate-authority-data"]

    assert base64.b64decode(data).startswith(b"-----BEGIN CERTIFICATE-----")


async def test_kills_leave_no_garbage_after_the_next_start(tmp_path: Path) -> None:
    maps = "/api/v1/namespaces/default/configmaps"
    orphan = a_config_map("child")
    orphan["metadata"]["ownerReferences"] = [{"apiVersion": "v1", "kind": "ConfigMap", "name": "x", "uid": "gone"}]
    settings = ApiServerSettings(directory=tmp_path, token="a-token")
    async with serve(settings) as server, Cluster(server.url, BEARER) as cluster:
        await cluster.create(maps, orphan)
    async with serve(settings) as server, Cluster(server.url, BEARER) as cluster:
        await eventually(lambda: is_gone(cluster, f"{maps}/child"))


async def is_gone(cluster: Cluster, path: str) -> bool:
    return (await cluster.get(path)).code == 404
