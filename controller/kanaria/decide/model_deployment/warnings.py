"""Which conditions are told of a trial beside Ready: that it cannot come to a proof, that a dispersion is assumed?

They are there only while True, and say nothing of whether the object is well: kstatus looks at the others.
"""

from collections.abc import Iterator

from kanaria.api.conditions import ConditionType, Reason
from kanaria.api.resource import Condition
from kanaria.decide.model_deployment.planning import too_weak
from kanaria.decide.model_deployment.scene import Scene
from kanaria.judge.usual import ASSUMED, BAD_ENOUGH, BLOCK


def warnings(scene: Scene) -> tuple[Condition, ...]:
    """The conditions, each with the time of its turn."""
    before = {known.type: known.last_transition_time for known in scene.md.status.conditions}
    return tuple(
        Condition(
            type=kind,
            status="True",
            reason=reason,
            message=message[:2048],
            observed_generation=scene.md.metadata.generation,
            last_transition_time=before.get(kind, scene.now),
        )
        for kind, reason, message in _found(scene)
    )


def _found(scene: Scene) -> Iterator[tuple[ConditionType, Reason, str]]:
    trial, judged = scene.active, scene.judged
    if trial is None or judged is None:
        return
    weak = too_weak(trial)
    if weak:
        yield ConditionType.CANARY_UNDERPOWERED, Reason.CANARY_UNDERPOWERED, weak
    if judged.unknown:
        fact = f"{', '.join(judged.unknown)}: how clumped bad requests are is not known yet, {ASSUMED:g} is assumed"
        todo = f"it is measured from {BLOCK} windows of stable with {BAD_ENOUGH} bad requests on"
        yield ConditionType.DISPERSION_UNKNOWN, Reason.DISPERSION_UNKNOWN, f"{fact}; {todo}"
