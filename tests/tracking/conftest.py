"""A real MLflow store on SQLite: its tables are made once, and copied for each test."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import mlflow
import pytest
from mlflow import MlflowClient

from kanaria.tracking import TrackingWorkshop

# MLflow's own, not ours: it uses a loader that SQLAlchemy means to drop.
ITS_WARNINGS = ("ignore:The ``noload`` loader strategy is deprecated",)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            for each in ITS_WARNINGS:
                item.add_marker(pytest.mark.filterwarnings(each))


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("mlflow") / "empty.db"
    MlflowClient(tracking_uri=f"sqlite:///{file}").search_experiments()
    return file


@pytest.fixture
def uri(empty_store: Path, tmp_path: Path) -> str:
    file = tmp_path / "mlflow.db"
    shutil.copy(empty_store, file)
    return f"sqlite:///{file}"


@pytest.fixture
def client(uri: str) -> MlflowClient:
    # MLflow's store looks logged models up at the *process's* tracking server when a version is made of one.
    mlflow.set_tracking_uri(uri)
    return MlflowClient(tracking_uri=uri, registry_uri=uri)


@pytest.fixture
async def workshop(uri: str) -> AsyncIterator[TrackingWorkshop]:
    made = TrackingWorkshop(uri)
    yield made
    made.close()
