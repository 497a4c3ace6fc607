"""How the kubelet's node is known to the API server, and stays known to a real one."""

from __future__ import annotations

import asyncio
import logging
import os
import platform
from datetime import datetime

import aiohttp
import psutil

from kanaria.local.api_client import NODES, Api, ApiError, ConflictError, Resource, Thing
from kanaria.local.clock import Clock, written

log = logging.getLogger(__name__)
LEASES = Resource("coordination.k8s.io/v1", "leases", "Lease")
HEARTBEAT = 10


async def register(api: Api, name: str, port: int, now: datetime) -> None:
    """Have the node in the API, ready, with the port where its kubelet tells logs."""
    node = _node(name)
    try:
        await api.create(NODES, node)
    except ConflictError:
        await api.patch(NODES, "", name, {"metadata": node["metadata"]})
    await api.patch_status(NODES, "", name, _status(port, now))


async def keep_alive(api: Api, name: str, clock: Clock) -> None:
    """Renew the node's Lease until cancelled: a real node controller takes silent nodes for dead."""
    while True:
        moment = clock().strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        spec = {"holderIdentity": name, "leaseDurationSeconds": 4 * HEARTBEAT, "renewTime": moment}
        meta = {"name": name, "namespace": "kube-node-lease"}
        try:
            await api.apply(LEASES, {"metadata": meta, "spec": spec}, owner="kanaria-local")
        except (ApiError, aiohttp.ClientError, TimeoutError) as error:
            log.warning("the Lease of node %s: %s", name, error)
        await asyncio.sleep(HEARTBEAT)


def _node(name: str) -> Thing:
    labels = {
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": platform.system().lower(),
        "kubernetes.io/arch": {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine()),
    }
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": labels},
    }


def _status(port: int, now: datetime) -> Thing:
    moment = written(now)
    memory = f"{psutil.virtual_memory().total // 1024}Ki"
    room = {"cpu": str(os.cpu_count() or 1), "memory": memory, "pods": "200", "ephemeral-storage": "50Gi"}
    ready = {"type": "Ready", "status": "True", "reason": "KubeletReady", "message": "processes of this machine"}
    return {
        "capacity": room,
        "allocatable": room,
        "addresses": [{"type": "InternalIP", "address": "127.0.0.1"}, {"type": "Hostname", "address": "localhost"}],
        "daemonEndpoints": {"kubeletEndpoint": {"Port": port}},
        "conditions": [ready | {"lastHeartbeatTime": moment, "lastTransitionTime": moment}],
        "nodeInfo": {
            "architecture": platform.machine(),
            "operatingSystem": platform.system().lower(),
            "kernelVersion": platform.release(),
            "osImage": "this machine",
            "containerRuntimeVersion": f"local://python-{platform.python_version()}",
            "kubeletVersion": "v0.0.0-kanaria-local",
            **dict.fromkeys(("bootID", "machineID", "systemUUID", "kubeProxyVersion"), ""),
        },
    }
