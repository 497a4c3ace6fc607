"""Whether an earlier attempt made already what a step would make."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from kanaria.api.ml_pipeline_run import DONE, MLPipelineRun, StepStatus
from kanaria.api.pipeline_step import Step
from kanaria.api.run_data import DataPhase
from kanaria.decide.filling import Values
from kanaria.decide.ml_pipeline_run.scene import EVERY, Scene
from kanaria.vocabulary import Answered, ArtifactThere, Unanswered
from kanaria.vocabulary.durations import duration_of
from kanaria.vocabulary.objects import content_hash

_ARTIFACT = "runs:/"
"""How an output begins that tells where an MLflow artifact is."""


@dataclass(frozen=True, slots=True)
class Hit:
    """An attempt of another run that made the same."""

    run: str
    entry: StepStatus


def cache_key(step: Step, values: Values, entries: Mapping[str, StepStatus], scene: Scene) -> str:
    """What the step is made of, in a hash; empty where it cannot be cached.

    A step that it depends on counts with what that one was made of; one that was not cached itself counts as new.
    """
    cache, source = step.cache, scene.pipeline.source
    image = values.fill(step.runs_in)
    if cache is None or (cache.image == "Digest" and "@sha256:" not in image):
        return ""
    inputs = [[name, _origin(entries[name]), dict(entries[name].outputs)] for name in step.depends_on]
    made_of = {
        "image": image,
        "command": [values.fill(word) for word in step.command],
        "env": [[each.name, values.fill(each.value), str(each.value_from or "")] for each in step.env],
        "pod": [step.pod_template, list(step.volumes), list(step.volume_mounts)],
        "outputs": [output.name for output in step.outputs],
        "revision": scene.run.spec.revision,
        "code": [source.git.url, source.git.path] if source else [],  # a commit holds more than one folder
        "data": [[data.name, data.digest] for data in scene.status.data],
        "inputs": inputs,
        **({"engine": step.engine.model_dump(mode="json")} if step.engine else {}),
    }
    return content_hash(made_of, 40)


def _origin(entry: StepStatus) -> str:
    return entry.cache_key or entry.job or entry.cached_from or ""


def hit(step: Step, key: str, scene: Scene) -> Hit | Unanswered | None:
    """The newest attempt with the same key whose artifacts are still there.

    None where there is none; an Unanswered while MLflow is asked for the artifacts.
    """
    if not key or step.cache is None:
        return None
    oldest = scene.now - duration_of(step.cache.max_age)
    for found in _same(key, scene.seen.older):
        if found.entry.finished_at is None or found.entry.finished_at < oldest:
            continue
        there = _is_there(found, scene)
        if there is not False:
            return found if there else Unanswered(scene.now, "its cached artifacts are looked for")
    return None


def _same(key: str, runs: tuple[MLPipelineRun, ...]) -> Iterator[Hit]:
    for run in sorted(runs, key=lambda each: -each.spec.number):
        if any(data.phase is DataPhase.CHANGED for data in run.status.data):  # nobody knows what its steps read
            continue
        for entry in run.status.steps:
            if entry.cache_key == key and entry.phase in DONE:
                yield Hit(entry.cached_from or run.metadata.name, entry)


def _is_there(found: Hit, scene: Scene) -> bool | None:
    """Whether every artifact that the outputs name exists; None before it is known. A server that is down has none."""
    for value in found.entry.outputs.values():
        if not value.startswith(_ARTIFACT):
            continue
        match scene.seen.answer(ArtifactThere(EVERY, value)):
            case Answered(value=there):
                if not there:
                    return False
            case Unanswered():
                return False
            case _:
                return None
    return True
