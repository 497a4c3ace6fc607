"""A running API server, and a plain HTTP client for it."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from api_caller import Cluster, Widgets
from kanaria.local.apiserver import ApiServer, ApiServerSettings, serve


class HandClock:
    """A clock that moves when told."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 5, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment

    def pass_time(self, **passed: float) -> None:
        self.moment += timedelta(**passed)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
async def server(tmp_path: Path, clock: HandClock) -> AsyncIterator[ApiServer]:
    async with serve(ApiServerSettings(directory=tmp_path / "api", token="a-token", now=clock)) as running:
        yield running


@pytest.fixture
async def cluster(server: ApiServer) -> AsyncIterator[Cluster]:
    async with Cluster(server.url, {"Authorization": "Bearer a-token"}) as connected:
        yield connected


@pytest.fixture
async def widgets(cluster: Cluster) -> AsyncIterator[Widgets]:
    async with Widgets(cluster) as toys:
        yield toys
