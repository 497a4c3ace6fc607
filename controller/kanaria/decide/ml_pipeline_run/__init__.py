"""What becomes of one run: its MLflow run, its steps, its model, its gates, its proposals."""

from kanaria.decide.ml_pipeline_run.equip import watches
from kanaria.decide.ml_pipeline_run.passing import PHASES, decide
from kanaria.decide.ml_pipeline_run.scene import Ground, Scene, Seen, Turn

__all__ = ["PHASES", "Ground", "Scene", "Seen", "Turn", "decide", "watches"]
