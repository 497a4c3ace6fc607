"""THE WORKSHOP of MLflow: runs, metrics, model versions, aliases and tags."""

from kanaria.tracking.errors import TrackingError
from kanaria.tracking.workshop import TrackingWorkshop

__all__ = ["TrackingError", "TrackingWorkshop"]
