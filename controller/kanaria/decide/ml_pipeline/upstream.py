"""Which pipelines come before one, and which run of each succeeded last."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from kanaria.api.ml_pipeline import PipelineSpec
from kanaria.triggers.kind import Success
from kanaria.triggers.pipeline import PipelineTrigger
from kanaria.vocabulary.objects import Manifest


def newest_successes(runs: Iterable[Manifest]) -> Mapping[str, Success]:
    """The newest run that succeeded, by the name of its pipeline."""
    found: dict[str, Success] = {}
    for run in runs:
        status = run.get("status") or {}
        finished_at = status.get("finishedAt")
        if status.get("phase") != "Succeeded" or not finished_at or (run.get("spec") or {}).get("replays"):
            continue  # nothing of a replay is new
        pipeline = str(((run.get("spec") or {}).get("pipelineRef") or {}).get("name", ""))
        version = str((status.get("model") or {}).get("version", ""))
        success = Success(run["metadata"]["name"], datetime.fromisoformat(finished_at), version)
        if pipeline not in found or found[pipeline].finished_at < success.finished_at:
            found[pipeline] = success
    return found


def named_before(pipeline: Manifest | None) -> tuple[str, ...]:
    """The pipelines after whose runs this one runs, as its triggers name them, readable or not."""
    return tuple(_named((pipeline or {}).get("spec") or {}))


def _named(spec: Manifest) -> Iterator[str]:
    for trigger in spec.get("triggers") or ():
        name = (trigger.get("pipeline") or {}).get("name") if isinstance(trigger, Mapping) else None
        if isinstance(name, str):
            yield name


def all_before(pipeline: Manifest | None, find: Callable[[str], Manifest | None]) -> Mapping[str, tuple[str, ...]]:
    """Each pipeline before this one, near or far, with those that it names itself.

    What it costs follows the chain, not the namespace.
    """
    found: dict[str, tuple[str, ...]] = {}
    todo = list(named_before(pipeline))
    while todo:
        name = todo.pop()
        if name not in found:
            found[name] = named_before(find(name))
            todo += found[name]
    return found


def started_by(spec: PipelineSpec) -> tuple[str, ...]:
    """The pipelines after whose runs one runs."""
    triggers = (each.trigger for each in spec.triggers)
    return tuple(trigger.name for trigger in triggers if isinstance(trigger, PipelineTrigger))


def endless(circle: Sequence[str]) -> str:
    """The sentence that names a circle, in the order in which runs would follow each other."""
    return (
        f"spec.triggers: pipelines would start each other without end: {' → '.join(reversed(circle))}; "
        "remove the trigger `pipeline` of one of these"
    )
