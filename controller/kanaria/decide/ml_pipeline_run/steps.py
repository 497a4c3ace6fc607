"""Which steps run, which are tried again, and whether the run can go on."""

from dataclasses import replace
from datetime import datetime, timedelta

from kanaria.api.conditions import Reason
from kanaria.api.ml_pipeline import Step
from kanaria.api.ml_pipeline_run import RunPhase, StepPhase, StepStatus
from kanaria.decide.ml_pipeline_run.attempts import followed
from kanaria.decide.ml_pipeline_run.scene import Scene, Turn, failed, going_on
from kanaria.decide.ml_pipeline_run.work import applied, job_name
from kanaria.decide.step_graph import in_order
from kanaria.engines.attempt import Going, attempt
from kanaria.vocabulary import Apply, Wait

OVER = (StepPhase.SUCCEEDED, StepPhase.FAILED, StepPhase.SKIPPED)


def steps(scene: Scene) -> Turn:
    """Take every step as far as it goes; once one has failed for good nothing new starts, and what runs goes on."""
    if all(entry.phase is StepPhase.SUCCEEDED for entry in scene.status.steps):
        return Turn(scene.status)
    entries = {entry.name: followed(entry, _step(scene, entry.name), scene) for entry in scene.status.steps}
    for step in in_order(scene.pipeline.steps):
        entries[step.name] = _started(entries[step.name], step, entries, scene)
    status = scene.status.model_copy(update={"steps": tuple(entries.values()), "phase": RunPhase.RUNNING})
    return _outcome(replace(scene, status=status))


def deadline(scene: Scene) -> datetime | None:
    """When the run must be over."""
    seconds, began = scene.pipeline.active_deadline_seconds, scene.status.started_at
    return began + timedelta(seconds=seconds) if seconds and began else None


def _late(scene: Scene) -> bool:
    end = deadline(scene)
    return end is not None and scene.now >= end


def _step(scene: Scene, name: str) -> Step:
    return next(step for step in scene.pipeline.steps if step.name == name)


def _started(entry: StepStatus, step: Step, entries: dict[str, StepStatus], scene: Scene) -> StepStatus:
    """A step that may start is started; one that never will is skipped."""
    if entry.phase is not StepPhase.PENDING:
        return entry
    lost = next((e.name for e in entries.values() if e.phase is StepPhase.FAILED), None)
    if lost or _late(scene):
        return _given_up(entry, f"step {lost!r} failed" if lost else "the run's deadline is over")
    ready = all(entries[name].phase is StepPhase.SUCCEEDED for name in step.depends_on)
    if not ready or (entry.retry_at and scene.now < entry.retry_at):
        return entry
    number = entry.attempts + 1
    changes = {
        "phase": StepPhase.RUNNING,
        "attempts": number,
        "job": job_name(scene.run, step.name, number),
        "started_at": entry.started_at or scene.now,
        "retry_at": None,
    }
    return entry.model_copy(update=changes)


def _given_up(entry: StepStatus, why: str) -> StepStatus:
    if entry.attempts:  # it failed before, and would have been tried again
        return entry.model_copy(update={"phase": StepPhase.FAILED, "retry_at": None})
    return entry.model_copy(update={"phase": StepPhase.SKIPPED, "message": f"not started: {why}"})


def _outcome(scene: Scene) -> Turn:
    entries = scene.status.steps
    if all(entry.phase in OVER for entry in entries):
        return _over(scene)
    running = [entry for entry in entries if entry.phase is StepPhase.RUNNING]
    done = sum(entry.phase is StepPhase.SUCCEEDED for entry in entries)
    going = {entry.name: _going(scene, entry) for entry in running}
    times = [e.retry_at for e in entries] + [g.until for g in going.values()] + [deadline(scene)]
    return Turn(
        scene.status,
        Wait(Reason.RUNNING, f"{_sentence(entries, going)} ({done} of {len(entries)} done)"),
        then=_missing(scene, running),
        until=min((at for at in times if at and at > scene.now), default=None),
    )


def _going(scene: Scene, entry: StepStatus) -> Going:
    job = scene.seen.jobs.get(entry.job)
    found = attempt(job, scene.seen.pods.get(entry.job), scene.now) if job else Going()
    return found if isinstance(found, Going) else Going()


def _sentence(entries: tuple[StepStatus, ...], going: dict[str, Going]) -> str:
    said = [f"step {name!r} runs" + (f": {state.note}" if state.note else "") for name, state in going.items()]
    said += [f"step {e.name!r} is tried again soon" for e in entries if e.retry_at]
    return "; ".join(said)


def _missing(scene: Scene, running: list[StepStatus]) -> tuple[Apply, ...]:
    """Jobs of running steps that are not there (yet)."""
    return tuple(
        act
        for entry in running
        if entry.job not in scene.seen.jobs
        for act in applied(scene, _step(scene, entry.name), entry.job, deadline(scene))
    )


def _over(scene: Scene) -> Turn:
    lost = [entry for entry in scene.status.steps if entry.phase is StepPhase.FAILED]
    if not lost and all(entry.phase is StepPhase.SUCCEEDED for entry in scene.status.steps):
        return going_on(scene)
    said = "; ".join(
        f"step {e.name!r} failed at attempt {e.attempts}: {e.message}; see kubectl logs job/{e.job}" for e in lost
    )
    if _late(scene):
        seconds = scene.pipeline.active_deadline_seconds
        message = f"the run took longer than spec.activeDeadlineSeconds ({seconds} s). {said}".strip()
        return failed(scene, Reason.DEADLINE_EXCEEDED, message)
    return failed(scene, Reason.STEP_FAILED, said)
