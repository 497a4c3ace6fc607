"""How a run's status stays small, whatever its steps wrote."""

from typing import Any

from kanaria.api.ml_pipeline_run import MLPipelineRunStatus
from kanaria.api.run_data import DataStatus

STATUS_MAX = 10_000
"""Bytes that a status may have as JSON; with more than thirty steps their bare entries may take more."""
_SHORTER = (300, 120, 40)
_FEW = 10
_RULES = 2


def bounded(status: MLPipelineRunStatus) -> MLPipelineRunStatus:
    """The status, with messages cut and metrics dropped where it would be too large."""
    for length in _SHORTER:
        if _size(status) <= STATUS_MAX:
            break
        status = status.model_copy(
            update={
                "steps": tuple(_cut(entry, length) for entry in status.steps),
                "gates": tuple(_cut(entry, length) for entry in status.gates),
                "data": tuple(_fewer(entry) for entry in status.data),
                "metrics": dict(list(status.metrics.items())[:_FEW]),
            }
        )
    return status


def _fewer(entry: DataStatus) -> DataStatus:
    """The entry with its first broken rules: they are counted all the same."""
    return entry.model_copy(update={"violations": entry.violations[:_RULES]})


def _cut(entry: Any, length: int) -> Any:
    """The entry with the end of its message: the last lines that a step wrote tell the most.

    What was skipped tells at the beginning why.
    """
    if len(entry.message) <= length:
        return entry
    kept = entry.message[:length] if getattr(entry, "phase", "") == "Skipped" else entry.message[-length:]
    return entry.model_copy(update={"message": kept})


def _size(status: MLPipelineRunStatus) -> int:
    return len(status.model_dump_json(by_alias=True, exclude_none=True).encode())
