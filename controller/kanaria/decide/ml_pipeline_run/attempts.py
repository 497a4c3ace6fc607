"""What became of the attempt of a step: its outputs, or why it failed and when it is tried again."""

import json
from datetime import datetime, timedelta

from kanaria.api.ml_pipeline_run import OUTPUT_MAX, StepPhase, StepStatus
from kanaria.api.pipeline_step import RetryPolicy, Step
from kanaria.decide.ml_pipeline_run.scene import Scene
from kanaria.decide.ml_pipeline_run.source_tests import counted, ran_in, shown
from kanaria.engines import engine_of
from kanaria.engines.attempt import Failed, Going, Succeeded, image_of
from kanaria.vocabulary.durations import duration_of, seconds_of
from kanaria.vocabulary.masking import masked

IMAGE_MAX = 512


def followed(entry: StepStatus, step: Step, scene: Scene) -> StepStatus:
    """The step's entry after a look at its newest attempt."""
    job = scene.seen.jobs.get(entry.job)
    if entry.phase is not StepPhase.RUNNING or job is None:
        return entry
    pod = scene.seen.pods.get(entry.job)
    came_of_it = engine_of(job).attempt(job, pod, scene.now)
    if isinstance(came_of_it, Going):
        return entry
    tests, of_tests = counted(came_of_it.said, entry, scene)
    image = image_of(pod, ran_in(entry, scene))[:IMAGE_MAX]
    over = entry.model_copy(update={"image_id": image or None, "tests": tests})
    match came_of_it:
        case Succeeded(at, said):
            found = shown(entry, scene)
            if found.fault:
                return _failed(over, step, found.fault, at)
            return entry if found.waits else _succeeded(over, step, said, at)
        case Failed(at, message):
            return _failed(over, step, of_tests or message, at, came_of_it.exit_code)


def _succeeded(entry: StepStatus, step: Step, said: str, at: datetime) -> StepStatus:
    outputs = outputs_of(step, said)
    if isinstance(outputs, str):
        return _failed(entry, step, outputs, at)
    changes = {"phase": StepPhase.SUCCEEDED, "outputs": outputs, "finished_at": at, "message": ""}
    return entry.model_copy(update=changes)


def _failed(entry: StepStatus, step: Step, message: str, at: datetime, code: int | None = None) -> StepStatus:
    codes = step.retry_policy.exit_codes
    if entry.attempts > step.retry_policy.limit or (codes and code not in codes):
        return entry.model_copy(update={"phase": StepPhase.FAILED, "message": message, "finished_at": at})
    retry_at = at + backoff(step.retry_policy, entry.attempts)
    return entry.model_copy(update={"phase": StepPhase.PENDING, "message": message, "retry_at": retry_at})


def backoff(policy: RetryPolicy, failures: int) -> timedelta:
    """How long to wait after so many failed attempts."""
    wait = duration_of(policy.backoff.duration).total_seconds() * policy.backoff.factor ** (failures - 1)
    return min(seconds_of(wait), duration_of(policy.backoff.max_duration))


def outputs_of(step: Step, said: str) -> dict[str, str] | str:
    """The declared outputs out of what the step wrote; a sentence where one is missing, or they cannot be read."""
    if not step.outputs:
        return {}
    try:
        written = json.loads(said)
    except ValueError:
        written = None
    if not isinstance(written, dict):
        wrote = masked(said)[:200]
        return f"its outputs are no JSON object; write one to the file named by $KANARIA_OUTPUTS. It wrote: {wrote!r}"
    outputs = {name: _text(written[name]) for name in (output.name for output in step.outputs) if name in written}
    missing = [output.name for output in step.outputs if output.name not in outputs]
    if missing:
        there = ", ".join(sorted(map(str, written))) or "nothing"
        return f"it did not write the output {missing[0]!r} to the file named by $KANARIA_OUTPUTS; it wrote: {there}"
    long = next((name for name, value in outputs.items() if len(value) > OUTPUT_MAX), None)
    if long:
        return f"its output {long!r} is longer than {OUTPUT_MAX} characters; log it as an MLflow artifact instead"
    return outputs


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
