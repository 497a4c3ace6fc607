"""Which Job does an attempt of a step."""

from collections.abc import Iterator
from datetime import datetime

from kanaria.api.ml_pipeline import Step
from kanaria.api.ml_pipeline_run import MLPipelineRun, StepPhase
from kanaria.decide.filling import Values
from kanaria.decide.ml_pipeline_run.scene import Scene
from kanaria.decide.ml_pipeline_run.track import mlflow_run_id
from kanaria.engines.job import OUTPUTS_FILE, Checkout, Work, claim, render
from kanaria.vocabulary import Account, Apply, marks
from kanaria.vocabulary.objects import Manifest, content_hash, label_safe


def job_name(run: MLPipelineRun, step: str, attempt: int) -> str:
    """The name of an attempt's Job: the same whenever it is asked for, and short enough for its Pods' labels."""
    mark = content_hash([run.metadata.uid, step, attempt], 6)
    return f"{label_safe(f'{run.metadata.name}-{step}', 50)}-{mark}"


def applied(scene: Scene, step: Step, name: str, deadline: datetime | None) -> tuple[Apply, ...]:
    """The acts that bring an attempt to life, as the team's own account."""
    account = Account(scene.run.metadata.namespace, scene.pipeline.service_account_name)
    job = Apply(render(_work(scene, step, name, deadline)), account)
    # The claim goes before each Job: where it is there already, applying it changes nothing.
    return (*(Apply(volume, account) for volume in _claims(scene)), job)


def _claims(scene: Scene) -> tuple[Manifest, ...]:
    workspace, run = scene.pipeline.workspace, scene.run
    if workspace is None:
        return ()
    owner = marks.owner_reference(run.ref, run.metadata.uid)
    return (claim(_claim_name(run), run.metadata.namespace, marks.owned_by(run.ref), owner, workspace.size),)


def _claim_name(run: MLPipelineRun) -> str:
    return f"{label_safe(run.metadata.name, 50)}-workspace"


def _work(scene: Scene, step: Step, name: str, deadline: datetime | None) -> Work:
    run, spec = scene.run, scene.pipeline
    outputs = {s.name: s.outputs for s in scene.status.steps if s.phase is StepPhase.SUCCEEDED}
    values = Values.of(spec, run.spec.revision, outputs)
    return Work(
        name=name,
        namespace=run.metadata.namespace,
        labels={**marks.owned_by(run.ref), marks.STEP: step.name},
        owner=marks.owner_reference(run.ref, run.metadata.uid),
        image=step.image,
        command=tuple(values.fill(word) for word in step.command),
        env=_environment(scene, tuple((each.name, values.fill(each.value)) for each in step.env)),
        resources=step.resources,
        deadline=_seconds(step.active_deadline_seconds, deadline, scene.now),
        pod_account=spec.pod_service_account_name,
        workspace=_claim_name(run) if spec.workspace else None,
        checkout=_checkout(scene),
    )


def _environment(scene: Scene, own: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """What every step finds; a step's own variables win."""
    tracking = scene.status.tracking
    given = {
        "MLFLOW_TRACKING_URI": scene.seen.ground.tracking_uri,
        "MLFLOW_EXPERIMENT_NAME": tracking.experiment if tracking else "",
        "MLFLOW_RUN_ID": mlflow_run_id(scene.status),
        "KANARIA_OUTPUTS": OUTPUTS_FILE,
        **dict(told_to_steps(scene)),
    }
    return tuple((given | dict(own)).items())


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
