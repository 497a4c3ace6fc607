"""Which Pods can answer for a Service right now, and in which order they take turns."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from kanaria.local.api_client import Thing

PORT_ANNOTATION = "local.kanaria.dev/port"
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One Pod's address; the UID tells it from a later Pod on the same port."""

    uid: str
    host: str
    port: int

    @property
    def url(self) -> str:
        """The address as the root of URLs."""
        return f"http://{self.host}:{self.port}"


def endpoints_of(service: Thing | None, pods: Iterable[Thing]) -> tuple[Endpoint, ...]:
    """The ready Pods of a Service that are not on their way out, in a steady order."""
    if service is None:
        return ()
    chosen = (pod for pod in pods if _belongs(pod, service) and _ready(pod))
    found = (_endpoint(pod, service) for pod in sorted(chosen, key=lambda pod: str(pod["metadata"]["name"])))
    return tuple(endpoint for endpoint in found if endpoint)


class Turns:
    """Round robin: each Service's Pods take turns, whatever comes and goes."""

    def __init__(self) -> None:
        self._taken: dict[str, int] = {}

    def next(self, cluster: str, endpoints: tuple[Endpoint, ...], avoid: Endpoint | None = None) -> Endpoint | None:
        """The endpoint whose turn it is; never `avoid`, unless there is no other."""
        others = tuple(endpoint for endpoint in endpoints if endpoint != avoid) or endpoints
        if not others:
            return None
        turn = self._taken.get(cluster, 0)
        if avoid is None:  # a second try takes nobody's turn
            self._taken[cluster] = turn + 1
        return others[turn % len(others)]


def _belongs(pod: Thing, service: Thing) -> bool:
    wanted = service["spec"].get("selector") or {}
    labels = pod["metadata"].get("labels") or {}
    same_namespace = pod["metadata"]["namespace"] == service["metadata"]["namespace"]
    return bool(wanted) and same_namespace and all(labels.get(key) == value for key, value in wanted.items())


def _ready(pod: Thing) -> bool:
    if pod["metadata"].get("deletionTimestamp"):
        return False
    conditions = pod.get("status", {}).get("conditions") or []
    return any(condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions)


def _endpoint(pod: Thing, service: Thing) -> Endpoint | None:
    """The process kubelet says the port in an annotation; elsewhere Pods have addresses of their own."""
    said = (pod["metadata"].get("annotations") or {}).get(PORT_ANNOTATION)
    host = pod.get("status", {}).get("podIP", LOOPBACK)
    port = said or next((entry.get("targetPort", entry["port"]) for entry in service["spec"].get("ports") or []), None)
    if port is None or not str(port).isdigit():
        return None
    return Endpoint(pod["metadata"]["uid"], host, int(port))
