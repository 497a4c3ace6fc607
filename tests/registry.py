"""How a test plays the trainer: it registers model versions, and logs metrics, in the store that the operator reads."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from mlflow import MlflowClient
from mlflow.exceptions import MlflowException


@dataclass(frozen=True, slots=True)
class Registry:
    """A store of MLflow."""

    client: MlflowClient

    def register(self, model: str, run_id: str | None = None, metrics: Mapping[str, float] | None = None) -> str:
        """A new version of the model, made by the run; tells its number."""
        for name, value in (metrics or {}).items():
            assert run_id is not None
            self.client.log_metric(run_id, name, value)
        with suppress(MlflowException):
            self.client.create_registered_model(model)
        made = self.client.create_model_version(model, source=f"s3://models/{model}", run_id=run_id)
        return str(made.version)

    def alias(self, model: str, alias: str) -> str:
        """The version that the alias points at, empty where there is no such alias."""
        with suppress(MlflowException):
            return str(self.client.get_model_version_by_alias(model, alias).version)
        return ""
