"""Which run is made."""

from dataclasses import replace
from typing import Any

from kanaria.api.resource import API_VERSION
from kanaria.decide.ml_pipeline.replay import compared_with, repeated, replay_asked
from kanaria.decide.ml_pipeline.resume import taken_over
from kanaria.decide.ml_pipeline.scene import Due, Scene
from kanaria.vocabulary import Apply, marks
from kanaria.vocabulary.kinds import Part
from kanaria.vocabulary.objects import Manifest, content_hash, label_safe

QUEUE_MAX = 10
"""How many runs may line up; what is due beyond them waits for a place."""


def start(scene: Scene) -> Scene:
    """Make the run that is due, unless the concurrency policy has it wait."""
    due = scene.due
    lacks_code = scene.pipeline.spec.source is not None and scene.head is None
    if due is None or must_wait(scene) or (lacks_code and due.resumes is None and due.replays is None):
        return scene
    # As the operator itself: runs are Kanaria's own kind. Their Jobs are applied as the team's account.
    return replace(scene, acts=(*scene.acts, Apply(made(scene, due))))


def must_wait(scene: Scene) -> bool:
    """Whether no run may be made now. With Replace the new run cancels those before it, with Queue it waits itself."""
    match scene.pipeline.spec.concurrency_policy:
        case "Forbid":
            return scene.unfinished > 0
        case "Queue":
            return scene.unfinished > QUEUE_MAX
        case _:
            return False


def run_name(pipeline: str, uid: str, number: int) -> str:
    """The name of a pipeline's n-th run: the same whenever it is asked for."""
    return f"{label_safe(pipeline, 46)}-{number}-{content_hash([uid, number], 5)}"


def made(scene: Scene, due: Due) -> Manifest:
    """The run: the spec as it is now, and why it was made."""
    pipeline, number = scene.pipeline, scene.status.runs + 1
    metadata = pipeline.metadata
    return {
        "apiVersion": API_VERSION,
        "kind": "MLPipelineRun",
        "metadata": {
            "name": run_name(metadata.name, metadata.uid, number),
            "namespace": metadata.namespace,
            "labels": dict(marks.owned_by(pipeline.ref)),
            "ownerReferences": [dict(marks.owner_reference(pipeline.ref, metadata.uid))],
        },
        "spec": {
            "pipelineRef": {"name": metadata.name},
            "number": number,
            "cause": _cause(due),
            **_what(scene, due),
        },
    }


def _what(scene: Scene, due: Due) -> dict[str, Any]:
    """What is run: the pipeline and the code as they are now, or as they were in a run of the past."""
    past = due.resumes or due.replays
    spec = past.spec.pipeline if past else scene.pipeline.spec
    revision = past.spec.revision if past else scene.head
    replays = compared_with(due.replays, replay_asked(scene)) if due.replays else past and past.spec.replays
    return {
        **({"revision": revision} if revision else {}),
        **({"resumes": taken_over(due.resumes)} if due.resumes else {}),
        **({"replays": _plain(replays)} if replays else {}),
        "pipeline": _plain(repeated(spec) if due.replays else spec),
    }


def _plain(part: Part) -> dict[str, Any]:
    return part.model_dump(mode="json", by_alias=True, exclude_none=True)


def _cause(due: Due) -> dict[str, Any]:
    cause: dict[str, Any] = {"trigger": due.trigger, "reason": due.reason}
    cause |= {key: text for key, text in (("value", due.value), ("link", due.link)) if text}
    if due.answers:
        cause["answers"] = [{"name": name} | ({"actedOn": on} if on else {}) for name, on in due.answers]
    if due.scheduled_at:
        cause["scheduledAt"] = due.scheduled_at.isoformat().replace("+00:00", "Z")
    return cause | ({"request": due.request} if due.request else {})
