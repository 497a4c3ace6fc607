"""A cluster of these tests' own, and in it an operator with settings of its own, one for each module (SETTINGS)."""

from collections.abc import Iterator
from pathlib import Path

import mlflow
import pytest
from mlflow import MlflowClient

from any_cluster import AnyCluster, controlplane, local
from in_background import Background
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
            item.add_marker(pytest.mark.slow)  # a cluster and an operator are started for them
            item.add_marker(pytest.mark.filterwarnings(ITS_WARNING))


@pytest.fixture(scope="session")
def cluster(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AnyCluster]:
    """A cluster in which no other operator acts."""
    chosen = request.config.getoption("--cluster")
    if chosen == "local":
        with local(tmp_path_factory.mktemp("alone")) as found:
            yield found
    elif chosen == "controlplane":
        with controlplane(request.config.getoption("--controlplane"), "alone") as found:
            yield found
    else:
        pytest.skip("another operator may act in a cluster that is not ours")


@pytest.fixture(scope="module")
def operator(
    cluster: AnyCluster, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SuiteOperator]:
    """The module's operator."""
    home = tmp_path_factory.mktemp("operator")
    uri = f"sqlite:///{home}/mlflow.db"
    MlflowClient(tracking_uri=uri).search_experiments()  # makes the tables, before two processes could both begin to
    with suite_operator(cluster, home, uri, request.module.SETTINGS) as running:
        yield running


@pytest.fixture(scope="module")
def background(cluster: AnyCluster) -> Iterator[Background]:
    """A client that is at work while tests wait."""
    with Background(cluster.kubeconfig) as made:
        yield made


@pytest.fixture
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
