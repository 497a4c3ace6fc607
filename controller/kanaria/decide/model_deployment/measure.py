"""Phase 3: what do the counters say of the candidate?

It always runs while the candidate has traffic: a pause, a suspension or a typo in the spec never blinds the judge.
A window between two readings counts once; what is not counted yet is in memory, what is counted in the checkpoint.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from kanaria.api.model_deployment import Trial, TrialPhase
from kanaria.decide.model_deployment.judges import alpha_shares
from kanaria.decide.model_deployment.metrics import Measured, arms, measured
from kanaria.decide.model_deployment.scene import Judged, Judging, Memory, Scene
from kanaria.decide.model_deployment.splitting import as_asked, split_seen
from kanaria.decide.model_deployment.usual import dispersed, learn, usual
from kanaria.judge.checkpoint import restore
from kanaria.judge.counts import DropReason, Window, arms_between, not_comparable
from kanaria.judge.evidence import Evidence, nothing_seen, observe
from kanaria.judge.interval import ratio_interval
from kanaria.judge.sequential import verdict
from kanaria.serving.naming import CANDIDATE_PLACE, MAIN_PLACE, cluster_name
from kanaria.vocabulary import Answered, Counters, CountersAsked, CountersQueried, Unanswered, Verdict
from kanaria.vocabulary.durations import duration_of, spoken

BLIND_AFTER = 5
"""So many intervals without a reading, and the candidate gets no traffic until there is one."""


@dataclass(frozen=True, slots=True)
class _Reading:
    """What one metric's counters say: its evidence so far, and what cannot be read."""

    metric: Measured
    evidence: Evidence
    verdict: Verdict
    trouble: str = ""
    blind: bool = False


def measure(scene: Scene) -> Scene:
    """Ask, count what was answered, and say what it proves."""
    trial, live = scene.active, scene.seen.serving.arrangement
    if trial is None or live is None or live.main.name == trial.predictor_name or trial.analysis is None:
        return scene
    metrics = measured(scene, trial.analysis)
    if not metrics:
        return scene
    scene = _remembering(scene, trial)
    readings, shares = [], max(len(metrics), alpha_shares(scene))
    for metric in metrics:
        scene, reading = _read(scene, trial, metric, shares)
        readings.append(reading)
    return as_asked(scene.but(judged=_judged(scene, readings, trial, shares)), trial)


def _remembering(scene: Scene, trial: Trial) -> Scene:
    """The memory of this trial: of another one nothing is kept."""
    memory = scene.memory
    if memory.trial != trial.id:
        memory = memory.of_trial(trial.id)
    live, main = scene.seen.serving, scene.seen.serving.arrangement
    scale = tuple(live.of(name).wanted for name in (trial.predictor_name, main.main.name if main else ""))
    if scale != memory.scale:
        # New servers are cold. After a restart nobody knows since when the scale is what it is.
        memory = replace(memory, scale=scale, scaled_since=scene.now if memory.scale else None)
    # Moments to come are from before the clock was set back.
    asked, scaled = memory.asked_since or scene.now, memory.scaled_since
    memory = replace(memory, asked_since=min(asked, scene.now), scaled_since=min(scaled, scene.now) if scaled else None)
    return scene.but(memory=memory)


def _read(scene: Scene, trial: Trial, metric: Measured, metrics: int) -> tuple[Scene, _Reading]:
    evidence = _evidence(scene, trial, metric)
    question = _question(scene, trial, metric)
    if question is None:
        trouble = "the operator knows no gateway: set KANARIA_GATEWAY_METRICS_URL"
        return scene, _Reading(metric, evidence, Verdict.UNMEASURED, trouble, blind=True)
    answer, scene = scene.seen.answer(question), scene.asks(question)
    previous = scene.memory.readings.get(metric.key)
    trouble = answer.message if isinstance(answer, Unanswered) else "" if answer else "not read yet"
    if isinstance(answer, Answered) and isinstance(answer.value, Counters):
        scene = learn(scene, metric, previous, answer.value)
        scene, evidence = _counted(scene, trial, metric, evidence, answer.value)
        previous = answer.value
    metric = dispersed(scene, metric)
    memory = _kept(scene.memory, metric.key, evidence, previous)
    found = verdict(evidence, metric.test, metrics).verdict
    blind_at = _blind_at(scene, trial, metric, previous)
    blind = blind_at is None or scene.now >= blind_at
    scene = scene.but(memory=memory).looks(blind_at)
    return scene, _Reading(metric, evidence, found, trouble, blind=blind)


def _question(scene: Scene, trial: Trial, metric: Measured) -> CountersAsked | CountersQueried | None:
    query, url, name = metric.source.query(arms(scene, trial)), scene.seen.metrics_url, scene.md.name
    if query is not None or not url:
        return query
    return metric.source.ask(url, cluster_name(name, CANDIDATE_PLACE), cluster_name(name, MAIN_PLACE))


def _evidence(scene: Scene, trial: Trial, metric: Measured) -> Evidence:
    """From memory; after a restart from the checkpoint, as far as it was taken for this very test."""
    remembered = scene.memory.evidence.get(metric.key)
    if remembered is not None and remembered.grid == metric.test.grid:
        return remembered
    document = trial.checkpoint.get(metric.key)
    restored = restore(document, metric.test) if document else None
    return restored if isinstance(restored, Evidence) else nothing_seen(metric.test.grid)


def _counted(
    scene: Scene, trial: Trial, metric: Measured, evidence: Evidence, current: Counters
) -> tuple[Scene, Evidence]:
    """One more window, if it lies wholly within one weight and scale in force, and after the warm-up."""
    previous = scene.memory.readings.get(metric.key)
    if evidence.last_end is not None and evidence.last_end > current.at:
        evidence = replace(evidence, last_end=None)  # the clock was set back: what comes now was not counted
    if previous is None or trial.weight_since is None or not trial.weight or trial.analysis is None:
        return scene, evidence
    warmup = duration_of(trial.analysis.warmup)
    changed = max(trial.weight_since, scene.memory.scaled_since or trial.weight_since)
    window = arms_between(previous, current, changed=changed, warmup=warmup, every=metric.source.window)
    if not isinstance(window, Window):
        return scene, evidence
    if metric.key == _who_splits(scene, trial):
        scene = split_seen(scene, trial, window)
    unfit = not_comparable(window, _servers(scene, trial, metric))
    apart = scene.memory.apart - {metric.key}
    if unfit is not None and unfit.reason is DropReason.LOAD_APART:
        apart |= {metric.key}
    scene = scene.but(memory=replace(scene.memory, apart=apart))
    return scene, evidence if unfit is not None else observe(evidence, window)


def _who_splits(scene: Scene, trial: Trial) -> str:
    """One metric's requests are enough, and they must be the gateway's: a server counts testers and copies too."""
    metrics = measured(scene, trial.analysis)
    return next((metric.key for metric in metrics if metric.source.origin == "gateway"), "")


def _servers(scene: Scene, trial: Trial, metric: Measured) -> tuple[int, int] | None:
    """The servers of both arms, where times are compared: a busy server is slower than an idle one."""
    live = scene.seen.serving
    if metric.source.slower_than is None or live.arrangement is None:
        return None
    return live.of(trial.predictor_name).available, live.of(live.arrangement.main.name).available


def _kept(memory: Memory, key: str, evidence: Evidence, reading: Counters | None) -> Memory:
    readings = {**memory.readings, key: reading} if reading is not None else memory.readings
    return replace(memory, readings=readings, evidence={**memory.evidence, key: evidence})


def _blind_at(scene: Scene, trial: Trial, metric: Measured, reading: Counters | None) -> datetime | None:
    """When the metric counts as unmeasured; None where it does until there is a reading."""
    held = trial.phase is TrialPhase.PAUSED or (trial.phase is TrialPhase.PASSED and not trial.weight)
    last = reading.at if reading is not None else None if held else scene.memory.asked_since
    return last + BLIND_AFTER * metric.source.window if last is not None else None


def _judged(scene: Scene, readings: list[_Reading], trial: Trial, shares: int) -> Judged:
    blind = [reading for reading in readings if reading.blind]
    verdicts = [Verdict.UNMEASURED if r.blind and r.verdict is not Verdict.FAILED else r.verdict for r in readings]
    found = Verdict.worst(verdicts)
    decisive = [r for r in readings if r.verdict is Verdict.FAILED] if found is Verdict.FAILED else readings
    intervals = [(r, ratio_interval(r.evidence, r.metric.test, shares)) for r in readings]
    return Judged(
        verdict=found,
        sentence="; ".join(interval.sentence(r.metric.name) for r, interval in intervals),
        short="; ".join(interval.short(r.metric.name) for r, interval in intervals if r in decisive),
        unknown=tuple(r.metric.name for r in readings if not usual(scene, r.metric.key).dispersion.measured),
        tests=tuple(Judging(r.metric.key, r.metric.test, usual(scene, r.metric.key)) for r in readings),
        proven=frozenset(r.metric.key for r in readings if r.verdict is Verdict.PASSED and not r.blind),
        requests=max(r.evidence.candidate.total for r in readings),
        apart=tuple(r.metric.name for r in readings if r.metric.key in scene.memory.apart),
        counted=all(r.evidence.windows or r.metric.key in scene.memory.apart for r in readings),
        readable=not any(r.trouble for r in readings),
        blind=_blindness(blind, trial),
    )


def _blindness(blind: Iterable[_Reading], trial: Trial) -> str:
    told = [
        f"{r.metric.name} was not read for {spoken(BLIND_AFTER * r.metric.source.window)}"
        + (f": {r.trouble}" if r.trouble else "")
        for r in blind
    ]
    return f"{'; '.join(told)}; candidate {trial.version} has no traffic until it is, and goes on then" if told else ""
