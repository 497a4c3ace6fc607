"""Whether the gates let the model pass."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace

from kanaria.api.conditions import Reason
from kanaria.api.metric_policy import MetricUnion
from kanaria.api.ml_pipeline_run import GateStatus, RunPhase
from kanaria.decide.ml_pipeline_run.artifacts import unloadable
from kanaria.decide.ml_pipeline_run.baseline import StableRun, baseline
from kanaria.decide.ml_pipeline_run.compared import Compared, compared, data_digest
from kanaria.decide.ml_pipeline_run.inquire import asks_stable, makes_no_model, offline, size_asked
from kanaria.decide.ml_pipeline_run.scene import Scene, Turn, failed, going_on
from kanaria.decide.ml_pipeline_run.tags import told_at_the_end
from kanaria.decide.ml_pipeline_run.track import logged, mlflow_run_id
from kanaria.gates.change import Change
from kanaria.gates.kind import NumberGate
from kanaria.gates.slices import Slices
from kanaria.sources.kind import SourceKind
from kanaria.sources.mlflow import Mlflow
from kanaria.sources.model_size import ModelSize
from kanaria.sources.step_output import StepOutput
from kanaria.vocabulary import Answered, Judgement, Stall, Verdict

_LISTED = 20
_SAID = 800
_UNSIZED = (
    "MLflow cannot list the model's files, so its size is not known; "
    "let the step log the model within its run, and name it in spec.model"
)


def gate(scene: Scene) -> Turn:
    """Judge every offline metric of every policy; all must pass. Online metrics are the canary's business."""
    if scene.status.phase is RunPhase.SUCCEEDED:
        return Turn(scene.status)
    unknown = [g.policy_ref.name for g in scene.pipeline.gates if g.policy_ref.name not in scene.seen.policies]
    if unknown:
        return Turn(scene.status, Stall(Reason.UNKNOWN_POLICY, unknown_policy(unknown[0], scene.seen.policies)))
    metrics = [] if makes_no_model(scene) else offline(scene)
    stable = baseline(scene) if asks_stable(scene) else StableRun()
    if isinstance(stable, Turn):
        return stable
    gates = tuple(_judged(scene, policy, metric, stable) for policy, metric in metrics)
    return _told(scene, gates)


def unknown_policy(name: str, there: Mapping[str, object]) -> str:
    """The sentence that names a policy that is missing."""
    exist = ", ".join(sorted(there)) or "none"
    return (
        f"spec.gates: MetricPolicy {name!r} does not exist in this namespace (there: {exist}); "
        "commit it, or name another"
    )


def _judged(scene: Scene, policy: str, metric: MetricUnion, stable: StableRun | str) -> GateStatus:
    beside = compared(scene, metric, _logged(scene), stable)
    judgement, digest = _judgement(scene, metric, beside), data_digest(scene)
    compares = judgement.baseline is not None and beside.digest
    other = compares and digest and beside.digest != digest
    more = f"; measured on other data than this run's: {beside.digest[:19]}, not {digest[:19]}" if other else ""
    return GateStatus(
        policy=policy,
        metric=metric.name,
        verdict=judgement.verdict,
        message=f"{judgement.sentence[:_SAID]}{more}",
        value=_finite(judgement.value),
        baseline_value=_finite(judgement.baseline),
        data_digest=digest or None if judgement.value is not None and isinstance(metric.source, Mlflow) else None,
        baseline_data_digest=beside.digest if compares else None,
        dry_run=metric.dry_run or None,
    )


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _judgement(scene: Scene, metric: MetricUnion, beside: Compared) -> Judgement:
    rule, source = metric.gate, metric.source
    if isinstance(rule, Slices) and isinstance(source, Mlflow):
        values = source.slices(_logged(scene))
        judgement = rule.judge(source.address, values, rule.sizes(values, _logged(scene)))
        return _with_names(judgement, _logged(scene)) if not values else judgement
    if not isinstance(rule, NumberGate):
        raise TypeError(f"{metric.name} is no offline metric")
    if beside.trouble:
        return Judgement(metric.name, Verdict.UNMEASURED, beside.trouble)
    value, there = _read(scene, source)
    if isinstance(rule, Change) and beside.scores and value is not None:
        return rule.judge_pairs(source.address, beside.scores)
    if isinstance(source, ModelSize) and value is None:
        return Judgement(metric.name, Verdict.UNMEASURED, _UNSIZED)
    judgement = rule.judge(source.address, value, beside.value)
    return _with_names(judgement, there) if value is None else judgement


def _with_names(judgement: Judgement, there: Iterable[str]) -> Judgement:
    return replace(judgement, sentence=f"{judgement.sentence}; there is: {_listed(there)}")


def _read(scene: Scene, source: SourceKind) -> tuple[float | None, Iterable[str]]:
    """The metric's value, and the names of all that could have been named."""
    if isinstance(source, StepOutput):
        outputs = {entry.name: entry.outputs for entry in scene.status.steps}
        return source.read(outputs), [f"{step}.{output}" for step in outputs for output in outputs[step]]
    if isinstance(source, ModelSize):
        return _size(scene), ()
    metrics = _logged(scene)
    return source.read(metrics) if isinstance(source, Mlflow) else None, metrics


def _size(scene: Scene) -> float | None:
    question = size_asked(scene.status.model)
    answer = scene.seen.answer(question) if question else None
    return answer.value if isinstance(answer, Answered) else None


def _logged(scene: Scene) -> Mapping[str, float]:
    answer = scene.seen.answer(logged(mlflow_run_id(scene.status)))
    return answer.value if isinstance(answer, Answered) else {}


def _listed(names: Iterable[str]) -> str:
    known = sorted(names)
    more = f" and {len(known) - _LISTED} more" if len(known) > _LISTED else ""
    return (", ".join(known[:_LISTED]) or "nothing") + more


def _told(scene: Scene, gates: tuple[GateStatus, ...]) -> Turn:
    """The run's end, with tags on the model version that tell of it."""
    verdict = Verdict.worst([each.verdict for each in gates if not each.dry_run])
    turn = _end(scene, gates, verdict)
    return replace(turn, first=told_at_the_end(scene, gates, verdict))


def _end(scene: Scene, gates: tuple[GateStatus, ...], verdict: Verdict) -> Turn:
    deciding = [each for each in gates if not each.dry_run]
    said = {"gates": gates, "verdict": verdict if deciding else None}
    refused = "; ".join(f"{g.policy}/{g.metric}: {g.message}" for g in deciding if g.verdict is verdict)
    if verdict in {Verdict.FAILED, Verdict.INCONCLUSIVE}:
        return failed(scene, Reason.GATE_REFUSED, f"nothing is proposed. {refused}", **said)
    if verdict is Verdict.UNMEASURED:
        return failed(scene, Reason.GATE_UNMEASURED, f"nothing is proposed. {refused}", **said)
    reason = unloadable(scene)
    if reason:
        return failed(scene, Reason.GATE_REFUSED, f"nothing is proposed. {reason}", **said)
    return going_on(scene, phase=RunPhase.SUCCEEDED, finished_at=scene.now, **said)
