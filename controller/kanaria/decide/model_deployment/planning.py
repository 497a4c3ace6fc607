"""Is the traffic enough for the trial, and what is said of it before the rollout?"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from kanaria.api.judged import TrialPlan
from kanaria.api.model_deployment import Trial
from kanaria.decide.model_deployment.scene import Judging, Scene
from kanaria.judge.power import Power, Stage, Traffic, power
from kanaria.judge.usual import BLOCK
from kanaria.strategies.kind import At, StrategyKind
from kanaria.vocabulary.durations import duration_of, spoken

FIRST_LOOK = 4
"""Windows after which the traffic is told; after BLOCK of them once more, with the dispersion measured."""
STEPS = 100


@dataclass(frozen=True, slots=True)
class _Expected:
    judging: Judging
    power: Power


def plan(scene: Scene) -> Scene:
    """The trial's plan, told twice at most."""
    trial, judged = scene.active, scene.judged
    if trial is None or judged is None or not judged.tests:
        return scene
    windows, told = min(each.usual.windows for each in judged.tests), trial.plan.windows if trial.plan else 0
    if windows < FIRST_LOOK or told >= BLOCK or (told and windows < BLOCK):
        return scene
    stages = _stages(scene.md.spec.strategy.strategy, trial, scene.now)
    expected = [_Expected(each, power(each.test, len(judged.tests), _traffic(each), stages)) for each in judged.tests]
    slowest = max(expected, key=lambda each: (each.power.passing, each.power.rollback))
    return scene.with_trial(plan=_told(scene, trial, slowest, windows))


def too_weak(trial: Trial) -> str:
    """Why the trial cannot come to a proof, with the remedies; nothing where it can."""
    told = trial.plan
    if told is None or (told.rollback_in and told.pass_in):
        return ""
    todo = "send more requests, give it more weight, raise maxDuration, or set acceptBelow"
    return f"{told.sentence}; {todo}"


def _traffic(judging: Judging) -> Traffic:
    return Traffic(judging.usual.per_second, judging.usual.rate)


def _stages(strategy: StrategyKind, trial: Trial, now: datetime) -> tuple[Stage, ...]:
    """The strategy's weights as they will be, from the first step on, until the trial's time is over."""
    warmup = duration_of(trial.analysis.warmup) if trial.analysis is not None else timedelta(0)
    longest, left = strategy.longest, (strategy.longest or timedelta(days=365)).total_seconds()
    at, stages, moment = At(0, now, 0, in_force=True), [], now
    for _ in range(STEPS):
        there = strategy.next(at, moment)
        moved = there.weight != at.weight
        rests = there.done or (there.until is None and (there.step, there.weight) == (at.step, at.weight))
        if there.until is not None and there.until > moment:
            seconds = min(left, (there.until - moment).total_seconds())
            stages.append(Stage(there.weight, seconds))
            left, moment = left - seconds, there.until
        elif rests:
            break
        since = at.since if there.step == at.step and not moved else moment
        at = At(there.step, since, there.weight, in_force=True)
    if left > 0 and longest is not None:
        stages.append(Stage(at.weight, left))
    return _warmed(tuple(stages), warmup.total_seconds())


def _warmed(stages: tuple[Stage, ...], warmup: float) -> tuple[Stage, ...]:
    """After each change of weight nothing is counted for the warm-up."""
    found: list[Stage] = []
    weight = 0
    for stage in stages:
        cold = min(stage.seconds, warmup) if stage.weight != weight else 0.0
        found.extend((Stage(0, cold), Stage(stage.weight, stage.seconds - cold)))
        weight = stage.weight
    return tuple(found)


def _told(scene: Scene, trial: Trial, slowest: _Expected, windows: int) -> TrialPlan:
    traffic, found = _traffic(slowest.judging), slowest.power
    rollback, passing = _span(found.rollback), _span(found.passing)
    return TrialPlan(
        metric=slowest.judging.key[:128],
        windows=windows,
        requests_per_second=round(traffic.per_second, 3),
        bad_rate=round(traffic.rate, 6),
        rollback_in=rollback,
        pass_in=passing,
        detectable_ratio=round(found.detectable, 2) if found.detectable is not None else None,
        sentence=_sentence(scene, trial, slowest, rollback, passing),
    )


def _span(seconds: float) -> str | None:
    return spoken(timedelta(seconds=max(1, round(seconds)))) if seconds < float("inf") else None


def _sentence(scene: Scene, trial: Trial, slowest: _Expected, rollback: str | None, passing: str | None) -> str:
    traffic, found = _traffic(slowest.judging), slowest.power
    name = slowest.judging.key.rpartition("/")[2]
    seen = f"{name}: at {traffic.per_second:.3g} requests a second, {100 * traffic.rate:.2g} % of them bad"
    worse = f"one twice as bad is taken back after about {rollback}" if rollback else "one twice as bad is not found"
    good = f"a healthy candidate passes after about {passing}" if passing else "a healthy candidate is not proven good"
    least = f", the least that is found is ×{found.detectable:.3g}" if found.detectable else ""
    servers = scene.seen.serving.of(trial.predictor_name).wanted
    alone = "; it has one server, and a bad node would look like a bad model: two are better" if servers == 1 else ""
    return f"{seen}, {good}, {worse}{least}{_within(scene)}{alone}"


def _within(scene: Scene) -> str:
    longest = scene.md.spec.strategy.strategy.longest
    return f", within {spoken(longest)}" if longest is not None else ""
