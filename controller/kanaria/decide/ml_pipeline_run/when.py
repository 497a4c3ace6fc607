"""Whether a step is to be run at all, or is skipped."""

from collections.abc import Callable, Mapping

from kanaria.api.pipeline_step import Step, When
from kanaria.decide.filling import Values

_NUMBERS: Mapping[str, Callable[[float, float], bool]] = {
    "Gt": lambda one, other: one > other,
    "Lt": lambda one, other: one < other,
}


def skipped(step: Step, values: Values) -> str:
    """Why the step is skipped, in a sentence; empty where it runs."""
    lacking = values.lacking(step)
    if lacking:
        return f"skipped: ${{{lacking}}} has no value, since the step that makes it was skipped"
    return next((said for condition in step.when if (said := _unmet(condition, values))), "")


def _unmet(condition: When, values: Values) -> str:
    found, wanted = values.fill(condition.input), [values.fill(value) for value in condition.values]
    if _holds(condition.operator, found, wanted):
        return ""
    asked = f"{condition.operator} {', '.join(wanted)[:200]}"
    return f"skipped: {condition.input} is {found[:100]!r}, and when asks for {asked}"


def _holds(operator: str, found: str, wanted: list[str]) -> bool:
    if operator in _NUMBERS:
        return _compared(operator, found, wanted[0])
    return (found in wanted) == (operator == "In")


def _compared(operator: str, found: str, wanted: str) -> bool:
    """A text that is no number is neither greater nor less."""
    try:
        return _NUMBERS[operator](float(found), float(wanted))
    except ValueError:
        return False
