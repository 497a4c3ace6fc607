"""Whether a trigger that is due is held: its cooldown lasts, or its budget is spent."""

from datetime import datetime, timedelta

from kanaria.api.ml_pipeline import TriggerStatus
from kanaria.decide.ml_pipeline.scene import Held
from kanaria.triggers.kind import TriggerUnion
from kanaria.vocabulary.durations import duration_of

RECENT_MAX = 20


def held(trigger: TriggerUnion, entry: TriggerStatus, now: datetime) -> Held | None:
    """Why it is held and until when; None where it may start a run. The later of two holds counts."""
    holds = [hold for hold in (_cooldown(trigger, entry, now), _budget(trigger, entry, now)) if hold is not None]
    return max(holds, key=lambda hold: hold.until, default=None)


def _cooldown(trigger: TriggerUnion, entry: TriggerStatus, now: datetime) -> Held | None:
    if trigger.cooldown is None or not entry.runs:
        return None
    until = entry.runs[-1] + duration_of(trigger.cooldown)
    return Held(until, f"its cooldown of {trigger.cooldown} lasts") if now < until else None


def _budget(trigger: TriggerUnion, entry: TriggerStatus, now: datetime) -> Held | None:
    budget = trigger.budget
    if budget is None:
        return None
    window = duration_of(budget.window)
    recent = [at for at in entry.runs if at > now - window]
    if len(recent) < budget.runs:
        return None
    return Held(recent[-budget.runs] + window, f"its budget of {budget.runs} runs in {budget.window} is spent")


def remembered(trigger: TriggerUnion | None, runs: tuple[datetime, ...], at: datetime) -> tuple[datetime, ...]:
    """The starts that cooldown and budget will ask for, with a new one."""
    window = duration_of(trigger.budget.window) if trigger and trigger.budget else timedelta(0)
    return (*(each for each in runs if each > at - window), at)[-RECENT_MAX:]
