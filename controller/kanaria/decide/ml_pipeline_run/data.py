"""Whether the data is what the contract says, before any step starts, and whether it is the same after the last one."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pydantic import ValidationError

from kanaria.api.conditions import Reason
from kanaria.api.data_report import DataReport
from kanaria.api.ml_pipeline_run import RunPhase, StepPhase, StepStatus
from kanaria.api.pipeline_data import Data
from kanaria.api.run_data import VIOLATIONS_MAX, DataPhase, DataStatus
from kanaria.decide.ml_pipeline_run.scene import Scene, Turn, failed, going_on
from kanaria.decide.ml_pipeline_run.steps import deadline
from kanaria.decide.ml_pipeline_run.track import mlflow_run_id
from kanaria.decide.ml_pipeline_run.work import job_name
from kanaria.engines.attempt import Failed, Succeeded, attempt
from kanaria.engines.reading import Reading, render
from kanaria.vocabulary import Account, Apply, Wait, marks
from kanaria.vocabulary.masking import masked

ATTEMPTS_MAX = 4
WAIT = timedelta(seconds=10)
"""Before the second attempt; twice as long before each further one."""
LOOKING = (DataPhase.CHECKING, DataPhase.COMPARING)
_SAID = 300


@dataclass(frozen=True, slots=True)
class Look:
    """One of the two looks at the data: from which phase to which, by which words, and what comes of the report."""

    doing: DataPhase
    begins: DataPhase
    words: Callable[[Data, DataStatus, Scene], tuple[str, ...]]
    take: Callable[[DataStatus, DataReport], DataStatus]
    verb: str
    participle: str


def check(scene: Scene) -> Turn:
    """Before the first step: every entry is read once; a broken contract, or data that cannot be read, ends the run."""
    if not scene.pipeline.data or (scene.status.data and not _before(scene)):
        return Turn(scene.status)
    known = scene.status.data or tuple(DataStatus(name=data.name) for data in scene.pipeline.data)
    return _looked(scene, known, _CHECK)


def compare(scene: Scene) -> Turn:
    """After the last step: every entry is looked at once more."""
    if all(e.phase in {DataPhase.UNCHANGED, DataPhase.CHANGED} for e in scene.status.data):
        return Turn(scene.status)
    if scene.status.phase is RunPhase.SUCCEEDED:
        return Turn(scene.status)
    return _looked(scene, scene.status.data, _COMPARE)


def _before(scene: Scene) -> bool:
    return any(entry.phase in {DataPhase.PENDING, DataPhase.CHECKING} for entry in scene.status.data)


def _looked(scene: Scene, known: tuple[DataStatus, ...], look: Look) -> Turn:
    entries = tuple(_started(_followed(entry, scene, look), scene, look) for entry in known)
    lost = _lost(scene, entries)
    if lost is not None:
        reason, message = lost
        return failed(scene, reason, message, data=entries, steps=_skipped(scene))
    if not any(entry.phase in {look.begins, look.doing} for entry in entries):
        return going_on(scene, data=entries)
    return _waiting(scene, entries, look)


def _skipped(scene: Scene) -> tuple[StepStatus, ...]:
    left = {"phase": StepPhase.SKIPPED, "message": "not started: see status.data"}
    return tuple(
        step.model_copy(update=left) if step.phase is StepPhase.PENDING else step for step in scene.status.steps
    )


def _followed(entry: DataStatus, scene: Scene, look: Look) -> DataStatus:
    job = scene.seen.jobs.get(entry.job)
    if entry.phase is not look.doing or job is None:
        return entry
    match attempt(job, scene.seen.pods.get(entry.job), scene.now):
        case Succeeded(at, said):
            return _reported(entry, said, at, look)
        case Failed(at, message):
            return _unread(entry, message, at, look)
    return entry


def _reported(entry: DataStatus, said: str, at: datetime, look: Look) -> DataStatus:
    try:
        report = DataReport.model_validate_json(said)
    except ValidationError:
        return _unread(entry, f"its Job told nothing that can be read: {masked(said)[:100]!r}", at, look)
    return look.take(entry.model_copy(update={"message": "", "retry_at": None}), report)


def _unread(entry: DataStatus, message: str, at: datetime, look: Look) -> DataStatus:
    """Nothing is known of the data: it is tried again, and in the end told as what it is."""
    if entry.attempts >= ATTEMPTS_MAX:
        return entry.model_copy(update={"phase": DataPhase.UNREADABLE, "message": message[-_SAID:], "retry_at": None})
    retry_at = at + WAIT * 2 ** (entry.attempts - 1)
    return entry.model_copy(update={"phase": look.begins, "message": message[-_SAID:], "retry_at": retry_at})


def _started(entry: DataStatus, scene: Scene, look: Look) -> DataStatus:
    if entry.phase is not look.begins or (entry.retry_at and scene.now < entry.retry_at):
        return entry
    number = entry.attempts + 1 if entry.retry_at else 1
    name = job_name(scene.run, f"{look.verb}-{entry.name}", number, "data")
    changes = {"phase": look.doing, "attempts": number, "job": name, "retry_at": None}
    return entry.model_copy(update=changes)


def _waiting(scene: Scene, entries: tuple[DataStatus, ...], look: Look) -> Turn:
    status = scene.status.model_copy(update={"data": entries, "phase": RunPhase.RUNNING})
    scene = replace(scene, status=status)
    doing = [entry for entry in entries if entry.phase is look.doing]
    said = [f"data {entry.name!r} is {look.participle}" for entry in doing]
    said += [f"data {e.name!r} could not be read, it is tried again: {e.message}" for e in entries if e.retry_at]
    times = [*(entry.retry_at for entry in entries), deadline(scene)]
    return Turn(
        status,
        Wait(Reason.RUNNING, "; ".join(said)[:1000]),
        then=tuple(_applied(scene, entry, look) for entry in doing if entry.job not in scene.seen.jobs),
        until=min((at for at in times if at and at > scene.now), default=None),
    )


def _applied(scene: Scene, entry: DataStatus, look: Look) -> Apply:
    run, spec, data = scene.run, scene.pipeline, _of(scene, entry.name)
    end = deadline(scene)
    reading = Reading(
        name=entry.job,
        namespace=run.metadata.namespace,
        labels={**marks.owned_by(run.ref), marks.DATA: data.name},
        owner=marks.owner_reference(run.ref, run.metadata.uid),
        image=scene.seen.ground.data_image,
        words=look.words(data, entry, scene),
        tracking_uri=scene.seen.ground.tracking_uri,
        secret=data.secret_ref.name if data.secret_ref else None,
        pod_account=spec.pod_service_account_name,
        deadline=max(1, int((end - scene.now).total_seconds())) if end else None,
    )
    return Apply(render(reading), Account(run.metadata.namespace, spec.service_account_name))


def _of(scene: Scene, name: str) -> Data:
    return next(data for data in scene.pipeline.data if data.name == name)


def _lost(scene: Scene, entries: tuple[DataStatus, ...]) -> tuple[Reason, str] | None:
    """Why the run cannot go on: the reason, and a sentence for each entry that is to blame."""
    invalid = [_broken(entry) for entry in entries if entry.phase is DataPhase.INVALID]
    if invalid:
        return Reason.DATA_INVALID, f"the data breaks its contract, no step was started. {'; '.join(invalid)}"
    unread = [f"data {e.name!r}: {e.message}" for e in entries if e.phase is DataPhase.UNREADABLE]
    if unread:
        return Reason.DATA_UNREADABLE, f"Unmeasured: nothing is known of the data. {'; '.join(unread)}"
    moved = _moved(scene, entries)
    if moved:
        return Reason.DATA_CHANGED, moved
    end = deadline(scene)
    if end is not None and scene.now >= end:
        seconds = scene.pipeline.active_deadline_seconds
        return Reason.DEADLINE_EXCEEDED, f"the run took longer than spec.activeDeadlineSeconds ({seconds} s)"
    changed = [e for e in entries if e.phase is DataPhase.CHANGED and _of(scene, e.name).on_change == "Fail"]
    if changed:
        said = "; ".join(f"data {entry.name!r}: {entry.message}" for entry in changed)
        return Reason.DATA_CHANGED, f"the data changed while the run read it, nothing is proposed. {said}"
    return None


def _moved(scene: Scene, entries: tuple[DataStatus, ...]) -> str:
    """Which data is not what the steps read that are taken over from the run that is resumed; empty where all is."""
    resumes = scene.run.spec.resumes
    before = [run for run in scene.seen.older if resumes and resumes.steps and run.metadata.name == resumes.run]
    read = {data.name: data.digest for run in before for data in run.status.data}
    moved = [
        f"data {e.name!r} was {read[e.name][:19]} in run {resumes.run if resumes else ''} and is {e.digest[:19]}"
        for e in entries
        if e.digest and read.get(e.name, "") not in {"", e.digest} and _of(scene, e.name).on_change == "Fail"
    ]
    if not moved:
        return ""
    return f"the data changed since the steps were run that are taken over: {'; '.join(moved)}; start a new run"


def _broken(entry: DataStatus) -> str:
    more = entry.broken - len(entry.violations)
    said = [violation.sentence for violation in entry.violations]
    return f"data {entry.name!r}: {'; '.join([*said, *([f'and {more} more'] if more > 0 else [])])}"


def _check_words(data: Data, entry: DataStatus, scene: Scene) -> tuple[str, ...]:
    del entry
    return ("validate", data.as_argument(), "--log-to", mlflow_run_id(scene.status))


def _compare_words(data: Data, entry: DataStatus, scene: Scene) -> tuple[str, ...]:
    del scene
    before = DataReport(digest=entry.digest, listing=entry.listing)
    return ("digest", data.as_argument(), "--before", before.model_dump_json(by_alias=True, exclude_defaults=True))


def _checked(entry: DataStatus, report: DataReport) -> DataStatus:
    return entry.model_copy(
        update={
            "phase": DataPhase.INVALID if report.broken else DataPhase.CHECKED,
            "digest": report.digest,
            "listing": report.listing,
            "files": report.files,
            "bytes": report.bytes,
            "rows": report.rows,
            "broken": report.broken,
            "violations": report.violations[:VIOLATIONS_MAX],
        }
    )


def _compared(entry: DataStatus, report: DataReport) -> DataStatus:
    if report.digest == entry.digest:
        return entry.model_copy(update={"phase": DataPhase.UNCHANGED})
    message = (
        f"{entry.digest[:19]} with {entry.files} files of {entry.bytes} bytes before the first step, "
        f"{report.digest[:19]} with {report.files} of {report.bytes} after the last; run it again on data that stays"
    )
    return entry.model_copy(update={"phase": DataPhase.CHANGED, "message": message})


_CHECK = Look(DataPhase.CHECKING, DataPhase.PENDING, _check_words, _checked, "check", "checked")
_COMPARE = Look(DataPhase.COMPARING, DataPhase.CHECKED, _compare_words, _compared, "compare", "compared")


def jobs_at_work(entries: tuple[DataStatus, ...]) -> frozenset[str]:
    """The Jobs that look at the data now."""
    return frozenset(entry.job for entry in entries if entry.phase in LOOKING)
