"""What the cluster suite is played with: the operator, a team, who plays KServe, and a store of MLflow."""

from collections.abc import Iterator
from pathlib import Path

import mlflow
import pytest
from mlflow import MlflowClient

from any_cluster import AnyCluster
from in_background import Background
from kserve_player import play
from registry import Registry
from suite_operator import SuiteOperator, suite_operator
from synced_team import SyncedTeam
from team_repository import TeamRepository

# MLflow's own, not ours: it uses a loader that SQLAlchemy means to drop.
ITS_WARNING = "ignore:The ``noload`` loader strategy is deprecated"


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


@pytest.fixture(scope="session")
def registry(operator: SuiteOperator) -> Registry:
    """The operator's MLflow store, as a training step writes to it."""
    # MLflow's store looks logged models up at the *process's* tracking server when a version is made of one.
    mlflow.set_tracking_uri(operator.tracking_uri)
    return Registry(MlflowClient(tracking_uri=operator.tracking_uri, registry_uri=operator.tracking_uri))


@pytest.fixture
def team(
    cluster: AnyCluster, operator: SuiteOperator, background: Background, namespace: str, tmp_path: Path
) -> SyncedTeam:
    """A team with an empty repository that the operator follows."""
    assert operator.log.exists()
    return SyncedTeam(cluster, background, namespace, TeamRepository.make(tmp_path))
