"""Phase 3, second half: what do measurements against a bound say of the candidate?

Like the counters of `measure` they are looked at for as long as the candidate has traffic, whatever else stands in the
way. A measurement counts once, and only when the weight it was taken at was in force and warm. What is counted is in
memory and in the checkpoint. A measurement that cannot be taken never fails a candidate: it stops its traffic.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from kanaria.api.model_deployment import Trial
from kanaria.decide.model_deployment.measure import BLIND_AFTER
from kanaria.decide.model_deployment.metrics import Checked, arms, checked
from kanaria.decide.model_deployment.probe import probed
from kanaria.decide.model_deployment.scene import Judged, Scene
from kanaria.gates.change import Change
from kanaria.judge.tally import Tally, counted, is_blind, is_over, taken_up, verdict_of
from kanaria.sources.kind import Arms, QuerySource, TaskSource
from kanaria.vocabulary import Answer, Answered, Measurement, Unanswered, Verdict
from kanaria.vocabulary.durations import duration_of, spoken

NO_NUMBER = "no number yet"


@dataclass(frozen=True, slots=True)
class _Reading:
    """What one metric's measurements say so far, and what cannot be read."""

    metric: Checked
    tally: Tally
    trouble: str = ""

    @property
    def verdict(self) -> Verdict:
        return verdict_of(self.tally, self.metric.limits)

    @property
    def is_over(self) -> bool:
        return is_over(self.tally, self.metric.limits)

    @property
    def sentence(self) -> str:
        tally, limit = self.tally, self.metric.limits.failure
        told = tally.fault if self.verdict is Verdict.FAILED else tally.sentence
        failed = f" ({tally.failed} of {tally.taken} measurements failed, failureLimit {limit})" if tally.failed else ""
        dry = " (dry run)" if self.metric.metric.dry_run else ""
        return f"{told or f'{self.metric.metric.name}: {self.trouble or NO_NUMBER}'}{failed}{dry}"


def check(scene: Scene) -> Scene:
    """Ask, count what was answered, and say what it means, together with what the counters say."""
    trial, live = scene.active, scene.seen.serving.arrangement
    if trial is None or live is None or live.main.name == trial.predictor_name or trial.analysis is None:
        return scene
    metrics = checked(scene, trial.analysis)
    if not metrics:
        return scene
    if scene.memory.trial != trial.id:
        scene = scene.but(memory=scene.memory.of_trial(trial.id))
    both, readings = arms(scene, trial), []
    for metric in metrics:
        scene, reading = _read(scene, trial, metric, both)
        readings.append(reading)
    tallies = {reading.metric.key: reading.tally for reading in readings}
    scene = scene.but(memory=replace(scene.memory, tallies=tallies))
    return scene.but(judged=_together(scene.judged, readings, trial))


def _read(scene: Scene, trial: Trial, metric: Checked, both: Arms) -> tuple[Scene, _Reading]:
    tally = scene.memory.tallies.get(metric.key)
    if tally is None or tally.of != metric.of:
        tally = taken_up(trial.checkpoint.get(metric.key), metric.of)
    if is_over(tally, metric.limits):
        return scene, _Reading(metric, tally)
    in_force = bool(trial.weight and trial.weight_since)
    if in_force and tally.since is None:
        tally = replace(tally, since=scene.now)
    settled = _settled(trial, tally, metric)
    scene, answer, trouble = _answered(scene, trial, metric, tally, both)
    if in_force and answer is not None:
        tally = _counted(tally, metric, answer, settled)
    tally = _seeing(scene.now, tally, metric, trial, answer)
    if tally.blind_since is not None:
        scene = scene.looks(tally.blind_since + _patience(metric))
    return scene.looks(settled), _Reading(metric, tally, trouble)


def _answered(
    scene: Scene, trial: Trial, metric: Checked, tally: Tally, both: Arms
) -> tuple[Scene, Answer | None, str]:
    """The newest answer, and why there is none."""
    if isinstance(metric.source, QuerySource):
        question = metric.source.ask(both, metric.metric.every, compared=isinstance(metric.gate, Change))
        answer = scene.seen.answer(question)
        trouble = answer.message if isinstance(answer, Unanswered) else "" if answer else "not read yet"
        return scene.asks(question), answer, trouble
    settled = _settled(trial, tally, metric)
    if settled is None or scene.now < settled or not trial.weight:
        return scene, None, ""  # there is nothing to run a Job for
    scene, answer = probed(scene, trial, metric, tally, both)
    return scene, answer, answer.message if isinstance(answer, Unanswered) else ""


def _settled(trial: Trial, tally: Tally, metric: Checked) -> datetime | None:
    """From when on a measurement speaks of the candidate at this weight."""
    if trial.weight_since is None or tally.since is None or trial.analysis is None:
        return None
    warm = trial.weight_since + duration_of(trial.analysis.warmup)
    return max(warm, tally.since + duration_of(metric.metric.initial_delay or "0s"))


def _counted(tally: Tally, metric: Checked, answer: Answer, settled: datetime | None) -> Tally:
    at, is_job = answer.at, isinstance(metric.source, TaskSource)
    if settled is None or at < settled or (tally.at is not None and at <= tally.at):
        return replace(tally, tries=tally.tries + 1) if is_job else tally  # another Job is needed
    name = metric.metric.name
    if isinstance(answer, Answered) and isinstance(answer.value, Measurement):
        taken = answer.value
        compared = isinstance(metric.gate, Change)
        if taken.value is not None and not (compared and taken.baseline is None):
            judgement = metric.gate.judge(name, taken.value, taken.baseline)
            return counted(tally, judgement.verdict, at, judgement.sentence)
        said = taken.trouble
    else:
        said = answer.message if isinstance(answer, Unanswered) else "the answer is no measurement"
    if not is_job and tally.at is not None and at < tally.at + 0.9 * metric.metric.every:
        return tally  # what failed is asked again sooner than it is measured: that is one measurement
    return counted(tally, Verdict.UNMEASURED, at, f"{name} could not be measured: {said}")


def _seeing(now: datetime, tally: Tally, metric: Checked, trial: Trial, answer: Answer | None) -> Tally:
    """A blind metric sees again with a number; and without traffic, where there can be none, when it is time to try."""
    if not is_blind(tally, metric.limits):
        return tally
    if tally.blind_since is None:
        return replace(tally, blind_since=now)
    heard = isinstance(answer, Answered) and answer.at > tally.blind_since
    if trial.weight or not (heard or isinstance(metric.source, TaskSource)):
        return tally
    taken = answer.value if isinstance(answer, Answered) else None
    known = isinstance(taken, Measurement) and taken.value is not None
    if known or now >= tally.blind_since + _patience(metric):
        return replace(tally, errors=0, blind_since=None)
    return tally


def _patience(metric: Checked) -> timedelta:
    """How long a candidate stays without traffic before it is tried again whether there are numbers now."""
    return max(metric.limits.consecutive_error + 1, BLIND_AFTER) * metric.metric.every


def _together(before: Judged | None, readings: list[_Reading], trial: Trial) -> Judged | None:
    """What the counters and the measurements say together; a dry run is told and decides nothing."""
    deciding = [reading for reading in readings if not reading.metric.metric.dry_run]
    verdicts = [reading.verdict for reading in deciding] + ([before.verdict] if before else [])
    if not verdicts:
        return before
    found = Verdict.worst(verdicts)
    loud = [r.sentence for r in deciding if r.verdict is Verdict.FAILED or found is not Verdict.FAILED]
    loud = [before.short, *loud] if before and (before.verdict is found or not loud) else loud
    blind = [before.blind] if before and before.blind else []
    blind += [_blindness(r, trial) for r in deciding if r.verdict is Verdict.UNMEASURED]
    return Judged(
        verdict=found,
        sentence="; ".join([*([before.sentence] if before else []), *(r.sentence for r in readings)]),
        short="; ".join(loud),
        requests=before.requests if before else 0,
        proven=frozenset(r.metric.key for r in deciding if r.verdict is Verdict.PASSED)
        | (before.proven if before else frozenset()),
        counted=all(r.tally.taken for r in deciding) and (before is None or before.counted),
        readable=not any(r.trouble and not r.is_over for r in deciding) and (before is None or before.readable),
        blind="; ".join(blind),
        unknown=before.unknown if before else (),
        tests=before.tests if before else (),
        apart=before.apart if before else (),
    )


def _blindness(reading: _Reading, trial: Trial) -> str:
    metric = reading.metric.metric
    span = spoken(reading.tally.errors * metric.every)
    return (
        f"{metric.name} was not measured for {span}: {reading.tally.sentence}; "
        f"candidate {trial.version} has no traffic until it is tried again"
    )
