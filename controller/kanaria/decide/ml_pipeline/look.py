"""What the Jobs that look at data for triggers found, and which look is due.

A look is a Job of the team, one in each span of the trigger's interval; its name tells the span. The newest one stays
until the next is made: after a restart its last words are still there, and nothing is looked at twice.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from kanaria.api.data_report import DataReport, DriftReport
from kanaria.api.ml_pipeline import TriggerStatus
from kanaria.api.pipeline_data import Data
from kanaria.decide.ml_pipeline.scene import Scene, sooner
from kanaria.engines.attempt import Failed, Going, Succeeded, attempt
from kanaria.engines.reading import Reading, render
from kanaria.triggers.kind import Look, TriggerUnion
from kanaria.vocabulary import (
    Account,
    Answered,
    Apply,
    Delete,
    ModelVersion,
    ModelVersionAsked,
    ObjectRef,
    Unanswered,
    Watch,
    marks,
)
from kanaria.vocabulary.objects import Manifest, content_hash, label_safe

WATCHES = (Watch("batch/v1", "Job", marks.OWNER), Watch("v1", "Pod", marks.OWNER))
KEPT = 30 * 24 * 3600
"""Seconds that a Job stays which no later look removes: its trigger is gone, or the pipeline is suspended."""
LONGEST = 6 * 3600
"""Seconds that a look may take."""
EVERY = timedelta(minutes=1)
UNTIL_SYNCED = timedelta(seconds=1)
_SAID = 300


def look(scene: Scene) -> Scene:
    """Take what the newest looks found into the status, and begin those that are due."""
    scene = _declared(scene)
    if scene.resting:
        return scene
    for each in scene.pipeline.spec.triggers:
        wanted = each.trigger.look
        if wanted is not None:
            scene = replace(scene, watches=WATCHES)
            scene = _unknown(scene) if scene.seen.looks.jobs is None else _looked(scene, each, wanted)
    return scene


def _declared(scene: Scene) -> Scene:
    """The scene with an entry for each trigger, which tells since when it is there."""
    known = {entry.name: entry for entry in scene.status.triggers}
    first_sight = scene.status.observed_generation is None
    since = (scene.pipeline.metadata.creation_timestamp if first_sight else None) or scene.now
    names = (each.name for each in scene.pipeline.spec.triggers)
    entries = tuple(known.get(name) or TriggerStatus(name=name, since=since) for name in names)
    return replace(scene, status=scene.status.model_copy(update={"triggers": entries}))


def _unknown(scene: Scene) -> Scene:
    return replace(scene, until=sooner(scene.until, scene.now + UNTIL_SYNCED))


def _looked(scene: Scene, trigger: TriggerUnion, wanted: Look) -> Scene:
    jobs = _jobs(scene, trigger.name)
    scene = _taken(scene, trigger.name, wanted, jobs)
    going = [state for job in jobs.values() if isinstance(state := _state(scene, job), Going)]
    if going:
        return replace(scene, until=sooner(scene.until, going[0].until))
    span, ends = _span(scene, wanted)
    name = _name(scene, trigger.name, span)
    if name in jobs:
        return replace(scene, until=sooner(scene.until, ends))
    return replace(_begun(scene, trigger.name, wanted, name), until=sooner(scene.until, ends))


def _jobs(scene: Scene, trigger: str) -> dict[str, Manifest]:
    jobs = scene.seen.looks.jobs or {}
    mine = {n: job for n, job in jobs.items() if job["metadata"].get("labels", {}).get(marks.TRIGGER) == trigger}
    return {name: job for name, job in mine.items() if not job["metadata"].get("deletionTimestamp")}


def _state(scene: Scene, job: Manifest) -> Going | Succeeded | Failed:
    return attempt(job, scene.seen.looks.pods.get(job["metadata"]["name"]), scene.now)


def _span(scene: Scene, wanted: Look) -> tuple[int, datetime]:
    """The number of the span that holds now, counted from the pipeline's making, and its end."""
    began = scene.pipeline.metadata.creation_timestamp or scene.now
    number = (scene.now - began) // wanted.every
    return number, began + (number + 1) * wanted.every


def _name(scene: Scene, trigger: str, span: int) -> str:
    mark = content_hash([scene.pipeline.metadata.uid, trigger, span], 6)
    return f"{label_safe(f'{scene.pipeline.metadata.name}-{trigger}', 50)}-{mark}"


def _entry(scene: Scene, trigger: str) -> TriggerStatus:
    return next(entry for entry in scene.status.triggers if entry.name == trigger)


def _noted(scene: Scene, trigger: str, **changes: Any) -> Scene:
    entries = tuple(
        entry.model_copy(update=changes) if entry.name == trigger else entry for entry in scene.status.triggers
    )
    return replace(scene, status=scene.status.model_copy(update={"triggers": entries}))


def _taken(scene: Scene, trigger: str, wanted: Look, jobs: dict[str, Manifest]) -> Scene:
    """The scene with what the newest look that is over found."""
    over = [(state.at, job, state) for job in jobs.values() if not isinstance(state := _state(scene, job), Going)]
    if not over:
        return scene
    _, job, state = max(over, key=lambda each: each[0])
    if isinstance(state, Failed):
        return _noted(scene, trigger, message=f"Unmeasured: {state.message[-_SAID:]}")
    version = job["metadata"]["labels"].get(marks.REFERENCE, "")
    try:
        changes = _drifted(state.said, version) if wanted.method else _told(state.said)
    except ValidationError:  # its Pod is gone: what it said is in the status already, or comes with the next look
        return scene
    entry = _entry(scene, trigger)
    since = entry.digest_since if changes["digest"] == entry.digest else state.at
    return _noted(scene, trigger, **changes, digest_since=since)


def _told(said: str) -> dict[str, Any]:
    report = DataReport.model_validate_json(said)
    return {"digest": report.digest, "listing": report.listing, "message": ""}


def _drifted(said: str, version: str) -> dict[str, Any]:
    report = DriftReport.model_validate_json(said)
    found = {"digest": report.digest, "listing": report.listing, "score": report.score, "column": report.column}
    return {**found, "reference": version, "message": f"Unmeasured: {report.note[:_SAID]}" if report.note else ""}


def _begun(scene: Scene, trigger: str, wanted: Look, name: str) -> Scene:
    """The scene with the look that is due; a drift waits for the run behind the stable version."""
    data = next(each for each in scene.pipeline.spec.data if each.name == wanted.data)
    if not wanted.method:
        entry = _entry(scene, trigger)
        before = DataReport(digest=entry.digest, listing=entry.listing)
        known = ("--before", before.model_dump_json(by_alias=True, exclude_defaults=True)) if entry.digest else ()
        return _applied(scene, trigger, data, name, ("digest", data.as_argument(), *known))
    stable = scene.seen.looks.stable
    if stable is None:
        return _noted(
            scene, trigger, message="Unmeasured: no version of the first target of spec.promote is stable yet"
        )
    question = ModelVersionAsked(EVERY, *stable)
    scene = replace(scene, questions=(*scene.questions, question))
    match scene.seen.answer(question):
        case Answered(value=ModelVersion(run_id=run_id)) if run_id:
            words = ("drift", data.as_argument(), "--reference", run_id, "--method", wanted.method)
            return _applied(scene, trigger, data, name, words, {marks.REFERENCE: label_safe(stable[1])})
        case Answered():
            message = f"Unmeasured: nothing tells the run behind version {stable[1]} of {stable[0]!r}"
            return _noted(scene, trigger, message=message)
        case Unanswered(message=message):
            return _noted(scene, trigger, message=f"Unmeasured: {message}"[:_SAID])
    return scene


def _applied(
    scene: Scene,
    trigger: str,
    data: Data,
    name: str,
    words: tuple[str, ...],
    also: Mapping[str, str] = MappingProxyType({}),
) -> Scene:
    pipeline, looks = scene.pipeline, scene.seen.looks
    namespace, spec = pipeline.metadata.namespace, pipeline.spec
    reading = Reading(
        name=name,
        namespace=namespace,
        labels={**marks.owned_by(pipeline.ref), marks.TRIGGER: trigger, marks.DATA: data.name, **also},
        owner=marks.owner_reference(pipeline.ref, pipeline.metadata.uid),
        image=looks.image,
        words=words,
        tracking_uri=looks.tracking_uri,
        secret=data.secret_ref.name if data.secret_ref else None,
        pod_account=spec.pod_service_account_name,
        deadline=LONGEST,
        kept=KEPT,
    )
    account = Account(namespace, spec.service_account_name)
    old = (Delete(ObjectRef.of(job), account) for job in _jobs(scene, trigger).values())
    return replace(scene, acts=(*scene.acts, Apply(render(reading), account), *old))
