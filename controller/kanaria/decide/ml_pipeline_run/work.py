"""Which Job does an attempt of a step."""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from kanaria.api.ml_pipeline_run import DONE, MLPipelineRun
from kanaria.api.pipeline_step import Step, ValueFrom
from kanaria.decide.filling import Values
from kanaria.decide.ml_pipeline_run.champion import champion_facts
from kanaria.decide.ml_pipeline_run.endings import Entries, lost
from kanaria.decide.ml_pipeline_run.scene import Scene
from kanaria.decide.ml_pipeline_run.track import mlflow_run_id
from kanaria.decide.source_steps import BUILD, IMAGE, test_of
from kanaria.engines import EngineKind
from kanaria.engines.job import claim
from kanaria.engines.work import OUTPUTS_FILE, Checkout, Report, Work
from kanaria.vocabulary import Account, Apply, marks
from kanaria.vocabulary.objects import Manifest, content_hash, label_safe


def job_name(run: MLPipelineRun, step: str, attempt: int, *of: str, longest: int = EngineKind.name_max) -> str:
    """The name of an attempt's Job: the same whenever it is asked for, and short enough for its Pods' labels.

    `of` tells what is no step: a look at data may be called as one is.
    """
    mark = content_hash([run.metadata.uid, step, attempt, *of], 6)
    return f"{label_safe(f'{run.metadata.name}-{step}', longest - 7)}-{mark}"


def attempt_name(run: MLPipelineRun, step: Step, attempt: int) -> str:
    """The name of what the step's engine makes of an attempt."""
    engine = step.runner
    # One letter may come before it.
    return engine.named(
        job_name(run, step.name, attempt, longest=engine.name_max - (engine.name_max < EngineKind.name_max))
    )


def applied(scene: Scene, step: Step, name: str, deadline: datetime | None) -> tuple[Apply, ...]:
    """The acts that bring an attempt to life, as the team's own account."""
    account = Account(scene.run.metadata.namespace, scene.pipeline.service_account_name)
    # Not by force where there is a queue: a Job that is there after all, and admitted, must not be suspended again.
    job = Apply(step.runner.render(_work(scene, step, name, deadline)), account, force=step.queue_name is None)
    return (*(Apply(volume, account) for volume in _claims(scene)), job)


def _claims(scene: Scene) -> tuple[Manifest, ...]:
    """The run's volume, before its first Job: where a Job is, it was applied. A resumed run has the first one's."""
    workspace, run = scene.pipeline.workspace, scene.run
    begun = any(marks.STEP in (job["metadata"].get("labels") or {}) for job in scene.seen.jobs.values())
    if workspace is None or run.spec.resumes or begun:
        return ()
    owner = marks.owner_reference(run.ref, run.metadata.uid)
    return (claim(_claim_name(run), run.metadata.namespace, marks.owned_by(run.ref), owner, workspace.size),)


def _claim_name(run: MLPipelineRun) -> str:
    name = run.spec.resumes.root if run.spec.resumes else run.metadata.name
    return f"{label_safe(name, 50)}-workspace"


def values_of(scene: Scene, entries: Entries) -> Values:
    """What references stand for now; a step that fans out has a JSON list of its instances' outputs."""
    outputs: dict[str, Mapping[str, str]] = {e.name: e.outputs for e in entries.values() if e.phase in DONE}
    for name, instances in scene.unfolded.groups.items():
        made = [outputs[each] for each in instances if each in outputs]
        keys = made[0].keys() if len(made) == len(instances) else ()
        outputs[name] = {key: json.dumps([each.get(key, "") for each in made]) for key in keys}
    ended = "Failed" if lost(scene.unfolded.steps, entries) else "Succeeded"
    facts = {"run.name": scene.run.metadata.name, "run.status": ended}
    facts |= champion_facts(scene)
    if BUILD in outputs:
        facts["source.image"] = outputs[BUILD][IMAGE]
    return Values.of(scene.pipeline, scene.run.spec.revision, outputs, facts)


def _work(scene: Scene, step: Step, name: str, deadline: datetime | None) -> Work:
    run, spec = scene.run, scene.pipeline
    values = values_of(scene, {entry.name: entry for entry in scene.status.steps})
    filled = values.fill_in_pod if step.runner.expands else values.fill
    return Work(
        name=name,
        namespace=run.metadata.namespace,
        labels={**marks.owned_by(run.ref), marks.STEP: step.name},
        owner=marks.owner_reference(run.ref, run.metadata.uid),
        image=values.fill(step.runs_in),
        command=tuple(map(filled, step.command)),
        env=_environment(scene, step, filled),
        env_from=tuple((each.name, _reference(each.value_from)) for each in step.env if each.value_from),
        resources=step.resources,
        deadline=_seconds(step.active_deadline_seconds, deadline, scene.now),
        pod_account=spec.pod_service_account_name,
        workspace=_claim_name(run) if spec.workspace else None,
        checkout=_checkout(scene),
        report=_report(scene, step),
        queue=step.queue_name,
        volumes=step.volumes,
        volume_mounts=step.volume_mounts,
        pod_template=step.pod_template,
    )


def _report(scene: Scene, step: Step) -> Report | None:
    test = test_of(scene.pipeline, step.name)
    return Report(test.junit, scene.seen.ground.runner_image) if test and test.junit else None


def _reference(source: ValueFrom) -> Mapping[str, Any]:
    by_kind = (("secretKeyRef", source.secret_key_ref), ("configMapKeyRef", source.config_map_key_ref))
    return {
        kind: {"name": ref.name, "key": ref.key} | ({"optional": True} if ref.optional else {})
        for kind, ref in by_kind
        if ref is not None
    }


def _environment(scene: Scene, step: Step, filled: Callable[[str], str]) -> tuple[tuple[str, str], ...]:
    """What every step finds; a step's own variables win."""
    own = {each.name: filled(each.value) for each in step.env if each.value_from is None}
    elsewhere = {each.name for each in step.env if each.value_from}
    tracking, test = scene.status.tracking, test_of(scene.pipeline, step.name)
    of_its_own = next((entry.tracking_run for entry in scene.status.steps if entry.name == step.name), None)
    given = {
        "MLFLOW_TRACKING_URI": scene.seen.ground.tracking_uri,
        "MLFLOW_EXPERIMENT_NAME": tracking.experiment if tracking else "",
        "MLFLOW_RUN_ID": of_its_own or mlflow_run_id(scene.status),
        **({} if "outputs" in step.runner.refuses() else {"KANARIA_OUTPUTS": OUTPUTS_FILE}),
        **({"KANARIA_TEST": test.name} if test else {}),
        **dict(told_to_steps(scene)),
    }
    return tuple((name, value) for name, value in (given | own).items() if name not in elsewhere)


def told_to_steps(scene: Scene) -> Iterator[tuple[str, str]]:
    """The variables by which steps find the data."""
    digests = {entry.name: entry.digest for entry in scene.status.data}
    for data in scene.pipeline.data:
        name = f"KANARIA_DATA_{data.name.upper().replace('-', '_')}"
        yield name, data.uri
        yield f"{name}_DIGEST", digests.get(data.name, "")


def _checkout(scene: Scene) -> Checkout | None:
    source = scene.pipeline.source
    if source is None:
        return None
    git, ground = source.git, scene.seen.ground
    return Checkout(
        url=git.url,
        revision=scene.run.spec.revision,
        path=git.path,
        image=ground.runner_image,
        secret=git.secret_ref.name if git.secret_ref else None,
        file_remotes=ground.file_remotes,
    )


def _seconds(own: int | None, deadline: datetime | None, now: datetime) -> int | None:
    """The attempt's deadline: its own, or what is left of the run's."""
    left = max(1, int((deadline - now).total_seconds())) if deadline else None
    return min((each for each in (own, left) if each is not None), default=None)
