"""What one visit to an object does: see, decide, carry out, remember."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from kanaria.api.conditions import ConditionType, Reason
from kanaria.cluster.caches import Caches, Written
from kanaria.reconcile.asking import Asking
from kanaria.reconcile.carry_out import Carried, carry_out, said, same_aim
from kanaria.reconcile.kinds import PlanFor
from kanaria.reconcile.visits import Ending, Visited
from kanaria.reconcile.workshops import Workshops
from kanaria.reconcile.world import World
from kanaria.vocabulary import CommitResult, Failure, GitHead, Notice, ObjectRef, Plan, WriteStatus
from kanaria.vocabulary.log_fields import about
from kanaria.vocabulary.objects import Manifest

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Memory:
    """What is remembered between two visits; all of it can be lost without harm."""

    failures: dict[ObjectRef, Failure] = field(default_factory=dict)
    commits: dict[ObjectRef, CommitResult] = field(default_factory=dict)
    written: dict[ObjectRef, tuple[Written, ...]] = field(default_factory=dict)

    def forget(self, ref: ObjectRef) -> None:
        """The object is gone."""
        for known in (self.failures, self.commits, self.written):
            known.pop(ref, None)


@dataclass(frozen=True, slots=True)
class Visitor:
    """Visits objects one at a time; `tell` posts an Event about an object of that UID."""

    passes: Mapping[str, PlanFor]
    caches: Caches
    asking: Asking
    workshops: Workshops
    world: World
    memory: Memory
    tell: Callable[[ObjectRef, str, Notice], None]

    async def visit(self, ref: ObjectRef) -> Visited:
        """Bring the object one step nearer to what Git asks for."""
        # A pass that did not see its own last writes would do them again.
        await self.caches.caught_up(self.memory.written.pop(ref, ()))
        if ref.kind not in self.passes:
            return self._forget(ref)
        owner = self.caches.get(ref)
        try:
            # A pass is told of an object that is gone too: it may remember something of it.
            plan = self.passes[ref.kind](ref.object_name, self.world)
        except Exception as error:
            log.exception("the pass of %s broke", ref, extra=about(ref, owner))
            return await self._confess(ref, owner, error)
        if plan is None or owner is None:
            return self._forget(ref)
        return await self._carry_out(ref, owner, plan)

    async def _carry_out(self, ref: ObjectRef, owner: Manifest, plan: Plan) -> Visited:
        self.asking.want(ref, plan.questions)
        self.caches.want(ref, plan.watches)
        if plan.acts:
            log.info("%s: %s", ref, "; ".join(said(act) for act in plan.acts), extra=about(ref, owner))
        carried = await carry_out(plan, owner, self.workshops, self.world.now())
        self._remember(ref, carried)
        # Notices speak of changes of the status: they are due once it is written, whatever failed after it.
        if carried.failure is None or any(written.ref == ref for written in carried.written):
            for notice in plan.notices:
                self.tell(ref, owner["metadata"].get("uid", ""), notice)
        return self._settle(ref, plan, carried.failure)

    def _remember(self, ref: ObjectRef, carried: Carried) -> None:
        if carried.written:
            self.memory.written[ref] = carried.written
        if carried.commit is None:
            return
        self.memory.commits[ref] = carried.commit
        # What was pushed is applied at once, not at the next look at the remote.
        heads = {question for question in self.asking.wanted_by(ref) if isinstance(question, GitHead)}
        self.asking.hurry(heads.__contains__)

    def _settle(self, ref: ObjectRef, plan: Plan, failure: Failure | None) -> Visited:
        before = self.memory.failures.pop(ref, None)
        if failure is not None:
            again = before is not None and same_aim(before.act, failure.act)
            self.memory.failures[ref] = replace(failure, times=before.times + 1) if again and before else failure
            return Visited(Ending.FAILED, plan.look_again)
        if before is None:
            return Visited(Ending.DONE, plan.look_again)
        if any(same_aim(before.act, act) for act in plan.acts):
            # It works again: the next visit says so.
            return Visited(Ending.DONE, self.world.now())
        # The plan only told of the failure: what failed is tried again later.
        return Visited(Ending.FAILED, plan.look_again)

    def _forget(self, ref: ObjectRef) -> Visited:
        self.memory.forget(ref)
        self.asking.want(ref, ())
        self.caches.want(ref, ())
        return Visited()

    async def _confess(self, ref: ObjectRef, owner: Manifest | None, error: Exception) -> Visited:
        """Say on the object that its pass is broken; what serves keeps serving."""
        if owner is None:
            return Visited(Ending.BROKEN)
        message = f"Kanaria failed with {type(error).__name__}; its log has the traceback: please report it"
        status = _with_internal_error(owner, message, self.world.now().strftime("%Y-%m-%dT%H:%M:%SZ"))
        if status is not None:
            plan = Plan(acts=(WriteStatus(status),))
            self._remember(ref, await carry_out(plan, owner, self.workshops, self.world.now()))
        return Visited(Ending.BROKEN)


def _with_internal_error(owner: Manifest, message: str, now: str) -> dict[str, Any] | None:
    """The status with Ready=False for a fault of our own; None where it says so already."""
    status = owner.get("status") or {}
    conditions = status.get("conditions") or []
    ready: Mapping[str, Any] = next((c for c in conditions if c["type"] == ConditionType.READY), {})
    if (ready.get("reason"), ready.get("message")) == (Reason.INTERNAL_ERROR, message):
        return None
    told = {
        "type": ConditionType.READY.value,
        "status": "False",
        "reason": Reason.INTERNAL_ERROR.value,
        "message": message,
        "observedGeneration": owner["metadata"].get("generation", 0),
        "lastTransitionTime": ready["lastTransitionTime"] if ready.get("status") == "False" else now,
    }
    return {**status, "conditions": [told, *(c for c in conditions if c["type"] != ConditionType.READY)]}
