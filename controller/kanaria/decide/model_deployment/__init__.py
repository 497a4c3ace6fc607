"""How is one ModelDeployment brought one step nearer to what Git asks for?

The phases are the table of contents. Each is given all that was found before it; none is skipped, since a pause, a
suspension or a wrong spec must never blind the judge: what stands in the way only bars going forward.
"""

from collections.abc import Callable
from datetime import datetime

from kanaria.api.model_deployment import ModelDeployment
from kanaria.decide.model_deployment.admit import admit
from kanaria.decide.model_deployment.check import check
from kanaria.decide.model_deployment.measure import measure
from kanaria.decide.model_deployment.passing_on import pass_on
from kanaria.decide.model_deployment.planning import plan
from kanaria.decide.model_deployment.preflight import preflight
from kanaria.decide.model_deployment.record import record
from kanaria.decide.model_deployment.scene import (
    NOTHING_REMEMBERED,
    Decision,
    Memory,
    Scene,
    Seen,
    WayBack,
)
from kanaria.decide.model_deployment.serve import serve
from kanaria.decide.model_deployment.settle import settle
from kanaria.decide.model_deployment.shadowing import shadow
from kanaria.decide.model_deployment.shift import shift
from kanaria.decide.model_deployment.watching import look_after_stable

PHASES: tuple[Callable[[Scene], Scene], ...] = (
    admit,
    serve,
    preflight,
    measure,
    check,
    shadow,
    look_after_stable,
    plan,
    settle,
    shift,
    pass_on,
)
"""Before the last, which is `record`."""


def decide(md: ModelDeployment, seen: Seen, now: datetime, memory: Memory = NOTHING_REMEMBERED) -> Decision:
    """The plan for a ModelDeployment, and what to remember of it."""
    scene = Scene(md=md, seen=seen, now=now, status=md.status, memory=memory)
    for phase in PHASES:
        scene = phase(scene)
    return record(scene)


__all__ = ["NOTHING_REMEMBERED", "PHASES", "Decision", "Memory", "Seen", "WayBack", "decide"]
