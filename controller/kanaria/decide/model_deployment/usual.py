"""What is usual of the stable model's requests, and how clumped are its bad ones?

It is learned from every window in which its counters are read, in trials and while it is watched, and outlives both:
the judge divides by the dispersion, the plan of the next trial starts from the traffic.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from kanaria.api.metric_policy import MetricPolicy
from kanaria.decide.model_deployment.metrics import Measured
from kanaria.decide.model_deployment.scene import Scene
from kanaria.judge.counts import Window, arms_between, by_series
from kanaria.judge.usual import Usual, document_of, halves_of, usual_of, watch_usual
from kanaria.vocabulary import Counters


def usual(scene: Scene, key: str) -> Usual:
    """From memory, after a restart from the status."""
    known = scene.memory.usual.get(key)
    return known if known is not None else usual_of(scene.status.usual.get(key, {}))


def dispersed(scene: Scene, metric: Measured) -> Measured:
    """The metric with the dispersion that was measured; with the assumed one before."""
    dispersion = usual(scene, metric.key).dispersion
    return replace(metric, test=replace(metric.test, dispersion=dispersion.value))


def learn(scene: Scene, metric: Measured, previous: Counters | None, current: Counters) -> Scene:
    """What is usual after one more reading; whatever the weight, only stable's own rate is looked at."""
    if previous is None or current.at <= previous.at:
        return scene
    window = arms_between(previous, current, changed=previous.at, every=metric.source.window)
    if not isinstance(window, Window):
        return scene
    seconds, arrived = (window.end - window.start).total_seconds(), window.candidate.total + window.stable.total
    halves = halves_of(by_series(previous.stable, current.stable)) if metric.source.by_pod else None
    known = watch_usual(usual(scene, metric.key), seconds, arrived, window.stable, halves)
    return scene.but(memory=replace(scene.memory, usual={**scene.memory.usual, metric.key: known}))


def written(scene: Scene) -> Mapping[str, Any]:
    """What is kept in the status of all that is remembered."""
    learned = {key: document_of(known) for key, known in sorted(scene.memory.usual.items())}
    return {key: known for key, known in {**scene.status.usual, **learned}.items() if _is_judged_by(scene, key)}


def _is_judged_by(scene: Scene, key: str) -> bool:
    """Whether there is such a metric still, as far as can be seen: what nobody asks for is not kept for ever."""
    trial, name = scene.status.trial, key.partition("/")[0]
    analyses = [found for found in (scene.md.spec.analysis, trial.analysis if trial else None) if found is not None]
    if scene.seen.invalid:
        return True
    named = {reference.name for analysis in analyses for reference in analysis.policies}
    if name not in named | {policy for policy, _ in scene.md.spec.strategy.strategy.policies}:
        return False
    policy = scene.seen.policies.get(name)
    return not isinstance(policy, MetricPolicy) or any(f"{name}/{each.name}" == key for each in policy.spec.metrics)
