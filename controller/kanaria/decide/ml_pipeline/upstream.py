"""Which run of each pipeline succeeded last."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from kanaria.triggers.kind import Success
from kanaria.vocabulary.objects import Manifest


def newest_successes(runs: Iterable[Manifest]) -> Mapping[str, Success]:
    """The newest run that succeeded, by the name of its pipeline."""
    found: dict[str, Success] = {}
    for run in runs:
        status = run.get("status") or {}
        finished_at = status.get("finishedAt")
        if status.get("phase") != "Succeeded" or not finished_at:
            continue
        pipeline = str(((run.get("spec") or {}).get("pipelineRef") or {}).get("name", ""))
        version = str((status.get("model") or {}).get("version", ""))
        success = Success(run["metadata"]["name"], datetime.fromisoformat(finished_at), version)
        if pipeline not in found or found[pipeline].finished_at < success.finished_at:
            found[pipeline] = success
    return found
