"""Fixtures that give tests a running local cluster: `town`, `api`, `quarter`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from uuid import uuid4

import pytest

from kanaria.local.api_client import NAMESPACES, Api
from kanaria.local.settings import TownInfo
from kanaria.local.upkeep import down, up


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TownInfo]:
    """A town without MLflow and model serving, shared by all tests of this process; each test takes a namespace."""
    home = tmp_path_factory.mktemp("town")
    yield up(home, with_parent=True, parts=frozenset({"workloads", "kubelet", "git"}))
    down(home)


@pytest.fixture
async def api(town: TownInfo) -> AsyncIterator[Api]:
    """A client of the town's API server."""
    async with Api(town.api_url, town.token) as client:
        yield client


@pytest.fixture
async def quarter(api: Api) -> AsyncIterator[str]:
    """A namespace of the test's own; what is left in it goes with it."""
    name = f"test-{uuid4().hex[:8]}"
    await api.create(NAMESPACES, {"metadata": {"name": name}})
    yield name
    await api.delete(NAMESPACES, "", name)
