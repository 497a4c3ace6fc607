"""What is asked of MLflow once all steps are done.

All at once: a run's end costs one status write, not one for each answer.
"""

from collections.abc import Iterator

from kanaria.api.metric_policy import MetricUnion
from kanaria.api.ml_pipeline_run import RegisteredModel, RunPhase, StepPhase
from kanaria.decide.ml_pipeline_run.baseline import baseline
from kanaria.decide.ml_pipeline_run.compared import scores_asked
from kanaria.decide.ml_pipeline_run.scene import EVERY, READING, Scene, Turn, asked
from kanaria.decide.ml_pipeline_run.track import logged, mlflow_run_id
from kanaria.gates.change import Change
from kanaria.gates.kind import NumberGate
from kanaria.gates.slices import Slices
from kanaria.sources.model_size import ModelSize
from kanaria.vocabulary import Answered, ModelSizeAsked, ModelVersion, Question, RegisteredBy

Asked = tuple[str, MetricUnion]
"""A policy's name and one of its metrics."""


def inquire(scene: Scene) -> Turn:
    """Wait until the registered version, the metrics and what they are compared with are all known."""
    if scene.status.phase is RunPhase.SUCCEEDED:
        return Turn(scene.status)
    answers = [asked(scene, question, READING) for question in _questions(scene)]
    stable = baseline(scene) if asks_stable(scene) else None
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


def offline(scene: Scene) -> list[Asked]:
    """The metrics of the gates' policies, as far as these exist, that are judged before the model is proposed."""
    policies = (scene.seen.policies.get(each.policy_ref.name) for each in scene.pipeline.gates)
    return [
        (policy.metadata.name, metric)
        for policy in policies
        if policy
        for metric in policy.spec.metrics
        if metric.source.offline and isinstance(metric.gate, NumberGate | Slices)
    ]


def asks_stable(scene: Scene) -> bool:
    """Whether a gate compares with what the run behind the stable version logged."""
    rules = () if makes_no_model(scene) else (metric.gate for _, metric in offline(scene))
    return any(isinstance(rule, Change) and rule.baseline == "stable" for rule in rules)


def size_asked(model: ModelVersion | RegisteredModel | None) -> ModelSizeAsked | None:
    """The question for the size of the registered version; None where none was registered."""
    if model is None:
        return None
    return ModelSizeAsked(EVERY, model.model if isinstance(model, ModelVersion) else model.name, model.version)


def _questions(scene: Scene) -> Iterator[Question]:
    version = registered(scene)
    if version is not None:
        yield version
    yield logged(mlflow_run_id(scene.status))
    found = scene.seen.answer(version) if version else None
    size = size_asked(found.value) if isinstance(found, Answered) else None
    if size and any(isinstance(metric.source, ModelSize) for _, metric in offline(scene)):
        yield size
    if not makes_no_model(scene):
        yield from scores_asked(scene, [metric for _, metric in offline(scene)])
