"""How a step becomes an object that runs it: one file for each engine."""

from typing import TYPE_CHECKING

from kanaria.engines.job import JobEngine
from kanaria.engines.kind import EngineKind, EngineUnion
from kanaria.engines.ray_job import RayJobEngine
from kanaria.engines.train_job import TrainJobEngine
from kanaria.vocabulary.kinds import union_of
from kanaria.vocabulary.objects import Manifest

ENGINES: dict[str, type[EngineKind]] = {kind.key: kind for kind in (JobEngine, TrainJobEngine, RayJobEngine)}
_BY_MADE = {kind.made: kind for kind in ENGINES.values()}

if TYPE_CHECKING:
    Engine = EngineUnion
else:
    Engine = union_of("Engine", EngineUnion, engine=ENGINES)


def engine_of(made: Manifest) -> type[EngineKind]:
    """The engine that makes objects of this kind."""
    return _BY_MADE.get(made.get("kind", ""), JobEngine)


__all__ = ["ENGINES", "Engine", "EngineKind", "engine_of"]
