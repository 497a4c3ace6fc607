"""Which Job measures the candidate now, and what did it say?

Each measurement is a Job of its own, made as the ModelDeployment's account. Its name comes from the trial, the metric
and the number of the measurement, so that a restarted operator finds the Job that it made.
"""

import json
import math
from datetime import datetime
from typing import Any

from kanaria.api.model_deployment import Trial
from kanaria.decide.model_deployment.metrics import Checked
from kanaria.decide.model_deployment.scene import Scene
from kanaria.engines.attempt import Failed, Going, Succeeded, attempt
from kanaria.engines.job import render
from kanaria.engines.work import OUTPUTS_FILE, Work
from kanaria.gates.change import Change
from kanaria.judge.tally import Tally
from kanaria.sources.kind import Arms, Task, TaskSource
from kanaria.vocabulary import Answer, Answered, Apply, Measurement, Unanswered, Watch, marks
from kanaria.vocabulary.masking import masked
from kanaria.vocabulary.objects import Manifest, content_hash

WATCHED = (Watch("v1", "Pod", marks.OWNER),)
KEPT = 600
"""Seconds for which a Job that is over can still be looked at."""
_LONGEST_NAME = 40


def probed(scene: Scene, trial: Trial, metric: Checked, tally: Tally, arms: Arms) -> tuple[Scene, Answer | None]:
    """What the Job of this measurement said; None while it runs, or before it is due."""
    if not isinstance(metric.source, TaskSource):
        return scene, None
    scene = scene.but(watches=WATCHED)
    name = _name(scene, trial, metric, tally)
    job = scene.seen.jobs.get(name)
    if job is not None:
        return _read(scene, job, name)
    refused = _refusal(scene, name)
    if refused is not None:
        return scene, refused
    due = tally.at + metric.metric.every if tally.at is not None else scene.now
    if scene.now < due:
        return scene.looks(due), None
    task = metric.source.task(arms, compared=isinstance(metric.gate, Change))
    return scene.but(jobs=(*scene.jobs, _job(scene, task, name))), None


def _read(scene: Scene, job: Manifest, name: str) -> tuple[Scene, Answer | None]:
    match attempt(job, scene.seen.pods.get(name), scene.now):
        case Succeeded(at, said):
            return scene, Answered(at, _measurement(at, said))
        case Failed(at, message):
            return scene, Unanswered(at, f"Job {name}: {message}")
        case Going(until=until):
            return scene.looks(until), None


def _measurement(at: datetime, said: str) -> Measurement:
    """The number, or the two, that were written."""
    try:
        document = json.loads(said)
    except ValueError:
        document = None
    found = document if isinstance(document, dict) else {"value": document}
    value, baseline = _number(found.get("value")), _number(found.get("baseline"))
    trouble = "" if value is not None else "its Job wrote no number to the file $KANARIA_OUTPUTS"
    if value is not None and baseline is None:
        trouble = "its Job wrote no baseline to the file $KANARIA_OUTPUTS"
    return Measurement(at, value, baseline, f"{trouble}; it wrote {masked(said)[:100]!r}" if trouble else "")


def _number(value: Any) -> float | None:
    plain = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if plain and math.isfinite(value) else None


def _refusal(scene: Scene, name: str) -> Unanswered | None:
    """Why the API server did not take the Job."""
    failure = scene.seen.failure
    if failure is None or not isinstance(failure.act, Apply) or failure.act.manifest["metadata"]["name"] != name:
        return None
    account = scene.md.spec.service_account_name
    return Unanswered(failure.at, f"ServiceAccount {account} could not make Job {name}: {failure.message}")


def _name(scene: Scene, trial: Trial, metric: Checked, tally: Tally) -> str:
    told = {"trial": trial.id, "metric": metric.key, "of": metric.of, "number": tally.tries}
    return f"{scene.md.metadata.name[:_LONGEST_NAME].rstrip('-')}-measure-{content_hash(told, 8)}"


def _job(scene: Scene, task: Task, name: str) -> Manifest:
    work = Work(
        name=name,
        namespace=scene.md.metadata.namespace,
        labels=marks.owned_by(scene.md.ref),
        owner=marks.owner_reference(scene.md.ref, scene.md.metadata.uid),
        image=task.image or scene.seen.runner_image,
        command=task.command,
        env=(*task.env, ("KANARIA_OUTPUTS", OUTPUTS_FILE)),
        resources={},
        deadline=max(1, math.ceil(task.timeout.total_seconds())),
        pod_account=task.account,
    )
    job = render(work)
    return {**job, "spec": {**job["spec"], "ttlSecondsAfterFinished": KEPT}}
