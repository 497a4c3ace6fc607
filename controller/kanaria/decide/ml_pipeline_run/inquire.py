"""What is asked of MLflow once all steps are done.

All at once: a run's end costs one status write, not one for each answer.
"""

from collections.abc import Iterator

from kanaria.api.ml_pipeline_run import RunPhase, StepPhase
from kanaria.decide.ml_pipeline_run.baseline import baseline
from kanaria.decide.ml_pipeline_run.scene import EVERY, READING, Scene, Turn, asked
from kanaria.decide.ml_pipeline_run.track import logged, mlflow_run_id
from kanaria.gates.change import Change
from kanaria.vocabulary import Question, RegisteredBy


def inquire(scene: Scene) -> Turn:
    """Wait until the registered version, the metrics and the stable model's metrics are all known."""
    if scene.status.phase is RunPhase.SUCCEEDED:
        return Turn(scene.status)
    answers = [asked(scene, question, READING) for question in _questions(scene)]
    stable = baseline(scene) if _compares(scene) and not makes_no_model(scene) else {}
    return next((each for each in [*answers, stable] if isinstance(each, Turn)), Turn(scene.status))


def registered(scene: Scene) -> RegisteredBy | None:
    """The question for the version of spec.model that the run registered."""
    wanted = scene.pipeline.model
    if wanted is None or makes_no_model(scene):
        return None
    return RegisteredBy(EVERY, wanted.name, mlflow_run_id(scene.status))


def makes_no_model(scene: Scene) -> bool:
    """Whether the step that registers the model was skipped: then there is nothing to judge."""
    wanted = scene.pipeline.model
    skipped = {entry.name for entry in scene.status.steps if entry.phase is StepPhase.SKIPPED}
    return wanted is not None and bool(skipped) and skipped >= set(scene.unfolded.instances(wanted.step))


def _questions(scene: Scene) -> Iterator[Question]:
    version = registered(scene)
    if version is not None:
        yield version
    yield logged(mlflow_run_id(scene.status))


def _compares(scene: Scene) -> bool:
    policies = (scene.seen.policies.get(each.policy_ref.name) for each in scene.pipeline.gates)
    metrics = (metric for policy in policies if policy for metric in policy.spec.metrics)
    return any(isinstance(metric.gate, Change) and metric.source.offline for metric in metrics)
