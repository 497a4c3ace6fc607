"""Phase 6: what is written, and in which order?

A weight is recorded after it was given and before it is taken: so what is recorded is never more than what was
given, and less than that means that it was taken back. Taking back goes on when its record fails.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

from kanaria.api.conditions import ConditionType, Reason
from kanaria.api.model_deployment import PastStable, Serving, Trial, TrialPhase, WarmModel
from kanaria.api.resource import Condition
from kanaria.decide.covering import covers
from kanaria.decide.forbidden import remedy
from kanaria.decide.model_deployment import telling, usual
from kanaria.decide.model_deployment.landing import land
from kanaria.decide.model_deployment.preflight import unwanted
from kanaria.decide.model_deployment.scene import SETTLING, Decision, Memory, Scene
from kanaria.decide.model_deployment.serve import QUOTA
from kanaria.decide.model_deployment.stable import serving
from kanaria.decide.model_deployment.trials import REMEMBERED, forget
from kanaria.decide.model_deployment.warnings import warnings
from kanaria.decide.readiness import as_json, conditions, notices, status_write
from kanaria.judge.checkpoint import checkpoint
from kanaria.judge.split import document_of
from kanaria.judge.tally import written
from kanaria.serving.arrangement import stays_as_it_is
from kanaria.serving.kserve import Owner
from kanaria.serving.naming import HTTP_ROUTE
from kanaria.serving.way import Put, Step
from kanaria.vocabulary import (
    Account,
    Act,
    Apply,
    Delete,
    Failure,
    FailureKind,
    ObjectRef,
    Outcome,
    Plan,
    SetAlias,
    Stall,
    TagModelVersion,
    Wait,
    marks,
    tags,
)
from kanaria.vocabulary.durations import duration_of

CHECKPOINT_EVERY = timedelta(minutes=1)
VOLATILE = ("verdict", "evidence", "requests", "plan", "checkpoint", "split", "checkpoint_at")
"""What changes with every window: written with a transition, and at most once a minute."""


def record(scene: Scene) -> Decision:
    """The plan, and the memory."""
    scene = _warm(_served(scene))
    asked = _serving_acts(scene)
    scene = _failed_before(scene, asked)
    aliases = () if asked else _alias_acts(scene)
    scene = telling.told(land(scene))
    scene = scene.with_status(
        phase=telling.phase(scene),
        url=_url(scene),
        observed_generation=scene.md.metadata.generation,
        conditions=_conditions(scene),
    )
    if aliases and not _alias_failed(scene):
        scene = scene.with_status(aliased=_alias(scene))
    scene = _evidence(scene)
    if as_json(scene.status) != as_json(scene.md.status):
        scene = scene.with_status(usual=usual.written(scene))
    known = {notice.reason for notice in scene.notices}
    turned = notices(scene.md.status.conditions, scene.status.conditions)
    told = (*scene.notices, *(notice for notice in turned if notice.reason not in known))
    plan = Plan(
        acts=(*_in_order(scene, asked, aliases), *_beside(scene)),
        notices=told if scene.status != scene.md.status else (),
        questions=scene.questions,
        look_again=min((moment for moment in scene.look if moment > scene.now), default=None),
        watches=scene.watches,
    )
    return Decision(plan, scene.memory)


def _beside(scene: Scene) -> Iterator[Act]:
    """What measures and compares, and what of it is not needed any more."""
    yield from (_act(scene, ObjectRef.of(each)) for each in scene.gone)
    yield from (Apply(each, _account(scene)) for each in scene.jobs)


def _served(scene: Scene) -> Scene:
    """The stable model is recorded once it gets the requests; what was stable stays warm for a while."""
    main, live, before = scene.stable, scene.seen.serving, scene.status.stable
    if main is None or live.arrangement is None or live.arrangement.main.name != main.name:
        return scene
    servers = live.of(main.name)
    if not (servers.available and live.accepted and servers.routed):
        return scene
    if before is None or before.predictor_name != main.name or live_again(scene, before):
        now = Serving(
            model=main.model,
            version=main.version,
            predictor_name=main.name,
            uri=main.uri,
            run_id=main.run_id,
            since=scene.now,
            revision=_changed_by(scene, before),
        )
        scene = scene.with_status(stable=now)
        if before is not None and before.predictor_name != main.name:
            scene = _replaced(scene, before)
    trial = scene.trial
    if trial is not None and trial.phase is TrialPhase.PROMOTED and trial.predictor_name == main.name:
        scene = forget(scene).tells(Reason.PROMOTED, f"version {main.version} answers all requests")
    return scene


def _changed_by(scene: Scene, before: Serving | None) -> str:
    """The commit by which something else became stable; none of what is only brought up, as in a cluster made anew."""
    trial, main = scene.trial, scene.stable
    passed = trial is not None and main is not None and trial.predictor_name == main.name
    changed = passed or before is not None
    return scene.seen.way_back.revision[:64] if changed and scene.seen.way_back else ""


def live_again(scene: Scene, before: Serving) -> bool:
    """Whether what is recorded names the served model otherwise than the spec does."""
    main = scene.stable
    return main is not None and (before.model, before.version) != (main.model, main.version)


def _replaced(scene: Scene, before: Serving) -> Scene:
    """The previous stable model is remembered, and kept warm unless its promotion was reverted."""
    now, window = scene.status.stable, scene.md.spec.rollback_window
    past = PastStable(model=before.model, version=before.version, predictor_name=before.predictor_name)
    names = {past.predictor_name, now.predictor_name if now is not None else ""}
    was = (past, *(known for known in scene.status.was_stable if known.predictor_name not in names))[:REMEMBERED]
    reverted = scene.trial is not None and scene.trial.phase is TrialPhase.REVERTED
    until = scene.now + duration_of(window.keep_warm)
    gone = reverted or until <= scene.now or scene.seen.serving.room is not None
    warm = None if gone else WarmModel(**before.model_dump(), until=until)
    return scene.with_status(was_stable=was, warm=warm)


def _warm(scene: Scene) -> Scene:
    """What was kept warm goes after its time, and counts no more once it is gone or cannot stay as it is."""
    warm, live = scene.status.warm, scene.seen.serving.arrangement
    if warm is None:
        return scene
    found = live.find(warm.predictor_name) if live is not None else None
    if live is None or found is None or scene.now >= warm.until:
        return scene.with_status(warm=None)
    if scene.seen.way.lays_over and not stays_as_it_is(live.main.spec, found.spec):
        return scene.with_status(warm=None)
    return scene.looks(warm.until)


def _serving_acts(scene: Scene) -> tuple[Act, ...]:
    """What is written of the serving objects: nothing where the live ones say it already."""
    way, live = scene.seen.way, scene.seen.live
    if scene.hands_off:
        return ()
    if scene.arrangement is not None:
        steps = way.steps(Owner(scene.md.ref, scene.md.metadata.uid), scene.arrangement, live)
    else:
        steps = way.removal(live) if _serves_nothing(scene) else ()
    return (*(_act(scene, step) for step in steps if not _stands(step)), *_preflight_acts(scene))


def _preflight_acts(scene: Scene) -> Iterator[Act]:
    """The Job that asks the candidate, where it is not there yet; those of other trials go."""
    wanted = scene.job["metadata"]["name"] if scene.job is not None else ""
    for job in unwanted(scene):
        yield _act(scene, ObjectRef.of(job))
    if scene.job is not None and wanted not in scene.seen.jobs:
        yield Apply(scene.job, _account(scene))


def _stands(step: Step) -> bool:
    """Whether the live object is already as it should be."""
    return isinstance(step, Put) and step.live is not None and step.in_order and covers(step.live, step.expected)


def _act(scene: Scene, step: Step) -> Act:
    if isinstance(step, Put):
        return Apply(step.manifest, _account(scene))
    (label,) = marks.owned_by(scene.md.ref).items()
    return Delete(step, _account(scene), label)


def _serves_nothing(scene: Scene) -> bool:
    """Whether Git names nothing to serve, and nothing that Git named before serves."""
    spec, trial = scene.md.spec, scene.trial
    if scene.seen.invalid or scene.leaving or spec.stable is not None or serving(scene) is not None:
        return False
    return spec.candidate is None or (trial is not None and trial.phase in SETTLING)


def _account(scene: Scene) -> Account:
    return Account(scene.md.metadata.namespace, scene.md.spec.service_account_name)


def _failed_before(scene: Scene, asked: tuple[Act, ...]) -> Scene:
    """What the API server refused last time is told, and no weight is recorded that was not given."""
    failure = _refused_before(scene)
    if failure is None or not asked:
        return scene
    before, trial = scene.md.status.trial, scene.active
    if trial is not None and not _lowers(scene):
        scene = scene.with_status(trial=before if before is not None and before.id == trial.id else None)
    return scene.says(_refusal(scene, failure))


def _refused_before(scene: Scene) -> Failure | None:
    """What the API server refused of the serving objects last time."""
    failure = scene.seen.failure
    if failure is None or not isinstance(failure.act, Apply | Delete):
        return None
    ref = _refused_object(failure, scene)
    mine = scene.job is not None and ref.name == scene.job["metadata"]["name"]
    return failure if ref.kind != "Job" or mine else None  # what measures is told by its metric


def _refusal(scene: Scene, failure: Failure) -> Outcome:
    ref = _refused_object(failure, scene)
    what, message = f"{ref.kind} {ref.name}", failure.message
    if failure.kind is FailureKind.UNREACHABLE:
        return Wait(Reason.PROGRESSING_WITH_RETRY, f"{what}: {message}; tried again", retry=True)
    if QUOTA in message:
        return Wait(Reason.INSUFFICIENT_QUOTA, f"{what} waits for room in the namespace's quota: {message}")
    if failure.kind is FailureKind.FORBIDDEN:
        account = _account(scene)
        fact = f"ServiceAccount {account.namespace}/{account.name} may not write {what}: {message}"
        return Stall(Reason.FORBIDDEN, f"{fact}; {remedy(message, account)}")
    if (ref.api_version, ref.kind) == HTTP_ROUTE:
        mended = "correct spec.routing, or install the Gateway API where there is none"
        return Stall(Reason.NO_TRAFFIC_ROUTER, f"the API server refuses {what}: {message}; {mended}")
    place = "preflight" if ref.kind == "Job" else "predictor"
    return Stall(Reason.INVALID_SPEC, f"the API server refuses {what}: {message}; correct spec.{place}")


def _refused_object(failure: Failure, scene: Scene) -> ObjectRef:
    match failure.act:
        case Apply(manifest):
            return ObjectRef.of(manifest)
        case Delete(target):
            return target
        case _:
            return scene.md.ref


def _alias_acts(scene: Scene) -> tuple[Act, ...]:
    stable = scene.status.stable
    if stable is None or scene.seen.invalid or scene.status.aliased == _alias(scene):
        return ()
    name, told = scene.md.name, {"kanaria.stable": str(scene.md.name)}
    told |= {tags.of_deployment(tags.PROMOTED, name): stable.revision} if stable.revision else {}
    return (
        SetAlias(stable.model, _alias_name(scene), stable.version),
        *(TagModelVersion(stable.model, stable.version, key, value) for key, value in told.items()),
    )


def _alias_name(scene: Scene) -> str:
    name = scene.md.name
    return scene.md.spec.model.alias or f"champion-{name.namespace}-{name.name}"


def _alias(scene: Scene) -> str:
    stable = scene.status.stable
    return f"{stable.model}@{_alias_name(scene)}={stable.version}" if stable is not None else ""


def _alias_failed(scene: Scene) -> bool:
    failure = scene.seen.failure
    return failure is not None and isinstance(failure.act, SetAlias | TagModelVersion)


def _url(scene: Scene) -> str | None:
    name, live = scene.md.name, scene.seen.serving
    if live.arrangement is None:
        return None
    if scene.seen.serving_url:
        return f"{scene.seen.serving_url.rstrip('/')}/serving/{name.namespace}/{name.name}"
    return live.url or scene.status.url


def _conditions(scene: Scene) -> tuple[Condition, ...]:
    before, ready, generation = scene.md.status.conditions, telling.ready(scene), scene.md.metadata.generation
    told = (*conditions(before, scene.outcome, ready, generation, scene.now), *warnings(scene))
    failure = scene.seen.failure
    if failure is None or not _alias_failed(scene) or not scene.free:
        return told
    fact = f"the alias {_alias_name(scene)} could not be set: {failure.message}"
    retry = Wait(Reason.PROGRESSING_WITH_RETRY, f"{fact}; tried again, serving is not touched by it", retry=True)
    others = tuple(known for known in before if known.type != ConditionType.READY)
    return conditions((*told, *others), retry, ready, generation, scene.now)


def _evidence(scene: Scene) -> Scene:
    """The judge's evidence is written with a transition, else at most once a minute."""
    trial, before = scene.trial, scene.md.status.trial
    if trial is None or trial.id != scene.memory.trial or not _judging(scene.memory):
        return scene
    fresh = _with_evidence(scene, trial)
    known = before if before is not None and before.id == trial.id else None
    if known is None or (known.checkpoint, known.split) == (fresh.checkpoint, fresh.split):
        return scene if known is not None and _steady(trial, known) else scene.with_status(trial=fresh)
    due = (known.checkpoint_at or known.started_at) + CHECKPOINT_EVERY
    steady = scene.status.model_copy(update={"trial": _steadied(trial, known)})
    if as_json(steady) == as_json(scene.md.status) and scene.now < due:
        return scene.but(status=steady).looks(due)
    return scene.with_status(trial=fresh)


def _judging(memory: Memory) -> bool:
    return bool(memory.evidence or memory.tallies)


def _with_evidence(scene: Scene, trial: Trial) -> Trial:
    judged = scene.judged
    changes: dict[str, Any] = {
        "checkpoint": {key: checkpoint(kept) for key, kept in scene.memory.evidence.items() if kept.windows}
        | {key: written(tally) for key, tally in scene.memory.tallies.items() if tally.since},
        "split": document_of(scene.memory.split) if scene.memory.split is not None else trial.split,
        "checkpoint_at": scene.now,
    }
    if judged is not None:
        changes |= {"verdict": judged.verdict, "requests": judged.requests}
        if trial.phase in {TrialPhase.LOADING, TrialPhase.STEPPING, TrialPhase.PAUSED}:
            changes["evidence"] = judged.sentence[:2048]
    return trial.model_copy(update=changes)


def _steadied(trial: Trial, known: Trial) -> Trial:
    kept = VOLATILE if known.plan is not None else tuple(name for name in VOLATILE if name != "plan")  # its first: now
    return trial.model_copy(update={name: getattr(known, name) for name in kept})


def _steady(trial: Trial, known: Trial) -> bool:
    return _steadied(trial, known) == known


def _lowers(scene: Scene) -> bool:
    """Whether traffic is taken from anything beside the main predictor, or a trial ends."""
    live, before, trial = scene.seen.serving.arrangement, scene.md.status.trial, scene.trial
    if before is not None and (trial is None or trial.weight < before.weight or trial.phase in SETTLING):
        return True
    wanted = scene.arrangement
    others = live.others if live is not None else ()
    return wanted is not None and any(wanted.weight_of(other.name) < other.weight for other in others)


def _in_order(scene: Scene, asked: tuple[Act, ...], aliases: tuple[Act, ...]) -> tuple[Act, ...]:
    status = status_write(scene.md, scene.status, required=True)
    if (asked and (_lowers(scene) or _refused_before(scene))) or (aliases and _alias_failed(scene)):
        return (*(replace(act, required=False) for act in status), *asked, *aliases)
    return (*asked, *aliases, *status)
