"""A cluster of these tests' own, and in it an operator with settings of its own, one for each module (SETTINGS)."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from mlflow import MlflowClient

from any_cluster import AnyCluster, own
from followed_team import ITS_WARNING, registry, team
from in_background import Background
from suite_operator import SuiteOperator, suite_operator

__all__ = ["registry", "team"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.cluster)
            item.add_marker(pytest.mark.slow)  # a cluster and an operator are started for them
            item.add_marker(pytest.mark.filterwarnings(ITS_WARNING))


@pytest.fixture(scope="session")
def cluster(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AnyCluster]:
    """A cluster in which no other operator acts."""
    with own(request.config, tmp_path_factory.mktemp("alone"), "alone") as found:
        yield found


@pytest.fixture(scope="module")
def settings(request: pytest.FixtureRequest) -> Mapping[str, str]:
    """The module's SETTINGS; a module whose settings are known only once something runs has a fixture of its own."""
    found: Mapping[str, str] = request.module.SETTINGS
    return found


@pytest.fixture(scope="module")
def operator(
    cluster: AnyCluster, settings: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SuiteOperator]:
    """The module's operator."""
    home = tmp_path_factory.mktemp("operator")
    uri = f"sqlite:///{home}/mlflow.db"
    MlflowClient(tracking_uri=uri).search_experiments()  # makes the tables, before two processes could both begin to
    with suite_operator(cluster, home, uri, settings) as running:
        yield running


@pytest.fixture(scope="module")
def background(cluster: AnyCluster) -> Iterator[Background]:
    """A client that is at work while tests wait."""
    with Background(cluster.kubeconfig) as made:
        yield made
