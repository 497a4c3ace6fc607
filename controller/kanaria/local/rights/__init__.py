"""Accounts and their rights: the operator's and a team's, as the examples have them, for a namespace of any name.

The two YAML files are links to `examples/`: what the demo gives is what the documentation tells platform teams to give.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import yaml

from kanaria.local.api_client import NAMESPACES, Api, Resource, Thing

SYSTEM = "kanaria-system"
OPERATOR = "kanaria"
ACCOUNTS = Resource("v1", "serviceaccounts", "ServiceAccount")
_RBAC = "rbac.authorization.k8s.io/v1"
_KINDS = {
    each.kind: each
    for each in (
        NAMESPACES,
        ACCOUNTS,
        Resource(_RBAC, "roles", "Role"),
        Resource(_RBAC, "rolebindings", "RoleBinding"),
        Resource(_RBAC, "clusterroles", "ClusterRole", namespaced=False),
        Resource(_RBAC, "clusterrolebindings", "ClusterRoleBinding", namespaced=False),
    )
}
_OF_THE_EXAMPLE = "wine"
_A_DAY = 24 * 60 * 60


def of_operator(namespace: str) -> list[Thing]:
    """The operator's account, what it may do everywhere, and as whom it may act in this namespace."""
    return _read("operator.yaml", namespace)


def of_team(namespace: str) -> list[Thing]:
    """The namespace, and the accounts as which the operator acts there."""
    return [thing for thing in _read("team.yaml", namespace) if thing["kind"] in _KINDS]


async def grant(api: Api, things: Sequence[Thing], *, owner: str) -> None:
    """Apply them, in their order."""
    for thing in things:
        await api.apply(_KINDS[thing["kind"]], thing, owner=owner)


async def take_back(api: Api, things: Sequence[Thing]) -> None:
    """Delete them, last first."""
    for thing in reversed(things):
        meta = thing["metadata"]
        await api.delete(_KINDS[thing["kind"]], meta.get("namespace", ""), meta["name"])


async def token(api: Api, namespace: str, account: str) -> str:
    """A token of the account, good for a day where the API server allows so long."""
    request = {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenRequest",
        "spec": {"expirationSeconds": _A_DAY},
    }
    answer = await api.request("POST", ACCOUNTS.path(namespace, account, "token"), body=request)
    given: str = answer["status"]["token"]
    return given


def _read(name: str, namespace: str) -> list[Thing]:
    text = (Path(__file__).parent / name).read_text(encoding="utf-8")
    return list(yaml.safe_load_all(text.replace(_OF_THE_EXAMPLE, namespace)))
