"""Whether the gates let the model pass."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace

from kanaria.api.conditions import Reason
from kanaria.api.metric_policy import MetricUnion
from kanaria.api.ml_pipeline_run import GateStatus, RunPhase
from kanaria.decide.ml_pipeline_run.artifacts import unloadable
from kanaria.decide.ml_pipeline_run.baseline import baseline
from kanaria.decide.ml_pipeline_run.inquire import makes_no_model
from kanaria.decide.ml_pipeline_run.scene import Scene, Turn, failed, going_on
from kanaria.decide.ml_pipeline_run.tags import told_at_the_end
from kanaria.decide.ml_pipeline_run.track import logged, mlflow_run_id
from kanaria.gates.change import Change
from kanaria.gates.kind import NumberGate
from kanaria.sources.kind import SourceKind
from kanaria.sources.mlflow import Mlflow
from kanaria.sources.step_output import StepOutput
from kanaria.vocabulary import Answered, Judgement, Stall, Verdict

Asked = tuple[str, MetricUnion]
"""A policy's name and one of its metrics."""
_LISTED = 20


def gate(scene: Scene) -> Turn:
    """Judge every offline metric of every policy; all must pass. Online metrics are the canary's business."""
    if scene.status.phase is RunPhase.SUCCEEDED:
        return Turn(scene.status)
    unknown = [g.policy_ref.name for g in scene.pipeline.gates if g.policy_ref.name not in scene.seen.policies]
    if unknown:
        return Turn(scene.status, Stall(Reason.UNKNOWN_POLICY, unknown_policy(unknown[0], scene.seen.policies)))
    metrics = [] if makes_no_model(scene) else _offline(scene)
    stable = baseline(scene) if any(isinstance(metric.gate, Change) for _, metric in metrics) else {}
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


def _offline(scene: Scene) -> list[Asked]:
    policies = [scene.seen.policies[each.policy_ref.name] for each in scene.pipeline.gates]
    return [
        (p.metadata.name, m)
        for p in policies
        for m in p.spec.metrics
        if isinstance(m.gate, NumberGate) and m.source.offline
    ]


def _judged(scene: Scene, policy: str, metric: MetricUnion, stable: Mapping[str, float] | str) -> GateStatus:
    judgement = _judgement(scene, metric, stable)
    value = judgement.value if judgement.value is not None and math.isfinite(judgement.value) else None
    return GateStatus(
        policy=policy, metric=metric.name, verdict=judgement.verdict, message=judgement.sentence[:500], value=value
    )


def _judgement(scene: Scene, metric: MetricUnion, stable: Mapping[str, float] | str) -> Judgement:
    rule, source = metric.gate, metric.source
    if not isinstance(rule, NumberGate):
        raise TypeError(f"{metric.name} is no offline metric")
    if isinstance(rule, Change) and isinstance(stable, str):
        return Judgement(metric.name, Verdict.UNMEASURED, stable)
    value, there = _read(scene, source)
    before = source.read(stable) if isinstance(source, Mlflow) and not isinstance(stable, str) else None
    judgement = rule.judge(source.address, value, before)
    if judgement.verdict is Verdict.UNMEASURED:
        return replace(judgement, sentence=f"{judgement.sentence}; there is: {_listed(there)}")
    return judgement


def _read(scene: Scene, source: SourceKind) -> tuple[float | None, Iterable[str]]:
    """The metric's value, and the names of all that could have been named."""
    if isinstance(source, StepOutput):
        outputs = {entry.name: entry.outputs for entry in scene.status.steps}
        return source.read(outputs), [f"{step}.{output}" for step in outputs for output in outputs[step]]
    metrics = _logged(scene)
    return source.read(metrics) if isinstance(source, Mlflow) else None, metrics


def _logged(scene: Scene) -> Mapping[str, float]:
    answer = scene.seen.answer(logged(mlflow_run_id(scene.status)))
    return answer.value if isinstance(answer, Answered) else {}


def _listed(names: Iterable[str]) -> str:
    known = sorted(names)
    more = f" and {len(known) - _LISTED} more" if len(known) > _LISTED else ""
    return (", ".join(known[:_LISTED]) or "nothing") + more


def _told(scene: Scene, gates: tuple[GateStatus, ...]) -> Turn:
    """The run's end, with tags on the model version that tell of it."""
    verdict = Verdict.worst([each.verdict for each in gates])
    turn = _end(scene, gates, verdict)
    return replace(turn, first=told_at_the_end(scene, gates, verdict))


def _end(scene: Scene, gates: tuple[GateStatus, ...], verdict: Verdict) -> Turn:
    said = {"gates": gates, "verdict": verdict if gates else None}
    refused = "; ".join(f"{g.policy}/{g.metric}: {g.message}" for g in gates if g.verdict is verdict)
    if verdict in {Verdict.FAILED, Verdict.INCONCLUSIVE}:
        return failed(scene, Reason.GATE_REFUSED, f"nothing is proposed. {refused}", **said)
    if verdict is Verdict.UNMEASURED:
        return failed(scene, Reason.GATE_UNMEASURED, f"nothing is proposed. {refused}", **said)
    reason = unloadable(scene)
    if reason:
        return failed(scene, Reason.GATE_REFUSED, f"nothing is proposed. {reason}", **said)
    return going_on(scene, phase=RunPhase.SUCCEEDED, finished_at=scene.now, **said)
