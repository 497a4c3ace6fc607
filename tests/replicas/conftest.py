"""A cluster of these tests' own: an operator without a Lease must not act in it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from any_cluster import AnyCluster, own
from replica_process import Replica, replicas


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.cluster)


@pytest.fixture(scope="module")
def own_cluster(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AnyCluster]:
    with own(request.config, tmp_path_factory.mktemp("replicas"), "replicas") as found:
        yield found


@pytest.fixture
def two(own_cluster: AnyCluster, tmp_path: Path) -> Iterator[list[Replica]]:
    """Two replicas, both ready."""
    with replicas(own_cluster, tmp_path) as running:
        yield running
