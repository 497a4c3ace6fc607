"""A local API server with the five kinds, for tests that need true watches."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kanaria.cluster.client import Client
from kanaria.local.apiserver import ApiServer
from operator_world import a_client, an_api_server


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[ApiServer]:
    async with an_api_server(tmp_path / "api") as running:
        yield running


@pytest.fixture
async def client(server: ApiServer) -> AsyncIterator[Client]:
    async with a_client(server.url, "t") as connected:
        yield connected
