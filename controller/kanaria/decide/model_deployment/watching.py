"""Phase 4: is the stable model as it was when it was new?

Asked for by `falseAlarmEvery` of a metric. What is learned, and what was found, is written when a verdict turns and not
in between: at rest nothing is written. After a restart only the evidence since the last turn is lost.
"""

from dataclasses import replace
from datetime import datetime

from kanaria.api.conditions import Reason
from kanaria.api.judged import WatchedMetric
from kanaria.api.metric_policy import MetricPolicy
from kanaria.decide.model_deployment.metrics import Measured, measured
from kanaria.decide.model_deployment.scene import Model, Scene
from kanaria.decide.model_deployment.usual import learn, usual
from kanaria.judge.counts import Counts, Dropped, counted_between
from kanaria.judge.watch import Watched, WatchTest, document_of, watch, watched_of
from kanaria.serving.naming import MAIN_PLACE, backend_name, cluster_name
from kanaria.sources.kind import Arm, Arms
from kanaria.vocabulary import Answered, Counters, CountersAsked, CountersQueried, Verdict
from kanaria.vocabulary.durations import duration_of

BLIND_AFTER = 5
MOST = 16


def look_after_stable(scene: Scene) -> Scene:
    """Ask, count, and say what has become of the stable model."""
    analysis, live, main = scene.md.spec.analysis, scene.seen.serving, scene.main
    stable = scene.status.stable
    served = live.arrangement is not None and main is not None and live.arrangement.main.name == main.name
    metrics = [m for m in measured(scene, analysis) if m.false_alarm_every is not None][:MOST]
    if not served or main is None or stable is None or stable.predictor_name != main.name or scene.leaving:
        return scene
    kept = _unread(scene)
    if not metrics:
        return scene.with_status(watch=kept)
    if scene.memory.watch_since is None:
        scene = scene.but(memory=replace(scene.memory, watch_since=scene.now))
    warm = (stable.since or scene.now) + duration_of(analysis.warmup if analysis is not None else "0s")
    found = []
    for metric in metrics:
        scene, seen = _looked(scene, metric, main, warm)
        found.append(_entry(scene, metric, main, seen))
    return _told(scene.with_status(watch=(*found, *kept)[:MOST]))


def _unread(scene: Scene) -> tuple[WatchedMetric, ...]:
    """What is known by policies that cannot be read now, or by a spec that cannot: it is not learned anew for that."""
    if scene.seen.invalid:
        return scene.status.watch
    analysis = scene.md.spec.analysis
    named = {reference.name for reference in analysis.policies} if analysis is not None else set()
    lost = {name for name in named if not isinstance(scene.seen.policies.get(name), MetricPolicy)}
    return tuple(known for known in scene.status.watch if known.policy in lost)


def _looked(scene: Scene, metric: Measured, main: Model, warm: datetime) -> tuple[Scene, Watched]:
    question, seen = _question(scene, metric, main), _known(scene, metric, main)
    if question is None:
        return scene, seen
    answer, scene = scene.seen.answer(question), scene.asks(question)
    previous = scene.memory.watch_readings.get(metric.key)
    if not isinstance(answer, Answered) or not isinstance(answer.value, Counters):
        return scene, seen
    current = replace(answer.value, candidate={})
    if previous is not None and previous.at < current.at:
        if scene.judged is None:
            scene = learn(scene, metric, previous, current)
        fresh = current.at - previous.at <= BLIND_AFTER * metric.source.window
        counted = counted_between(previous.stable, current.stable)
        if fresh and previous.at >= warm and not isinstance(counted, Dropped):
            seen = _watched(scene, metric, seen, current.at, counted)
    readings = {**scene.memory.watch_readings, metric.key: current}
    kept = {**scene.memory.watched, metric.key: seen}
    return scene.but(memory=replace(scene.memory, watch_readings=readings, watched=kept)), seen


def _question(scene: Scene, metric: Measured, main: Model) -> CountersAsked | CountersQueried | None:
    """What to read of the stable model alone."""
    name, backend = scene.md.name, cluster_name(scene.md.name, MAIN_PLACE)
    stable = Arm(main.version, backend_name(name.name, main.name), backend)
    query = metric.source.query(Arms(name.namespace, name.name, stable, stable))
    if query is not None or not scene.seen.metrics_url:
        return query
    return metric.source.ask(scene.seen.metrics_url, "", backend)


def _known(scene: Scene, metric: Measured, main: Model) -> Watched:
    """From memory, after a restart from the status; another model is learned anew."""
    known = scene.memory.watched.get(metric.key)
    if known is None:
        before = _before(scene, metric)
        known = watched_of(before.checkpoint) if before is not None else None
    return known if known is not None and known.model == main.name else Watched(main.name)


def _watched(scene: Scene, metric: Measured, seen: Watched, end: datetime, counted: Counts) -> Watched:
    every = metric.false_alarm_every or metric.source.window
    test = WatchTest(
        promote_below=metric.test.promote_below,
        accept_below=metric.test.accept_below,
        windows_between_alarms=max(2.0, every / metric.source.window),
    )
    return watch(seen, test, end, counted, usual(scene, metric.key).dispersion.value)


def _entry(scene: Scene, metric: Measured, main: Model, seen: Watched) -> WatchedMetric:
    """What stands in the status: as before, unless the verdict has turned, or another model is watched."""
    before, blind = _before(scene, metric), _blind(scene, metric)
    verdict = Verdict.UNMEASURED if blind else seen.verdict
    if before is not None and before.verdict is verdict and before.checkpoint.get("model") == main.name:
        return before
    if blind:
        evidence = f"{metric.name} was not read for {BLIND_AFTER} intervals"
        kept = before.checkpoint if before is not None else {}
        kept = kept if kept.get("model") == main.name else document_of(Watched(main.name))
    else:
        evidence, kept = seen.sentence(metric.name), document_of(seen)
    policy, _, name = metric.key.partition("/")
    return WatchedMetric(
        policy=policy,
        metric=name,
        version=main.version,
        verdict=verdict,
        evidence=evidence,
        since=scene.now,
        checkpoint=kept,
    )


def _before(scene: Scene, metric: Measured) -> WatchedMetric | None:
    return next((w for w in scene.md.status.watch if f"{w.policy}/{w.metric}" == metric.key), None)


def _blind(scene: Scene, metric: Measured) -> bool:
    last = scene.memory.watch_readings.get(metric.key)
    since = last.at if last is not None else scene.memory.watch_since or scene.now
    return scene.now >= since + BLIND_AFTER * metric.source.window


def _told(scene: Scene) -> Scene:
    """An Event when a stable model has degraded, or recovered."""
    known = {(w.policy, w.metric): w for w in scene.md.status.watch}
    for now in scene.status.watch:
        before = known.get((now.policy, now.metric))
        if now == before or before is None or before.checkpoint.get("model") != now.checkpoint.get("model"):
            continue
        if now.verdict is Verdict.FAILED:
            scene = scene.tells(Reason.DEGRADED, f"version {now.version}: {now.evidence}", loud=True)
        elif now.verdict is Verdict.PASSED and before.verdict is Verdict.FAILED:
            scene = scene.tells(Reason.RECOVERED, f"version {now.version}: {now.evidence}")
    return scene
