"""What the next plan of a run is."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from kanaria.api import MLPipelineRun
from kanaria.api.conditions import Reason
from kanaria.api.ml_pipeline_run import FINAL, MLPipelineRunStatus, RunPhase, StepPhase
from kanaria.decide import readiness
from kanaria.decide.forbidden import remedy
from kanaria.decide.ml_pipeline_run.admit import admit
from kanaria.decide.ml_pipeline_run.bounds import bounded
from kanaria.decide.ml_pipeline_run.cancel import cancel
from kanaria.decide.ml_pipeline_run.champion import champion
from kanaria.decide.ml_pipeline_run.data import check, compare, jobs_at_work
from kanaria.decide.ml_pipeline_run.endings import is_over
from kanaria.decide.ml_pipeline_run.equip import equip, watches
from kanaria.decide.ml_pipeline_run.gate import gate
from kanaria.decide.ml_pipeline_run.inquire import inquire
from kanaria.decide.ml_pipeline_run.line_up import line_up
from kanaria.decide.ml_pipeline_run.propose import propose
from kanaria.decide.ml_pipeline_run.register import measure, register
from kanaria.decide.ml_pipeline_run.scene import READING, Scene, Seen, Turn
from kanaria.decide.ml_pipeline_run.source_tests import track_tests
from kanaria.decide.ml_pipeline_run.steps import steps
from kanaria.decide.ml_pipeline_run.track import track
from kanaria.decide.unfolding import unfolded
from kanaria.engines import engine_of
from kanaria.vocabulary import (
    Account,
    Act,
    Answer,
    Apply,
    Delete,
    EndTrackingRun,
    Failure,
    FailureKind,
    Go,
    ObjectRef,
    Outcome,
    Plan,
    Question,
    Stall,
    TagModelVersion,
    Wait,
)

PHASES: tuple[Callable[[Scene], Turn], ...] = (
    admit,
    cancel,
    line_up,
    equip,
    track,
    track_tests,
    check,
    champion,
    steps,
    compare,
    inquire,
    register,
    measure,
    gate,
    propose,
)
RETRY = timedelta(seconds=5)
_ENDINGS = {RunPhase.SUCCEEDED: "FINISHED", RunPhase.FAILED: "FAILED", RunPhase.CANCELLED: "KILLED"}
_LOST = (RunPhase.FAILED, RunPhase.CANCELLED)


def decide(run: MLPipelineRun, seen: Seen, now: datetime) -> Plan:
    """One step of the run; nothing at all once it is over and its proposals are settled."""
    asked: dict[Question, None] = {}
    noting = replace(seen, answer=_noting(seen, asked))
    scene = Scene(run, noting, now, run.status, unfolded(run.spec.pipeline))
    if run.status.phase in _LOST:
        return _left_behind(scene)
    turn = _played(scene)
    if turn.first and _untagged(seen.failure):
        return _held_back(scene, turn, tuple(asked))
    outcome = _hindered(scene, turn.outcome) if turn.status.phase not in FINAL else turn.outcome
    status = _concluded(scene, turn.status, outcome)
    write = () if _is_about_to_end(outcome, status) else readiness.status_write(run, status)
    swept = tuple(_swept(replace(scene, status=status)))
    over = status.phase in FINAL
    return Plan(
        acts=(*(turn.first if write else ()), *_ending(scene, status), *write, *turn.then, *swept),
        notices=readiness.of_note(readiness.notices(run.status.conditions, status.conditions)),
        questions=() if over else tuple(asked),
        watches=() if over and not swept else watches(scene.pipeline),
        look_again=turn.until,
    )


def _is_about_to_end(outcome: Outcome, status: MLPipelineRunStatus) -> bool:
    """Whether only MLflow's answer is awaited after the last step: the end itself is told then, in one write.

    Every question is answered, or not, within seconds; what cannot be answered is told.
    """
    waits = isinstance(outcome, Wait) and outcome.message == READING and not outcome.retry
    return waits and all(map(is_over, status.steps))


def _noting(seen: Seen, asked: dict[Question, None]) -> Callable[[Question], Answer | None]:
    """Every question that a pass looks at is one it wants kept: an answer nobody wants is forgotten."""

    def answer(question: Question) -> Answer | None:
        asked[question] = None
        return seen.answer(question)

    return answer


def _left_behind(scene: Scene) -> Plan:
    swept = tuple(_swept(scene))
    return Plan(acts=swept, watches=watches(scene.pipeline) if swept else ())


def _played(scene: Scene) -> Turn:
    """The phases in order, up to the first that does not go on."""
    turn = Turn(scene.status)
    for phase in PHASES:
        last = phase(replace(scene, status=turn.status))
        turn = replace(last, first=(*turn.first, *last.first), then=(*turn.then, *last.then))
        if not isinstance(turn.outcome, Go) or turn.status.phase in _LOST:
            break
    return turn


def _concluded(scene: Scene, status: MLPipelineRunStatus, outcome: Outcome) -> MLPipelineRunStatus:
    run = scene.run
    generation = run.metadata.generation
    conditions = readiness.conditions(run.status.conditions, outcome, _ready(status), generation, scene.now)
    return bounded(status.model_copy(update={"conditions": conditions, "observed_generation": generation}))


def _ready(status: MLPipelineRunStatus) -> readiness.Ready:
    said = [
        f"version {status.model.version} was proposed to {p.namespace}/{p.model_deployment}"
        if p.state == "Applied"
        else f"not proposed to {p.namespace}/{p.model_deployment}: {p.message}"
        for p in status.proposals
        if status.model
    ]
    if any(p.state == "Applied" for p in status.proposals):
        return readiness.Ready(Reason.PROPOSED, "; ".join(said))
    made = f"; version {status.model.version} of {status.model.name} is registered" if status.model else ""
    return readiness.Ready(Reason.RUN_SUCCEEDED, "; ".join([f"all steps and gates passed{made}", *said]))


def _hindered(scene: Scene, outcome: Outcome) -> Outcome:
    """What the failure of the newest plan makes of an outcome: the acts are planned again all the same."""
    failure = scene.seen.failure
    if failure is None or not isinstance(failure.act, Apply | Delete):
        return outcome
    if failure.kind is FailureKind.FORBIDDEN:
        account = failure.act.account
        place = f"spec.serviceAccountName {account.name!r} of the pipeline: " if account else ""
        return Stall(Reason.FORBIDDEN, f"{place}{failure.message}; {remedy(failure.message, account)}")
    return Wait(Reason.PROGRESSING, f"{failure.message}; it is tried again", retry=True)


def _ending(scene: Scene, status: MLPipelineRunStatus) -> Iterator[Act]:
    """The MLflow run ends with the run. Tried once: an MLflow that is down keeps no run from ending."""
    begins_rest = status.phase in FINAL and scene.run.status.phase not in FINAL
    failure = scene.seen.failure
    if begins_rest and status.phase and status.tracking and not (failure and isinstance(failure.act, EndTrackingRun)):
        ids = (status.tracking.run_id, *(entry.tracking_run for entry in status.steps if entry.tracking_run))
        yield from (EndTrackingRun(run_id, _ENDINGS[status.phase]) for run_id in ids)


def _untagged(failure: Failure | None) -> bool:
    return failure is not None and isinstance(failure.act, TagModelVersion)


def _held_back(scene: Scene, turn: Turn, asked: tuple[Question, ...]) -> Plan:
    """MLflow takes no tags now: say so, and try them again before the run's end is written down."""
    message = scene.seen.failure.message if scene.seen.failure else ""
    status = _concluded(scene, scene.run.status, Wait(Reason.PROGRESSING, f"{message}; it is tried again", retry=True))
    return Plan(
        acts=(*readiness.status_write(scene.run, status), *turn.first),
        notices=readiness.notices(scene.run.status.conditions, status.conditions),
        questions=asked,
        watches=watches(scene.pipeline),
        look_again=scene.now + RETRY,
    )


def _swept(scene: Scene) -> Iterator[Act]:
    """Jobs that still try what was given up go: else an image that turns up late would start a step of the past."""
    running = {entry.job for entry in scene.status.steps if entry.phase is StepPhase.RUNNING}
    if scene.status.phase not in _LOST:
        running |= jobs_at_work(scene.status.data)
    account = Account(scene.run.metadata.namespace, scene.pipeline.service_account_name)
    for name, job in sorted(scene.seen.jobs.items()):
        if name not in running and not engine_of(job).is_over(job) and not job["metadata"].get("deletionTimestamp"):
            yield Delete(ObjectRef.of(job), account)
