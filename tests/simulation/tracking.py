"""What MLflow is to the operator: versions, aliases, and the runs of training."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from kanaria.tracking.errors import TrackingError
from kanaria.vocabulary import (
    ArtifactThere,
    EndTrackingRun,
    ModelVersion,
    ModelVersionAsked,
    Question,
    RegisteredBy,
    RunMetrics,
    SetAlias,
    TagModelVersion,
    TrackingRun,
)
from simulation.faults import Faults


@dataclass
class Registry:
    """The server."""

    registered: dict[str, str] = field(default_factory=dict)
    """Version by MLflow run."""
    accuracy: dict[str, float] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)

    def trained(self, run_id: str, accuracy: float) -> str:
        """A training step registers its model."""
        self.accuracy[run_id] = accuracy
        return self.registered.setdefault(run_id, str(20 + len(self.registered)))


@dataclass
class ModelTracking:
    """One replica's way to it."""

    registry: Registry
    faults: Faults
    may_write: Callable[[], bool]

    async def carry(self, question: Question) -> Any:
        self._reach()
        registry = self.registry
        match question:
            case TrackingRun(key=key):
                return f"run-{key}"
            case RunMetrics(run_id=run_id):
                return {"accuracy": registry.accuracy[run_id]} if run_id in registry.accuracy else {}
            case RegisteredBy(model=model, run_id=run_id):
                version = registry.registered.get(run_id)
                return None if version is None else _version(model, version, run_id)
            case ModelVersionAsked(model=model, version=version):
                return _version(model, version, f"r{version}")
            case ArtifactThere():
                return True
        raise AssertionError(question)

    async def set_alias(self, act: SetAlias) -> None:
        self._write()
        self.registry.aliases[act.alias] = act.version

    async def tag(self, act: TagModelVersion) -> None:
        del act
        self._write()

    async def end(self, act: EndTrackingRun) -> None:
        del act
        self._write()

    def _reach(self) -> None:
        if self.faults.mlflow_down:
            raise TrackingError("MLflow at http://mlflow cannot be reached")

    def _write(self) -> None:
        self._reach()
        if not self.may_write():
            raise TrackingError("nothing was written: this replica does not lead now, or could not say so")


def _version(model: str, version: str, run_id: str) -> ModelVersion:
    return ModelVersion(model, version, f"s3://models/{model}/{version}", run_id=run_id)
