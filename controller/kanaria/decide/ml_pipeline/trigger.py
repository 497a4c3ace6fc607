"""Which trigger is due, and at which commit of the code."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from kanaria.api.conditions import Reason
from kanaria.decide.ml_pipeline.scene import Due, Scene, sooner
from kanaria.triggers.kind import Firing
from kanaria.triggers.kind import Seen as Looked
from kanaria.vocabulary import Answered, SourceHead, Stall, Unanswered, Wait, marks
from kanaria.vocabulary.durations import duration_of

ON_DEMAND = "on-demand"
REQUEST_MAX = 256


def trigger(scene: Scene) -> Scene:
    """Find the first trigger that is due: on demand, then in the order of the spec.

    All that are due are answered by one run, whose cause names the first.
    """
    if scene.resting:
        return scene
    scene = _headed(scene, wanted=any(each.trigger.needs_source for each in scene.pipeline.spec.triggers))
    due = tuple(_due(scene))
    until = scene.until
    for each in scene.pipeline.spec.triggers:
        answer = each.trigger.due(_looked(scene), scene.now)
        until = sooner(until, None if isinstance(answer, Firing) else answer.until)
    return _headed(replace(scene, due=_together(due), until=until), wanted=bool(due))


def _headed(scene: Scene, *, wanted: bool) -> Scene:
    """The scene with the newest commit of the code, asked for where it is wanted."""
    source, spec = scene.pipeline.spec.source, scene.pipeline.metadata
    if source is None or not wanted or scene.questions:
        return scene
    git = source.git
    question = SourceHead(
        every=duration_of(git.interval),
        url=git.url,
        branch=git.ref.branch,
        path=git.path,
        namespace=spec.namespace,
        secret=git.secret_ref.name if git.secret_ref else None,
    )
    scene = replace(scene, questions=(question,))
    match scene.seen.answer(question):
        case Answered(value=""):
            message = (
                f"spec.source.git.path: no commit of branch {git.ref.branch!r} touches {git.path!r}; mend the path"
            )
            return replace(scene, outcome=Stall(Reason.PATH_NOT_FOUND, message))
        case Answered(value=head):
            return replace(scene, head=head)
        case Unanswered(message=message):
            return replace(
                scene, outcome=Wait(Reason.FETCH_FAILED, f"spec.source.git: {message}; it is tried again", retry=True)
            )
    if scene.status.conditions:  # a restart of the operator is no news
        return scene
    return replace(scene, outcome=Wait(Reason.PROGRESSING, "looking for the newest commit of the code"))


def _due(scene: Scene) -> Iterator[Due]:
    request = scene.pipeline.metadata.annotations.get(marks.RUN_REQUEST, "")[:REQUEST_MAX]
    if request and request != scene.status.last_handled_run_request:
        yield Due(ON_DEMAND, f"the annotation {marks.RUN_REQUEST} says {request!r}", request=request)
    for each in scene.pipeline.spec.triggers:
        answer = each.trigger.due(_looked(scene), scene.now)
        if isinstance(answer, Firing):
            yield Due(each.name, answer.reason, answer.scheduled_at)


def _together(due: tuple[Due, ...]) -> Due | None:
    if not due:
        return None
    times: list[datetime] = [each.scheduled_at for each in due if each.scheduled_at]
    request = next((each.request for each in due if each.request), None)
    return replace(due[0], scheduled_at=max(times, default=None), request=request)


def _looked(scene: Scene) -> Looked:
    status = scene.status
    return Looked(
        created_at=scene.pipeline.metadata.creation_timestamp or scene.now,
        last_scheduled_at=status.last_scheduled_at,
        head=scene.head,
        revision=status.revision,
    )
