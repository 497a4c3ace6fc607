"""What a history is, how it is drawn from a seed, played, and made as short as it still shows what broke."""

import asyncio
import gc
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from random import Random
from typing import Any

from simulation.happenings import ALL, PEOPLE, TROUBLES, Happening, heal
from simulation.laws import Laws
from simulation.people import ONE_STEP, ROUTING
from simulation.virtual_time import StandstillError, VirtualLoop
from simulation.world import Faultless, World

PAUSES = (0.0, 0.01, 0.4, 2.0, 7.0, 25.0, 60.0)
REST = 130.0
PATIENCE = 2400.0
SETTLED = 660.0


@dataclass(frozen=True, slots=True)
class Moment:
    """Something happens, some seconds after what happened before."""

    after: float
    what: str


@dataclass(frozen=True, slots=True)
class History:
    """All that is drawn from a seed."""

    seed: int
    moments: tuple[Moment, ...]
    several: bool = False
    own_route: bool = False
    pipeline: bool = False
    one_step: bool = False
    first: bool = False
    """Whether nothing is stable yet: the first version is a candidate."""
    goes_on: bool = False
    """Whether another candidate is tried at the end, and must be promoted."""

    def __str__(self) -> str:
        kinds = [name for name in ("several", "own_route", "pipeline", "one_step", "first") if getattr(self, name)]
        told = "; ".join(f"+{moment.after:g} s {moment.what}" for moment in self.moments)
        return f"seed {self.seed} ({', '.join(kinds) or 'plain'}): {told}"


def drawn(seed: int) -> History:
    """The history of a seed: a candidate is on its way in most, since little happens without one."""
    chance = Random(seed)  # noqa: S311 # a seed that is told
    pipeline = chance.random() < 0.15
    moments = [Moment(3.0, "a run is asked for" if pipeline else chance.choice(("8 is proposed", "9 is proposed")))]
    for _ in range(chance.randint(1, 6)):
        what = chance.choice(_NAMES)
        moments.append(Moment(chance.choice(PAUSES), what))
    return History(
        seed,
        tuple(moments),
        several=chance.random() < 0.08,
        own_route=chance.random() < 0.25,
        pipeline=pipeline,
        one_step=chance.random() < 0.4,
        first=chance.random() < 0.1,
        goes_on=chance.random() < 0.2,
    )


_NAMES = sorted(PEOPLE) + sorted(TROUBLES)


def played(history: History, happenings: Mapping[str, Happening] = ALL) -> list[str]:
    """Which laws it breaks."""
    listening = Faultless()
    root = logging.getLogger("kanaria")
    root.addHandler(listening)
    before, root.propagate = root.propagate, False
    try:
        with asyncio.Runner(loop_factory=VirtualLoop) as runner:
            broken: list[str] = runner.run(_played(history, happenings))
    except StandstillError:
        broken = ["nothing goes on any more: no timer is set"]
    finally:
        root.removeHandler(listening)
        root.propagate = before
    return broken + [f"a fault of our own: {each}" for each in listening.heard]


async def _played(history: History, happenings: Mapping[str, Happening]) -> list[str]:
    world = World(Random(history.seed + 1), several=history.several)  # noqa: S311 # likewise
    laws = Laws(world).watch()
    world.begin(pipeline=history.pipeline, **_spec(history))
    try:
        for moment in history.moments:
            await asyncio.sleep(moment.after)
            happenings[moment.what](world, laws)
        await asyncio.sleep(1.0)
        heal(world, laws)
        await _rest(world, laws)
        laws.at_rest()
        if history.goes_on and not laws.broken:
            await _goes_on(world, laws)
    finally:
        await world.end()
    return laws.broken


def _spec(history: History) -> dict[str, Any]:
    spec: dict[str, Any] = {"routing": ROUTING} if history.own_route else {}
    if history.one_step:
        spec["strategy"] = ONE_STEP
    if history.first:
        spec |= {"stable": None, "candidate": {"version": "7"}}
    return spec


async def _rest(world: World, laws: Laws) -> None:
    """Return once nothing is written any more; while a trial runs its evidence is."""
    began = world.moment
    while True:
        before = laws.written
        await asyncio.sleep(REST)
        if laws.written == before and not laws.trial_runs:
            return
        if laws.trial_runs and world.moment - began > SETTLED + REST:
            return
        if world.moment - began > PATIENCE:
            laws.says(f"quiet: it does not come to rest; {laws.written - before} writes in the last {REST:g} s")
            return


async def _goes_on(world: World, laws: Laws) -> None:
    """The spec is put right by a person; then the next candidate is tried, promoted by a commit, and served."""
    live = world.get("ModelDeployment")
    if live is None:
        return
    served = ((live.get("status") or {}).get("stable") or {}).get("version")
    stable = {"version": served} if served else None
    world.people.change(stable=stable, candidate=None, rejected=None, suspend=None, requireCanary=False)
    await asyncio.sleep(200)
    world.people.change(candidate={"version": "12"}, analysis={"policies": [{"name": "online"}], "warmup": "5s"})
    for _ in range(12):
        await asyncio.sleep(60)
        spec = (world.people.deployment or {}).get("spec", {})
        if spec.get("stable") == {"version": "12"} and any("-v12-" in n and w == 100 for n, w in _users(world)):
            return
    told = ((world.get("ModelDeployment") or {}).get("status") or {}).get("conditions")
    laws.says(f"it does not go on: 12 is not promoted; {told}")


def _users(world: World) -> list[tuple[str, int]]:
    return list(world.traffic.weights.items())


def shrunk(history: History, breaks: Callable[[History], bool]) -> History:
    """The shortest history that still breaks: what can be left out, or happen at once, is."""
    found = history
    while True:
        smaller = next((each for each in _smaller(found) if breaks(each)), None)
        if smaller is None:
            return found
        found = smaller


def _smaller(history: History) -> Sequence[History]:
    moments = history.moments
    without = [replace(history, moments=moments[:n] + moments[n + 1 :]) for n in range(len(moments))]
    plainer = [
        replace(history, **{name: False})
        for name in ("several", "own_route", "one_step", "pipeline", "first", "goes_on")
        if getattr(history, name)
    ]
    return [*without, *plainer]


def still_breaks(broken: Sequence[str], happenings: Mapping[str, Happening] = ALL) -> Callable[[History], bool]:
    """Whether a history breaks a law in the way that these did."""
    return partial(_breaks_alike, {_kind(each) for each in broken}, happenings)


def _breaks_alike(kinds: set[str], happenings: Mapping[str, Happening], history: History) -> bool:
    return bool(kinds & {_kind(each) for each in played(history, happenings)})


def _kind(told: str) -> str:
    return " ".join(told.split()[:2])


def tidy() -> None:
    """Between histories: what they leave behind is in circles."""
    gc.collect()
