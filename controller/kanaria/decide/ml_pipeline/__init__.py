"""When a pipeline runs, and what is said and kept of its runs."""

from kanaria.decide.ml_pipeline.passing import PHASES, decide
from kanaria.decide.ml_pipeline.scene import Due, Scene, Seen

__all__ = ["PHASES", "Due", "Scene", "Seen", "decide"]
