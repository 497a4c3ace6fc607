"""Which replica this is, and by which Lease it leads."""

import os
import secrets
import socket
from collections.abc import Mapping
from pathlib import Path

from kanaria.cluster.leadership import LEASE
from kanaria.vocabulary import ObjectRef

NAME = "kanaria"
POD_NAMESPACE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")


class LeaseNameError(Exception):
    """What was given names no Lease."""


def identity() -> str:
    """The host's name, which is the Pod's in a cluster, and something new at each start."""
    return f"{socket.gethostname()[:200]}-{secrets.token_hex(3)}"


def lease_of(
    given: str | None, environment: Mapping[str, str] = os.environ, pod: Path = POD_NAMESPACE
) -> ObjectRef | None:
    """The Lease that was given as NAMESPACE/NAME; in a Pod the one of its namespace; else none: the replica is alone.

    Raises:
        LeaseNameError: if it is not of that form.
    """
    if given is not None:
        namespace, _, name = given.partition("/")
        if not namespace or not name or "/" in name:
            raise LeaseNameError(f"--lease is {given!r}; write it as NAMESPACE/NAME, e.g. kanaria-system/kanaria")
        return ObjectRef(*LEASE, namespace, name)
    if "KUBECONFIG" in environment or "KUBERNETES_SERVICE_HOST" not in environment or not pod.exists():
        return None
    return ObjectRef(*LEASE, pod.read_text().strip(), NAME)
