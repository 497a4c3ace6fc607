"""Whether a step begins: it waits, runs, is skipped, or is taken from an earlier run."""

from kanaria.api.ml_pipeline_run import StepPhase, StepStatus
from kanaria.api.pipeline_step import Step
from kanaria.decide.filling import Values
from kanaria.decide.ml_pipeline_run.cache import Hit, cache_key, hit
from kanaria.decide.ml_pipeline_run.endings import NOT_STARTED, PASSED, Entries
from kanaria.decide.ml_pipeline_run.scene import Scene
from kanaria.decide.ml_pipeline_run.when import skipped
from kanaria.decide.ml_pipeline_run.work import attempt_name, values_of
from kanaria.vocabulary import Unanswered

MESSAGE_MAX = 200


def begun(step: Step, entries: Entries, scene: Scene, given_up: str) -> StepStatus:
    """The step's entry, after it was begun where it may; `given_up` tells why nothing starts any more."""
    entry = entries[step.name]
    if entry.phase is not StepPhase.PENDING:
        return entry
    if given_up:
        return _given_up(entry, given_up)
    waits = any(entries[name].phase not in PASSED for name in step.depends_on)
    if waits or (entry.retry_at and scene.now < entry.retry_at) or _is_full(entries, scene):
        return entry
    if entry.attempts:
        return _running(step, entry, scene)
    return _first(step, entry, entries, scene, values_of(scene, entries))


def _first(step: Step, entry: StepStatus, entries: Entries, scene: Scene, values: Values) -> StepStatus:
    why = skipped(step, values)
    if why:
        return entry.model_copy(update={"phase": StepPhase.SKIPPED, "message": why[:MESSAGE_MAX]})
    key = cache_key(step, values, entries, scene)
    match hit(step, key, scene):
        case Hit() as found:
            return _taken(entry, key, found)
        case Unanswered():
            return entry
    return _running(step, entry.model_copy(update={"cache_key": key or None}), scene)


def _taken(entry: StepStatus, key: str, found: Hit) -> StepStatus:
    changes = {
        "phase": StepPhase.CACHED,
        "outputs": dict(found.entry.outputs),
        "started_at": found.entry.started_at,
        "finished_at": found.entry.finished_at,
        "image_id": found.entry.image_id,
        "cache_key": key,
        "cached_from": found.run,
    }
    return entry.model_copy(update=changes)


def _running(step: Step, entry: StepStatus, scene: Scene) -> StepStatus:
    number = entry.attempts + 1
    changes = {
        "phase": StepPhase.RUNNING,
        "attempts": number,
        "job": attempt_name(scene.run, step, number),
        "started_at": entry.started_at or scene.now,
        "retry_at": None,
    }
    return entry.model_copy(update=changes)


def _is_full(entries: Entries, scene: Scene) -> bool:
    limit = scene.pipeline.parallelism
    return limit is not None and sum(entry.phase is StepPhase.RUNNING for entry in entries.values()) >= limit


def _given_up(entry: StepStatus, why: str) -> StepStatus:
    if entry.attempts:  # it failed before, and would have been tried again
        return entry.model_copy(update={"phase": StepPhase.FAILED, "retry_at": None})
    return entry.model_copy(update={"phase": StepPhase.SKIPPED, "message": f"{NOT_STARTED}{why}"})
