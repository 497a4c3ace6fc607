"""Which steps run, which are tried again, and whether the run can go on."""

from dataclasses import replace
from datetime import datetime

from kanaria.api.conditions import Reason
from kanaria.api.ml_pipeline_run import DONE, RunPhase, StepPhase, StepStatus
from kanaria.api.pipeline_step import Step
from kanaria.decide.ml_pipeline_run.attempts import followed
from kanaria.decide.ml_pipeline_run.begin import begun
from kanaria.decide.ml_pipeline_run.endings import Entries, is_over, lost
from kanaria.decide.ml_pipeline_run.queueing import queued
from kanaria.decide.ml_pipeline_run.scene import Scene, Turn, failed, going_on
from kanaria.decide.ml_pipeline_run.source_tests import shown
from kanaria.decide.ml_pipeline_run.work import applied
from kanaria.decide.step_graph import in_order
from kanaria.engines import engine_of
from kanaria.engines.attempt import Going
from kanaria.vocabulary import Apply, Wait
from kanaria.vocabulary.durations import seconds_of

_NEVER_MADE = "its Job could not be made before the run's deadline"


def steps(scene: Scene) -> Turn:
    """Take every step as far as it goes; once one has failed for good nothing new starts, and what runs goes on.

    The steps of onExit begin when all others are over, however these ended.
    """
    if scene.status.phase is RunPhase.SUCCEEDED or all(entry.phase in DONE for entry in scene.status.steps):
        return Turn(scene.status)
    unfolded = scene.unfolded
    known = {step.name: step for step in unfolded.every}
    entries = {e.name: _unmade(followed(e, known[e.name], scene), scene) for e in scene.status.steps}
    for step in in_order(unfolded.steps):
        entries[step.name] = begun(step, entries, scene, _given_up(unfolded.steps, entries, scene))
    if all(is_over(entries[step.name]) for step in unfolded.steps):
        for step in in_order(unfolded.last):
            entries[step.name] = begun(step, entries, scene, _given_up(unfolded.last, entries, None))
    status = scene.status.model_copy(update={"steps": tuple(entries.values()), "phase": RunPhase.RUNNING})
    return _outcome(replace(scene, status=status))


def deadline(scene: Scene) -> datetime | None:
    """When the run must be over; the time in which Jobs of it wait in queues is given to it."""
    seconds, began = scene.pipeline.active_deadline_seconds, scene.status.started_at
    return began + seconds_of(seconds) + queued(scene.seen.jobs.values(), scene.now) if seconds and began else None


def _late(scene: Scene) -> bool:
    end = deadline(scene)
    return end is not None and scene.now >= end


def _unmade(entry: StepStatus, scene: Scene) -> StepStatus:
    """A Job that could not be made before the run's deadline is tried no more: other runs may wait for this one's end.

    One that is there has a deadline of its own.
    """
    made = entry.phase is not StepPhase.RUNNING or entry.job in scene.seen.jobs
    if made or not _late(scene) or entry.name in {step.name for step in scene.unfolded.last}:
        return entry
    changes = {"phase": StepPhase.FAILED, "finished_at": scene.now, "message": _NEVER_MADE}
    return entry.model_copy(update=changes)


def _given_up(steps: tuple[Step, ...], entries: Entries, scene: Scene | None) -> str:
    """Why no step of these starts any more; those of onExit know no deadline of the run."""
    failed_step = next((step.name for step in steps if entries[step.name].phase is StepPhase.FAILED), None)
    if failed_step:
        return f"step {failed_step!r} failed"
    return "the run's deadline is over" if scene and _late(scene) else ""


def _outcome(scene: Scene) -> Turn:
    entries = scene.status.steps
    if all(is_over(entry) for entry in entries):
        return _over(scene)
    running = [entry for entry in entries if entry.phase is StepPhase.RUNNING]
    done = sum(is_over(entry) for entry in entries)
    going = {entry.name: _going(scene, entry) for entry in running}
    times = [e.retry_at for e in entries] + [g.until for g in going.values()]
    waits = [state.queued for state in going.values()]
    times += [] if any(waits) else [deadline(scene)]  # while a Job waits in a queue the deadline moves on with the time
    reason = Reason.QUEUED if waits and all(waits) else Reason.RUNNING
    return Turn(
        scene.status,
        Wait(reason, f"{_sentence(entries, going)} ({done} of {len(entries)} done)"),
        then=_missing(scene, running),
        until=min((at for at in times if at and at > scene.now), default=None),
    )


def _going(scene: Scene, entry: StepStatus) -> Going:
    job = scene.seen.jobs.get(entry.job)
    found = engine_of(job).attempt(job, scene.seen.pods.get(entry.job), scene.now) if job else Going()
    return found if isinstance(found, Going) else Going(note=shown(entry, scene).waits)


def _sentence(entries: tuple[StepStatus, ...], going: dict[str, Going]) -> str:
    said = [f"step {name!r} {_state(state)}" for name, state in going.items()]
    said += [f"step {e.name!r} is tried again soon" for e in entries if e.retry_at]
    return "; ".join(said) or "it is looked whether cached artifacts are still there"


def _state(state: Going) -> str:
    return ("is queued" if state.queued else "runs") + (f": {state.note}" if state.note else "")


def _missing(scene: Scene, running: list[StepStatus]) -> tuple[Apply, ...]:
    """Jobs of running steps that are not there (yet)."""
    known = {step.name: step for step in scene.unfolded.every}
    last = {step.name for step in scene.unfolded.last}
    return tuple(
        act
        for entry in running
        if entry.job not in scene.seen.jobs
        for act in applied(scene, known[entry.name], entry.job, None if entry.name in last else deadline(scene))
    )


def _over(scene: Scene) -> Turn:
    entries = {entry.name: entry for entry in scene.status.steps}
    if not lost(scene.unfolded.every, entries):
        return going_on(scene)
    gone = [entry for entry in scene.status.steps if entry.phase is StepPhase.FAILED]
    runners = {step.name: step.runner for step in scene.unfolded.every}
    said = "; ".join(
        f"step {e.name!r} failed at attempt {e.attempts}: {e.message}; see {runners[e.name].told_by(e.job or '')}"
        for e in gone
    )
    if _late(scene) and lost(scene.unfolded.steps, entries):
        seconds = scene.pipeline.active_deadline_seconds
        message = f"the run took longer than spec.activeDeadlineSeconds ({seconds} s). {said}".strip()
        return failed(scene, Reason.DEADLINE_EXCEEDED, message)
    return failed(scene, Reason.STEP_FAILED, said)
