"""What tests of a running operator are given, whichever operator of theirs it is: a team, and MLflow's store."""

from pathlib import Path

import mlflow
import pytest
from mlflow import MlflowClient

from any_cluster import AnyCluster
from in_background import Background
from registry import Registry
from suite_operator import SuiteOperator
from synced_team import SyncedTeam
from team_repository import TeamRepository

# MLflow's own, not ours: it uses a loader that SQLAlchemy means to drop.
ITS_WARNING = "ignore:The ``noload`` loader strategy is deprecated"


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
