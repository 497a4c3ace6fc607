"""A dry run asks for all objects before the first is applied."""

from collections.abc import Mapping
from typing import Any

import pytest

from fake_world import NOON
from kanaria.cluster.errors import ForbiddenError, InvalidError, UnreachableError
from kanaria.reconcile.carry_out import carry_out
from kanaria.reconcile.workshops import Workshops
from kanaria.vocabulary import Account, Apply, DryRun, FailureKind, ObjectRef, Plan

ACCOUNT = Account("wine", "kanaria-sync")
OWNER = {"apiVersion": "kanaria.dev/v1alpha1", "kind": "GitSync", "metadata": {"name": "team", "namespace": "wine"}}


def an_apply(name: str) -> Apply:
    manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "wine"}}
    return Apply(manifest, ACCOUNT, place=f"{name}.yaml, line 1")


class Server:
    """An API server that refuses what it is told to refuse."""

    def __init__(self, refusals: Mapping[str, Exception]) -> None:
        self.refusals = refusals
        self.asked: list[tuple[str, str, bool]] = []

    async def apply(
        self, manifest: Mapping[str, Any], *, account: Account | None, force: bool, dry_run: bool = False
    ) -> Mapping[str, Any]:
        assert force
        name = ObjectRef.of(manifest).name
        self.asked.append((name, account.name if account else "", dry_run))
        if name in self.refusals:
            raise self.refusals[name]
        return {**manifest, "metadata": {**manifest["metadata"], "resourceVersion": "1"}}


def workshops(server: Any) -> Workshops:
    return Workshops(cluster=server, git=server, tracking=server, measure=server, servers=server)


async def test_nothing_is_applied_until_all_would_be_taken():
    server, applies = Server({}), (an_apply("a"), an_apply("b"))

    carried = await carry_out(Plan(acts=(DryRun(applies), *applies)), OWNER, workshops(server), NOON)

    assert carried.failure is None
    assert server.asked == [
        ("a", "kanaria-sync", True),
        ("b", "kanaria-sync", True),
        ("a", "kanaria-sync", False),
        ("b", "kanaria-sync", False),
    ]


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        pytest.param(InvalidError("spec.x is wrong"), FailureKind.INVALID, id="refused"),
        pytest.param(ForbiddenError("may not"), FailureKind.FORBIDDEN, id="not allowed"),
        pytest.param(UnreachableError("away"), FailureKind.UNREACHABLE, id="unreachable"),
    ],
)
async def test_the_object_that_would_not_be_taken_is_the_one_that_is_told(error: Exception, kind: FailureKind):
    server, applies = Server({"b": error}), (an_apply("a"), an_apply("b"))

    carried = await carry_out(Plan(acts=(DryRun(applies), *applies)), OWNER, workshops(server), NOON)

    assert carried.failure is not None
    assert (carried.failure.act, carried.failure.kind) == (applies[1], kind)
    assert carried.failure.message == str(error)
    assert all(rehearsed for *_, rehearsed in server.asked)
