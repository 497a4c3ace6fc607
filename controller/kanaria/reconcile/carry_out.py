"""How a plan's acts are done, in order, and what is remembered of it."""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kanaria.cluster.caches import Written
from kanaria.cluster.errors import ClusterError, ConflictError, ForbiddenError, InvalidError, NotFoundError
from kanaria.reconcile.workshops import Workshops, is_fault
from kanaria.vocabulary import (
    Act,
    Apply,
    CommitEdits,
    CommitResult,
    Delete,
    DryRun,
    EndTrackingRun,
    Failure,
    FailureKind,
    Hold,
    ObjectRef,
    Plan,
    SetAlias,
    TagModelVersion,
    WriteStatus,
    marks,
)
from kanaria.vocabulary.log_fields import about
from kanaria.vocabulary.objects import Manifest

log = logging.getLogger(__name__)
MESSAGE_MAX = 1024


@dataclass(frozen=True, slots=True)
class Carried:
    """What came of a plan: the act that stopped it, the objects that were written, the commit that was made."""

    failure: Failure | None = None
    written: tuple[Written, ...] = ()
    commit: CommitResult | None = None


class _CommitError(Exception):
    """The write-back ended with an error that the result tells."""


class _RefusedError(Exception):
    """One of the manifests of a dry run would not be taken."""

    def __init__(self, act: Apply, error: Exception) -> None:
        super().__init__(str(error))
        self.act = act
        self.error = error


async def carry_out(plan: Plan, owner: Manifest, workshops: Workshops, now: datetime) -> Carried:
    """Do the acts in order. The first that fails stops the plan, except a status write that is not required."""
    written: list[Written] = []
    commit: CommitResult | None = None
    unrecorded: Failure | None = None
    for act in plan.acts:
        try:
            came_of_it = await _do(act, owner, workshops)
        except Exception as error:
            failure = failure_of(act, error, now)
            ref = ObjectRef.of(owner)
            words = (ref, said(act), failure.message)
            log.warning("%s: %s failed: %s", *words, exc_info=is_fault(error), extra=about(ref, owner))
            if isinstance(act, WriteStatus) and not act.required:
                unrecorded = failure  # it holds nothing up, and is tried again like any other
                continue
            return Carried(failure, tuple(written), commit)
        if isinstance(came_of_it, Written):
            written.append(came_of_it)
        elif isinstance(came_of_it, CommitResult):
            commit = came_of_it
            if commit.error:
                return Carried(failure_of(act, _CommitError(commit.error), now), tuple(written), commit)
    return Carried(unrecorded, tuple(written), commit)


async def _do(act: Act, owner: Manifest, workshops: Workshops) -> Written | CommitResult | None:  # noqa: C901 - one for each act
    match act:
        case Apply():
            return Written.of(await _apply(act, workshops))
        case DryRun(applies):
            await _rehearse(applies, workshops)
        case WriteStatus(status):
            ref, uid = ObjectRef.of(owner), owner["metadata"].get("uid", "")
            return Written.of(await workshops.cluster.replace_status(ref, uid, status))
        case Delete(target, account, label):
            await workshops.cluster.delete(target, account=account, only_if_label=label)
        case Hold(held):
            return await _hold(owner, workshops, held=held)
        case CommitEdits():
            return await workshops.git.commit(act)
        case SetAlias():
            await workshops.tracking.set_alias(act)
        case TagModelVersion():
            await workshops.tracking.tag(act)
        case EndTrackingRun():
            await workshops.tracking.end(act)
    return None


async def _apply(act: Apply, workshops: Workshops, **options: Any) -> Manifest:
    """Where other managers may hold fields for good the server is asked who does, before anything is taken."""
    cluster = workshops.cluster
    if act.rivals is not None:
        try:
            return await cluster.apply(act.manifest, account=act.account, force=False, **options)
        except ConflictError as error:
            if not error.fields or any(act.rivals.keep(*each) for each in error.fields):
                raise
    return await cluster.apply(act.manifest, account=act.account, force=act.force, **options)


async def _hold(owner: Manifest, workshops: Workshops, *, held: bool) -> Written | None:
    """As the operator: what the team's account may do ends with the team's namespace, and the object must go then too.

    The object must be as it was seen: another finalizer that came meanwhile would be lost.
    """
    metadata = owner["metadata"]
    others = [each for each in metadata.get("finalizers") or () if each != marks.FINALIZER]
    wanted = [*others, marks.FINALIZER] if held else others
    change = {"metadata": {"resourceVersion": metadata["resourceVersion"], "finalizers": wanted}}
    stored = await workshops.cluster.merge(ObjectRef.of(owner), change)
    return Written.of(stored) if held else None  # let go, it may be gone


async def _rehearse(applies: tuple[Apply, ...], workshops: Workshops) -> None:
    for each in applies:
        try:
            await _apply(each, workshops, dry_run=True)
        except ClusterError as error:
            raise _RefusedError(each, error) from error


def failure_of(act: Act, error: Exception, now: datetime) -> Failure:
    """What a pass is told of an act that failed."""
    if isinstance(error, _RefusedError):
        act, error = error.act, error.error
    message = _without_values(act, str(error) or type(error).__name__)
    return Failure(act, _kind(error), message[:MESSAGE_MAX], now)


def _without_values(act: Act, message: str) -> str:
    """The message without what a Secret holds: the API server quotes values that it refuses."""
    if not isinstance(act, Apply) or act.manifest.get("kind") != "Secret":
        return message
    for value in sorted(_values(act.manifest, kept=("data", "stringData")), key=len, reverse=True):
        message = message.replace(value, "***")
    return message


def _values(manifest: Any, kept: tuple[str, ...] = ()) -> Iterator[str]:
    if isinstance(manifest, Mapping):
        for key, value in manifest.items():
            if not kept or key in kept:
                yield from _values(value)
    elif isinstance(manifest, list | tuple):
        for item in manifest:
            yield from _values(item)
    elif str(manifest):
        yield from str(manifest).splitlines()  # quoted, its lines stand apart


def _kind(error: Exception) -> FailureKind:
    match error:
        case ForbiddenError():
            return FailureKind.FORBIDDEN
        case ConflictError():
            return FailureKind.CONFLICT
        case InvalidError() | NotFoundError():
            # Not found are a namespace, or a kind that is not installed: time alone will not bring them.
            return FailureKind.INVALID
        case _:
            return FailureKind.UNREACHABLE


def same_aim(one: Act, other: Act) -> bool:
    """Whether two acts want to change the same thing: then the later one tries again what the earlier one failed at."""
    return type(one) is type(other) and aim(one) == aim(other)


def aim(act: Act) -> object:  # noqa: PLR0911 - one for each act
    """What an act changes; a status is always the owner's own, and a rehearsal changes nothing."""
    match act:
        case Apply(manifest):
            return ObjectRef.of(manifest)
        case Delete(target):
            return target
        case CommitEdits():
            return (act.url, act.branch)
        case SetAlias():
            return (act.model, act.alias)
        case TagModelVersion():
            return (act.model, act.version, act.key)
        case EndTrackingRun():
            return act.run_id
        case WriteStatus() | DryRun() | Hold():
            return None


def said(act: Act) -> str:  # noqa: C901, PLR0911 - one for each act
    """An act in a few words, for the log."""
    match act:
        case Apply(manifest):
            return f"applying {ObjectRef.of(manifest)}"
        case DryRun(applies):
            return f"asking whether {len(applies)} objects would be taken"
        case Delete(target):
            return f"deleting {target}"
        case CommitEdits():
            return f"committing {len(act.edits)} edits to {act.branch}"
        case SetAlias():
            return f"pointing {act.alias} of {act.model} at version {act.version}"
        case TagModelVersion():
            return f"tagging version {act.version} of {act.model}"
        case EndTrackingRun():
            return f"ending MLflow run {act.run_id} as {act.ending}"
        case Hold(held):
            return "writing the finalizer" if held else "taking the finalizer away"
        case WriteStatus():
            return "writing the status"
