"""A local API server with the five kinds, for tests that need true watches."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kanaria.cluster.client import Client
from kanaria.local.apiserver import ApiServer, ApiServerSettings, serve
from operator_world import a_client

CRDS = sorted((Path(__file__).parents[2] / "crds").glob("*.yaml"))


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[ApiServer]:
    async with serve(ApiServerSettings(directory=tmp_path / "api", token="t")) as running:
        running.install_crds(CRDS)
        yield running


@pytest.fixture
async def client(server: ApiServer) -> AsyncIterator[Client]:
    async with a_client(server.url, "t") as connected:
        yield connected
