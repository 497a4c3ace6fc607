"""What the next plan of a GitSync is."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from kanaria.api import GitSync
from kanaria.api.conditions import Reason
from kanaria.decide import readiness
from kanaria.decide.git_sync.apply import apply, own
from kanaria.decide.git_sync.depend import depend
from kanaria.decide.git_sync.fetch import fetch, read
from kanaria.decide.git_sync.head import head_question
from kanaria.decide.git_sync.health import health
from kanaria.decide.git_sync.leave import hindrance, holding, is_leaving, leave
from kanaria.decide.git_sync.named import named
from kanaria.decide.git_sync.prune import prune
from kanaria.decide.git_sync.reach import reach
from kanaria.decide.git_sync.record import hindered, hindering, recorded
from kanaria.decide.git_sync.scene import Scene, Seen
from kanaria.decide.git_sync.substitute import substitute, variables_question
from kanaria.decide.git_sync.trust import trust, trust_question
from kanaria.decide.git_sync.write_back import tell, write_back
from kanaria.decide.git_sync.writer import cluster_question, write_alone
from kanaria.vocabulary import CommitEdits, Notice, Plan, Question, Stall, Wait, Watch, WriteStatus, marks

UNTIL_SYNCED = timedelta(seconds=1)
Phases = tuple[Callable[[Scene], Scene], ...]
PHASES: Phases = (substitute, fetch, trust, write_alone, read, reach, own, depend, apply, prune)
WITHOUT_APPLYING: Phases = (fetch, trust, write_alone, named)


def decide(sync: GitSync, seen: Seen, now: datetime) -> Plan:
    """Make the cluster as the head says, and the head as the trials ended."""
    if is_leaving(sync):
        return _leaving(sync, seen, now)
    if sync.spec.suspend:
        return _suspended(sync, now)
    scene = tell(Scene(sync, seen, now, sync.status, acts=holding(sync)))
    for phase in PHASES if sync.spec.applies else WITHOUT_APPLYING:
        if not scene.over:
            scene = phase(scene)
    # A record is not late because a file or an object of somebody else is at fault.
    scene = write_back(scene)
    return _plan(scene)


def questions(sync: GitSync, newest: str) -> tuple[Question, ...]:
    """What is to be asked: where the head is, whether it may be applied, what is put into it, and who writes."""
    others = (trust_question(sync, newest), variables_question(sync), cluster_question(sync))
    return (head_question(sync), *(each for each in others if each))


def watches(sync: GitSync, seen_kinds: tuple[tuple[str, str], ...]) -> tuple[Watch, ...]:
    """What must be at hand: the kinds that are asked for, and those that were applied before."""
    if not sync.spec.applies:
        return ()
    before = (tuple(kind.rsplit("/", 1)) for kind in sync.status.inventory.kinds)
    kinds = sorted({*seen_kinds, *((api_version, kind) for api_version, kind in before)})
    return tuple(Watch(api_version, kind, marks.GIT_SYNC) for api_version, kind in kinds)


def _plan(scene: Scene) -> Plan:
    seen = scene.seen
    plan = Plan(
        questions=questions(scene.sync, seen.newest),
        watches=watches(scene.sync, seen.tree.kinds),
        look_again=None if seen.synced or seen.refused else scene.now + UNTIL_SYNCED,
    )
    failure = hindering(scene)
    if scene.commits and not (failure and isinstance(failure.act, CommitEdits)):
        # Alone: the new head is applied right after it, and one status tells of both.
        return replace(plan, acts=scene.commits, look_again=scene.now)
    if not seen.synced and scene.status.conditions and not isinstance(scene.outcome, Stall):
        return replace(plan, acts=scene.commits, notices=scene.notices)
    if failure is None:
        looked = health(recorded(scene))
        if isinstance(looked.outcome, Wait) and looked.outcome.until and plan.look_again is None:
            plan = replace(plan, look_again=looked.outcome.until)
        written, notices = _status(looked)
        return replace(plan, acts=(*scene.acts, *written), notices=(*notices, *scene.notices))
    # Told before it is tried again: what fails stops the plan.
    written, notices = _status(health(hindered(scene, failure)))
    acts = (*written, *scene.acts, *scene.commits)
    return replace(plan, acts=acts, notices=(*notices, *scene.notices))


def _status(scene: Scene) -> tuple[tuple[WriteStatus, ...], tuple[Notice, ...]]:
    generation, before = scene.sync.metadata.generation, scene.sync.status.conditions
    after = readiness.conditions(before, scene.outcome, _ready(scene), generation, scene.now)
    after += (scene.health,) if scene.health else ()
    status = scene.status.model_copy(update={"conditions": after, "observed_generation": generation})
    return readiness.status_write(scene.sync, status), readiness.notices(before, after)


def _ready(scene: Scene) -> readiness.Ready:
    if scene.sync.spec.suspend:
        return readiness.Ready(Reason.SUSPENDED, "spec.suspend is true: nothing is applied and nothing written back")
    if not scene.sync.spec.applies:
        return readiness.Ready(Reason.SUCCEEDED, _only_written_back(scene))
    count = scene.status.inventory.count
    said = f"{scene.sync.spec.ref.name} at {scene.seen.commit[:12]} is applied: {count} objects"
    return readiness.Ready(Reason.SUCCEEDED, said)


def _only_written_back(scene: Scene) -> str:
    said = f"{scene.sync.spec.ref.name} at {scene.seen.commit[:12]} is read"
    return f"{said}; spec.apply is Disabled: {len(scene.seen.named)} objects are written back to"


def _suspended(sync: GitSync, now: datetime) -> Plan:
    written, notices = _status(Scene(sync, Seen(), now, sync.status))
    return Plan(acts=written, notices=notices)


def _leaving(sync: GitSync, seen: Seen, now: datetime) -> Plan:
    acts, outcome = leave(sync, seen), hindrance(sync, seen)
    until = None if seen.synced or seen.refused else now + UNTIL_SYNCED
    plan = Plan(acts=acts, watches=watches(sync, seen.tree.kinds), look_again=until)
    if outcome is None:
        return plan
    # Told before it is tried again: what fails stops the plan.
    written, notices = _status(Scene(sync, seen, now, sync.status, outcome=outcome))
    return replace(plan, acts=(*written, *acts), notices=notices)
