"""Which metrics judge a candidate: those of the policies that its analysis names which can be read while it serves."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from kanaria.api.metric_policy import MetricPolicy, MetricUnion
from kanaria.api.model_deployment import Analysis, Trial
from kanaria.decide.model_deployment.scene import Scene
from kanaria.gates.kind import NumberGate
from kanaria.gates.sequential import Sequential
from kanaria.judge.sequential import SequentialTest
from kanaria.judge.tally import Limits
from kanaria.serving.naming import CANDIDATE_PLACE, MAIN_PLACE, backend_name, cluster_name
from kanaria.sources.counter import Counter
from kanaria.sources.kind import Arm, Arms, OnlineSource
from kanaria.vocabulary.durations import duration_of
from kanaria.vocabulary.objects import content_hash


@dataclass(frozen=True, slots=True)
class Measured:
    """One metric: where its counts come from, and the test that judges them. `key` is policy/metric."""

    key: str
    name: str
    source: Counter
    test: SequentialTest
    false_alarm_every: timedelta | None = None
    """For the watch over the stable model; None where it is not watched."""


def measured(scene: Scene, analysis: Analysis | None) -> tuple[Measured, ...]:
    """The metrics of the analysis, in the order of its policies; none of a policy that is not there."""
    return tuple(_of_policies(scene, analysis))


@dataclass(frozen=True, slots=True)
class Checked:
    """One metric that is measured again and again against a bound. `key` is policy/metric."""

    key: str
    metric: MetricUnion
    source: OnlineSource
    gate: NumberGate

    @property
    def limits(self) -> Limits:
        """How many measurements of each kind are tolerated."""
        asked = {
            "failure": self.metric.failure_limit,
            "inconclusive": self.metric.inconclusive_limit,
            "consecutive_error": self.metric.consecutive_error_limit,
            "consecutive_success": self.metric.consecutive_success_limit,
            "count": self.metric.count,
        }
        return Limits(**{name: limit for name, limit in asked.items() if limit is not None})

    @property
    def of(self) -> str:
        """What tells its definition from another one under the same name."""
        return content_hash(self.metric.model_dump(mode="json", by_alias=True, exclude_none=True), 8)


def checked(scene: Scene, analysis: Analysis | None) -> tuple[Checked, ...]:
    """The metrics of the analysis that are measured against a bound."""
    return tuple(
        Checked(key, metric, metric.source, metric.gate)
        for key, metric in named_metrics(scene, names_of(analysis))
        if isinstance(metric.source, OnlineSource) and isinstance(metric.gate, NumberGate)
    )


def arms(scene: Scene, trial: Trial) -> Arms:
    """The two models that are compared, as metrics name them."""
    live, stable = scene.seen.serving.arrangement, scene.status.stable
    main = live.main.name if live is not None else ""
    version = stable.version if stable is not None and stable.predictor_name == main else ""
    name = scene.md.name
    candidate = _arm(scene, trial.predictor_name, trial.version, CANDIDATE_PLACE)
    return Arms(name.namespace, name.name, candidate, _arm(scene, main, version, MAIN_PLACE))


def _arm(scene: Scene, predictor: str, version: str, place: int) -> Arm:
    name = scene.md.name
    variant = scene.seen.serving.of(predictor).backend or backend_name(name.name, predictor)
    return Arm(version, variant, cluster_name(name, place))


def _of_policies(scene: Scene, analysis: Analysis | None) -> Iterator[Measured]:
    for key, metric in named_metrics(scene, names_of(analysis)):
        if isinstance(metric.source, Counter) and isinstance(metric.gate, Sequential):
            yield Measured(key, metric.name, metric.source, _test(metric.gate), _watched(metric.gate))


def names_of(analysis: Analysis | None) -> tuple[str, ...]:
    """The policies of an analysis."""
    return tuple(reference.name for reference in analysis.policies) if analysis is not None else ()


def named_metrics(scene: Scene, names: Iterable[str]) -> Iterator[tuple[str, MetricUnion]]:
    """Each metric of the policies of these names, with its key."""
    for name in names:
        policy = scene.seen.policies.get(name)
        if isinstance(policy, MetricPolicy):
            yield from ((f"{name}/{metric.name}", metric) for metric in policy.spec.metrics)


def _watched(gate: Sequential) -> timedelta | None:
    return duration_of(gate.false_alarm_every) if gate.false_alarm_every is not None else None


def _test(gate: Sequential) -> SequentialTest:
    return SequentialTest(
        rollback_above=gate.rollback_above,
        promote_below=gate.promote_below,
        accept_below=gate.accept_below,
        alpha=gate.alpha,
        beta=gate.beta,
    )
