"""Which metrics judge a candidate: the counter metrics of the policies that its analysis names."""

from collections.abc import Iterator
from dataclasses import dataclass

from kanaria.api.conditions import Reason
from kanaria.api.metric_policy import MetricPolicy
from kanaria.api.model_deployment import Analysis
from kanaria.decide.model_deployment.scene import Scene
from kanaria.gates.sequential import Sequential
from kanaria.judge.sequential import SequentialTest
from kanaria.sources.counter import Counter
from kanaria.vocabulary import Stall


@dataclass(frozen=True, slots=True)
class Measured:
    """One metric: where its counts come from, and the test that judges them. `key` is policy/metric."""

    key: str
    name: str
    source: Counter
    test: SequentialTest


def measured(scene: Scene, analysis: Analysis | None) -> tuple[Measured, ...]:
    """The metrics of the analysis, in the order of its policies; none of a policy that is not there."""
    return tuple(_of_policies(scene, analysis))


def no_judge(scene: Scene, analysis: Analysis | None) -> Stall | None:
    """Why nobody could judge a candidate; None where somebody can, or nobody is asked to."""
    if analysis is None:
        return None
    for reference in analysis.policies:
        found = scene.seen.policies.get(reference.name)
        if found is None:
            return Stall(
                Reason.UNKNOWN_POLICY,
                f"spec.analysis.policies names MetricPolicy {reference.name}, which does not exist in namespace "
                f"{scene.md.metadata.namespace}; commit it, or correct the name",
            )
        if isinstance(found, str):
            return Stall(Reason.UNKNOWN_POLICY, f"spec.analysis.policies: MetricPolicy {reference.name}: {found}")
    if not measured(scene, analysis):
        return Stall(
            Reason.UNKNOWN_POLICY,
            "spec.analysis.policies name no metric with a counter, so nothing would judge the candidate; add one with "
            "counter and sequential, or remove spec.analysis",
        )
    return None


def _of_policies(scene: Scene, analysis: Analysis | None) -> Iterator[Measured]:
    for reference in analysis.policies if analysis else ():
        policy = scene.seen.policies.get(reference.name)
        if isinstance(policy, MetricPolicy):
            for metric in policy.spec.metrics:
                if isinstance(metric.source, Counter) and isinstance(metric.gate, Sequential):
                    key = f"{reference.name}/{metric.name}"
                    yield Measured(key, metric.name, metric.source, _test(metric.gate))


def _test(gate: Sequential) -> SequentialTest:
    return SequentialTest(
        rollback_above=gate.rollback_above,
        promote_below=gate.promote_below,
        accept_below=gate.accept_below,
        alpha=gate.alpha,
        beta=gate.beta,
    )
