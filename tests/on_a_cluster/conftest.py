"""What the cluster suite is played with: the operator, a team, who plays KServe, and a store of MLflow."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from mlflow import MlflowClient

from any_cluster import AnyCluster
from followed_team import ITS_WARNING, registry, team
from in_background import Background
from kserve_player import play
from suite_operator import SuiteOperator, suite_operator

__all__ = ["registry", "team"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.cluster)
            item.add_marker(pytest.mark.filterwarnings(ITS_WARNING))
    # What compares the rights given with those used comes when all have been used.
    items.sort(key=lambda item: item.name == "test_no_right_is_unused")


@pytest.fixture(scope="session")
def operator(cluster: AnyCluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SuiteOperator]:
    """The operator, running for all tests of this process."""
    home = tmp_path_factory.mktemp("operator")
    uri = f"sqlite:///{home}/mlflow.db"
    # The tables are made once, before two processes could both begin to.
    MlflowClient(tracking_uri=uri).search_experiments()
    with suite_operator(cluster, home, uri) as running:
        yield running


@pytest.fixture(scope="session")
def background(cluster: AnyCluster) -> Iterator[Background]:
    """A client that is at work while tests wait."""
    with Background(cluster.kubeconfig) as made:
        yield made


@pytest.fixture(scope="session")
def kserve(background: Background) -> None:
    """Somebody plays KServe and a gateway."""
    background.go_on(play(background.api))
