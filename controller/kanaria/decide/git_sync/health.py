"""Whether what was applied works: waited for, for a while, and told as the condition Healthy."""

from dataclasses import replace
from datetime import datetime

from kanaria.api.conditions import ConditionType, Reason
from kanaria.api.resource import Condition
from kanaria.decide.git_sync.kstatus import Unhealthy
from kanaria.decide.git_sync.scene import Scene
from kanaria.vocabulary import Apply, Go, ObjectRef, Stall, Wait
from kanaria.vocabulary.durations import duration_of

_MOST = 3


def health(scene: Scene) -> Scene:
    """Look at a commit that is applied; what is in the way of applying one is told first."""
    asked, before = scene.sync.spec.health, _before(scene)
    if asked is None:
        return scene
    if scene.over or isinstance(scene.outcome, Stall):
        return replace(scene, health=before)
    since = _since(scene, before)
    until = since + duration_of(asked.timeout)
    found = sorted(scene.seen.unhealthy.items())
    failed = [each for each in found if each[1].failed]
    if failed or (found and scene.now >= until):
        late = "" if failed else f" after {asked.timeout}"
        sentence = f"{scene.seen.commit[:12]} is applied, and not healthy{late}: {_told(failed or found)}"
        return _with(scene, before, Stall(Reason.HEALTH_CHECK_FAILED, sentence))
    if found or _is_applied_now(scene):
        # The number would change with each object, and each change is a write.
        what = f"{found[0][0]}" + (" and others" if len(found) > 1 else "") if found else "its objects"
        sentence = f"{scene.seen.commit[:12]} is applied; waiting for {what} to be healthy"
        return _with(scene, before, Wait(Reason.PROGRESSING, sentence, until))
    return _with(scene, before, Go())


def _is_applied_now(scene: Scene) -> bool:
    """Whether the objects were not looked at since they were applied."""
    is_new = scene.sync.status.last_applied_revision != scene.revision
    return is_new and any(isinstance(act, Apply) for act in scene.acts)


def _before(scene: Scene) -> Condition | None:
    return next((c for c in scene.sync.status.conditions if c.type == ConditionType.HEALTHY), None)


def _since(scene: Scene, before: Condition | None) -> datetime:
    """From when on the objects have had time: their commit, or when they were healthy last."""
    applied = scene.status.last_applied_at or scene.now
    if before is None or before.status == "True":
        return scene.now
    if before.status == "False":
        # Late once is late, until they are healthy or there is something new to wait for.
        return applied
    return max(applied, before.last_transition_time)


def _with(scene: Scene, before: Condition | None, found: Go | Wait | Stall) -> Scene:
    match found:
        case Stall(reason, message):
            status = "False"
        case Wait(reason, message):
            status = "Unknown"
        case _:
            status, reason, message = "True", Reason.SUCCEEDED, "all that is applied is healthy"
    told = Condition.model_validate(
        {
            "type": ConditionType.HEALTHY,
            "status": status,
            "reason": reason,
            "message": message[:2048],
            "observedGeneration": scene.sync.metadata.generation,
            "lastTransitionTime": before.last_transition_time if before and before.status == status else scene.now,
        }
    )
    outcome = found if isinstance(scene.outcome, Go) else scene.outcome
    return replace(scene, health=told, outcome=outcome)


def _told(found: list[tuple[ObjectRef, Unhealthy]]) -> str:
    more = f"; and {len(found) - _MOST} more" if len(found) > _MOST else ""
    return "; ".join(f"{ref}: {each.message}" for ref, each in found[:_MOST]) + more
