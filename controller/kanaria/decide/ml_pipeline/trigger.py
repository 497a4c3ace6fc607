"""Which trigger is due, and at which commit of the code."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from kanaria.api.conditions import Reason
from kanaria.api.ml_pipeline import MLPipelineStatus, TriggerStatus
from kanaria.decide.ml_pipeline.hold import held
from kanaria.decide.ml_pipeline.replay import replay, replay_asked
from kanaria.decide.ml_pipeline.resume import asked, resumption
from kanaria.decide.ml_pipeline.scene import Due, Held, Scene, sooner
from kanaria.triggers.kind import Firing, Found, NotYet, TriggerUnion
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
    found = {each.name: _found(scene, each) for each in scene.pipeline.spec.triggers}
    until = scene.until
    for answer in found.values():
        until = sooner(until, None if isinstance(answer, Firing) else answer.until)
    scene = replace(scene, status=_with_holds(scene.status, found), until=until)
    scene = _of_the_past(scene)
    if scene.due is not None:
        return scene
    due = tuple(_due(scene, found))
    return _headed(replace(scene, due=_together(due)), wanted=bool(due))


def _of_the_past(scene: Scene) -> Scene:
    """A run that is resumed or repeated comes on its own: it runs other code than what is due beside it."""
    wishes = (
        (resumption(scene), {"last_handled_resume": asked(scene)}),
        (replay(scene), {"last_handled_replay": replay_asked(scene)}),
    )
    for answer, handled in wishes:
        if isinstance(answer, Due):
            return replace(scene, due=answer)
        if answer is not None:
            status = scene.status.model_copy(update=handled)
            scene = replace(scene, status=status, notices=(*scene.notices, answer))
    return scene


def _found(scene: Scene, each: TriggerUnion) -> Firing | NotYet | Held:
    entry = _entry(scene.status, each.name)
    answer = each.trigger.due(_looked(scene, entry, repeats=each.cooldown is not None), scene.now)
    return (held(each, entry, scene.now) or answer) if isinstance(answer, Firing) else answer


def _entry(status: MLPipelineStatus, name: str) -> TriggerStatus:
    return next(entry for entry in status.triggers if entry.name == name)


def _with_holds(status: MLPipelineStatus, found: Mapping[str, Firing | NotYet | Held]) -> MLPipelineStatus:
    said = {
        name: f"{answer.why} until {answer.until:%Y-%m-%d %H:%M:%S} UTC"
        for name, answer in found.items()
        if isinstance(answer, Held)
    }
    entries = (entry.model_copy(update={"held": said.get(entry.name, "")}) for entry in status.triggers)
    return status.model_copy(update={"triggers": tuple(entries)})


def _headed(scene: Scene, *, wanted: bool) -> Scene:
    """The scene with the newest commit of the code, asked for where it is wanted."""
    source, spec = scene.pipeline.spec.source, scene.pipeline.metadata
    if source is None or not wanted or any(isinstance(each, SourceHead) for each in scene.questions):
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
    scene = replace(scene, questions=(*scene.questions, question))
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


def _found_by_look(entry: TriggerStatus) -> Found | None:
    if not entry.digest or entry.digest_since is None:
        return None
    return Found(entry.digest, entry.digest_since, entry.score, entry.column, entry.reference)


def _due(scene: Scene, found: Mapping[str, Firing | NotYet | Held]) -> Iterator[Due]:
    request = scene.pipeline.metadata.annotations.get(marks.RUN_REQUEST, "")[:REQUEST_MAX]
    if request and request != scene.status.last_handled_run_request:
        reason = f"the annotation {marks.RUN_REQUEST} says {request!r}"
        yield Due(ON_DEMAND, reason, request=request, value=request)
    for name, answer in found.items():
        if isinstance(answer, Firing):
            answers = ((name, answer.acted_on),)
            link = answer.link or _code(scene, name)
            yield Due(name, answer.reason, answer.scheduled_at, value=answer.value, link=link, answers=answers)


def _code(scene: Scene, trigger: str) -> str:
    """The address of the code, for a trigger that looks at it."""
    source = scene.pipeline.spec.source
    looks = any(each.name == trigger and each.trigger.needs_source for each in scene.pipeline.spec.triggers)
    return source.git.url if source and looks else ""


def _together(due: tuple[Due, ...]) -> Due | None:
    if not due:
        return None
    times: list[datetime] = [each.scheduled_at for each in due if each.scheduled_at]
    request = next((each.request for each in due if each.request), None)
    answers = tuple(answer for each in due for answer in each.answers)
    return replace(due[0], scheduled_at=max(times, default=None), request=request, answers=answers)


def _looked(scene: Scene, entry: TriggerStatus, *, repeats: bool) -> Looked:
    return Looked(
        since=entry.since,
        acted_on=entry.acted_on,
        began=entry.runs[-1] if entry.runs else None,
        head=scene.head,
        revision=scene.status.revision,
        succeeded=scene.seen.succeeded,
        found=_found_by_look(entry),
        read={data.name: data.digest for run in (scene.newest,) if run for data in run.status.data},
        failing=scene.seen.failing,
        repeats=repeats,
    )
