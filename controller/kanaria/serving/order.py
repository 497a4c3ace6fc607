"""What is the next safe change towards the wanted arrangement?

KServe removes what has left the spec before it updates the route, sends traffic to a promoted predictor before it
scales it, and gives a canary traffic as soon as one server of it is available. So:

* a predictor is removed or renamed only once the route sends it nothing, and some time after;
* a weight rises only when enough servers for it are available; servers are raised first, the weight next;
* a change of the main predictor is: beside it at 0 %, as many servers as the main one, 100 %, seen in the route,
  and only then the swap of names, which restarts nothing;
* the candidate is the first beside the main predictor: gateways count by the place in the route.

Each call gives the next arrangement, or the live one where something must happen first. Lowering never waits.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from kanaria.serving.arrangement import Arrangement, Predictor, Spec, least_replicas
from kanaria.serving.kserve import Serving

DRAIN = timedelta(seconds=30)
"""How long a predictor is kept after the route stopped sending to it: requests on their way are answered."""


@dataclass(frozen=True, slots=True)
class Goal:
    """What is wanted: the main predictor, the candidate at its weight, and what is kept loaded without traffic."""

    main: Predictor
    candidate: Predictor | None = None
    warm: frozenset[str] = frozenset()
    scaling: Spec = field(default_factory=dict)

    def keeps(self, name: str) -> bool:
        """Whether the predictor has a place in what is wanted."""
        return (
            name == self.main.name or name in self.warm or (self.candidate is not None and name == self.candidate.name)
        )


def next_arrangement(goal: Goal, seen: Serving, drained: frozenset[str] = frozenset()) -> Arrangement:
    """The arrangement to ask for now; `drained` are predictors without traffic for long enough to go."""
    live = seen.arrangement
    if live is None or seen.room == 0:
        return Arrangement(goal.main, (), goal.scaling)
    if seen.room == 1:
        return _one_beside(live, _next(live, goal, seen, drained), seen)
    return _next(live, goal, seen, drained)


def _next(live: Arrangement, goal: Goal, seen: Serving, drained: frozenset[str]) -> Arrangement:
    if live.main.name == goal.main.name:
        return Arrangement(goal.main, _beside(live, goal, seen, drained), goal.scaling)
    return _change_over(live, goal, seen, drained)


def _one_beside(live: Arrangement, wanted: Arrangement, seen: Serving) -> Arrangement:
    """The same where only one may stand beside the main predictor, and does so without traffic until another comes."""
    if wanted.main.name != live.main.name or not live.others:
        return Arrangement(wanted.main, wanted.others[:1] if wanted.main.name == live.main.name else (), wanted.scaling)
    there = live.others[0]
    coming = next((other for other in wanted.others if live.find(other.name) is None), None)
    if coming is not None and not there.weight and seen.routes(there.name, 0):
        return Arrangement(wanted.main, (coming,), wanted.scaling)
    kept = wanted.find(there.name) if coming is None else None
    return Arrangement(wanted.main, (kept or there.at(0),), wanted.scaling)


def _beside(live: Arrangement, goal: Goal, seen: Serving, drained: frozenset[str]) -> tuple[Predictor, ...]:
    """The others: the candidate on its way to its weight, what is kept warm, and what is still being drained."""
    wanted = goal.candidate
    known = live.find(wanted.name) if wanted is not None else None
    rest = [
        other.at(0)
        for other in live.others
        if other is not known and (other.weight or other.name in goal.warm or other.name not in drained)
    ]
    if wanted is None:
        return tuple(rest)
    if known is not None:
        return (_towards(known, wanted, seen), *rest)
    return (wanted.at(0), *rest) if seen.ready(live.main.name) else tuple(rest)


def _towards(live: Predictor, wanted: Predictor, seen: Serving) -> Predictor:
    """Down at once; up once there are servers for it, which are never taken away while there is traffic."""
    replicas = max(live.replicas, wanted.replicas)
    if wanted.weight <= live.weight:
        return replace(live, spec=wanted.spec, weight=wanted.weight, replicas=replicas)
    enough = live.replicas >= wanted.replicas and seen.ready(live.name, wanted.replicas)
    return replace(live, spec=wanted.spec, weight=wanted.weight if enough else live.weight, replicas=replicas)


def _change_over(live: Arrangement, goal: Goal, seen: Serving, drained: frozenset[str]) -> Arrangement:
    """One step of making another predictor the main one."""
    coming = live.find(goal.main.name)
    rest = tuple(
        other.at(0)
        for other in live.others
        if other.name != goal.main.name and (other.weight or goal.keeps(other.name) or other.name not in drained)
    )
    needed = goal.main.replicas
    if coming is None:
        return Arrangement(live.main, (goal.main.at(0), *rest), live.scaling)
    ready = coming.replicas >= needed and seen.ready(coming.name, needed)
    alone = not seen.of(live.main.name).available
    if ready and (alone or (coming.weight == 100 and seen.routes(coming.name, 100))):
        leaving = replace(live.main, replicas=max(needed, live.main.replicas), weight=0)
        return Arrangement(goal.main, (leaving, *rest), goal.scaling)
    coming = replace(coming, spec=goal.main.spec, replicas=max(coming.replicas, needed))
    return Arrangement(live.main, (coming.at(100 if ready else coming.weight), *rest), live.scaling)


def candidate_replicas(weight: int, main_servers: int) -> int:
    """How many servers a share of the requests needs: at least one, so that a candidate is up before its traffic."""
    return max(1, math.ceil(weight * main_servers / 100))


def main_servers(scaling: Spec, seen: Serving) -> int:
    """How many servers carry all of the traffic now: the user's least, or what an autoscaler has made of it."""
    least = least_replicas(scaling)
    most = int(scaling.get("maxReplicas") or least)
    live = seen.arrangement
    if live is None or most <= least or seen.room == 1:
        return least  # Knative scales each revision by itself, as its requests come in
    running = seen.of(live.main.name)
    return max(least, min(most, running.available if running.settled else least))


def drain(known: Mapping[str, datetime], seen: Serving, now: datetime) -> dict[str, datetime]:
    """Since when each predictor beside the main one is without traffic, in the spec and in the route."""
    idle: dict[str, datetime] = {}
    sent_to = seen.arrangement.sent_to if seen.arrangement else ""  # testers' requests are traffic as well
    for other in seen.arrangement.others if seen.arrangement else ():
        if other.name != sent_to and not other.weight and seen.routes(other.name, 0):
            idle[other.name] = known.get(other.name, now)
    return idle
