"""How a run's status stays small, whatever its steps wrote."""

from typing import Any

from kanaria.api.ml_pipeline_run import MLPipelineRunStatus

STATUS_MAX = 10_000
"""Bytes that a status may have as JSON; with more than thirty steps their bare entries may take more."""
_SHORT = 120
_FEW = 10


def bounded(status: MLPipelineRunStatus) -> MLPipelineRunStatus:
    """The status, with messages cut and metrics dropped where it would be too large."""
    if _size(status) <= STATUS_MAX:
        return status
    cut = status.model_copy(
        update={
            "steps": tuple(_shortened(entry) for entry in status.steps),
            "gates": tuple(_shortened(entry) for entry in status.gates),
            "metrics": dict(list(status.metrics.items())[:_FEW]),
        }
    )
    return cut if _size(cut) <= STATUS_MAX else cut.model_copy(update={"metrics": {}})


def _shortened(entry: Any) -> Any:
    return entry.model_copy(update={"message": entry.message[-_SHORT:]}) if len(entry.message) > _SHORT else entry


def _size(status: MLPipelineRunStatus) -> int:
    return len(status.model_dump_json(by_alias=True, exclude_none=True).encode())
