"""What the next plan of a pipeline is."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import TypeGuard

from kanaria.api import MLPipeline
from kanaria.api.conditions import ConditionType, Reason
from kanaria.api.ml_pipeline_run import RunPhase
from kanaria.decide import readiness
from kanaria.decide.ml_pipeline.admit import admit
from kanaria.decide.ml_pipeline.look import look
from kanaria.decide.ml_pipeline.remember import remember
from kanaria.decide.ml_pipeline.retire import retire
from kanaria.decide.ml_pipeline.scene import Scene, Seen
from kanaria.decide.ml_pipeline.start import start
from kanaria.decide.ml_pipeline.summarise import condition, summarise
from kanaria.decide.ml_pipeline.trigger import trigger
from kanaria.vocabulary import Act, Apply, Delete, Notice, ObjectRef, Outcome, Plan, Wait
from kanaria.vocabulary.objects import Manifest

PHASES: tuple[Callable[[Scene], Scene], ...] = (remember, admit, look, trigger, start, summarise, retire)


def decide(pipeline: MLPipeline, seen: Seen, now: datetime) -> Plan:
    """Start the run that is due, and say how the newest one goes."""
    scene = Scene(pipeline, seen, now, pipeline.status)
    for phase in PHASES:
        scene = phase(scene)
    scene = replace(scene, acts=tuple(sorted(scene.acts, key=_is_of_a_look)))
    runs = tuple(act.manifest for act in scene.acts if _makes_a_run(act))
    if runs and seen.failure is None:
        # The status tells of a run once it is there: one write for one transition.
        notices = (*scene.notices, *map(_started, runs))
        return Plan(acts=scene.acts, notices=notices, questions=scene.questions, watches=scene.watches)
    return _told(scene)


def _told(scene: Scene) -> Plan:
    pipeline = scene.pipeline
    before, generation = pipeline.status.conditions, pipeline.metadata.generation
    after = readiness.conditions(before, _hindered(scene), _ready(scene), generation, scene.now)
    status = scene.status.model_copy(update={"conditions": after, "observed_generation": generation})
    return Plan(
        acts=(*readiness.status_write(pipeline, status), *scene.acts),
        notices=(*scene.notices, *readiness.of_note(readiness.notices(before, after))),
        questions=scene.questions,
        watches=scene.watches,
        look_again=scene.until,
    )


def _is_of_a_look(act: Act) -> bool:
    """Looks at data come last: an act that fails ends a plan, and a Job that cannot be made must stop no run."""
    ref = ObjectRef.of(act.manifest) if isinstance(act, Apply) else act.target if isinstance(act, Delete) else None
    return ref is not None and ref.kind == "Job"


def _makes_a_run(act: Act) -> TypeGuard[Apply]:
    return isinstance(act, Apply) and act.manifest["kind"] == "MLPipelineRun"


def _started(run: Manifest) -> Notice:
    return Notice("Normal", Reason.RUN_STARTED, f"run {run['metadata']['name']}: {run['spec']['cause']['reason']}")


def _hindered(scene: Scene) -> Outcome:
    """What the failure of the newest plan makes of the outcome: the run is made again under the same name."""
    failure = scene.seen.failure
    if failure is not None and _makes_a_run(failure.act) and scene.due is not None:
        return Wait(Reason.PROGRESSING, f"the run could not be made: {failure.message}; it is tried again", retry=True)
    if failure is not None and isinstance(failure.act, Apply) and failure.act.manifest["kind"] == "Job":
        why = f"no Job can look at the data for a trigger: {failure.message}"
        return Wait(Reason.PROGRESSING, f"{why}; it is tried again", retry=True)
    return scene.outcome


def _ready(scene: Scene) -> readiness.Ready:
    if scene.pipeline.spec.suspend:
        return readiness.Ready(Reason.SUSPENDED, "spec.suspend is true: no run starts")
    newest = scene.newest
    if newest is None:
        return readiness.Ready(Reason.SUCCEEDED, "no trigger was due yet")
    said = condition(newest, ConditionType.READY)
    if newest.status.phase is RunPhase.CANCELLED:
        return readiness.Ready(Reason.CANCELLED, f"run {newest.metadata.name}: {said.message if said else 'cancelled'}")
    message = f"run {newest.metadata.name}: {said.message}" if said else f"run {newest.metadata.name} succeeded"
    return readiness.Ready(Reason.RUN_SUCCEEDED, message)
