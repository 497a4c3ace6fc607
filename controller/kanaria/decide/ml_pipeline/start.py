"""Which run is made."""

from dataclasses import replace
from typing import Any

from kanaria.api.resource import API_VERSION
from kanaria.decide.ml_pipeline.scene import Due, Scene
from kanaria.vocabulary import Apply, marks
from kanaria.vocabulary.objects import Manifest, content_hash, label_safe


def start(scene: Scene) -> Scene:
    """Make the run that is due, unless one is under way: then it waits for its end."""
    due = scene.due
    if due is None or _is_forbidden(scene) or (scene.pipeline.spec.source and scene.head is None):
        return scene
    # As the operator itself: runs are Kanaria's own kind. Their Jobs are applied as the team's account.
    return replace(scene, acts=(*scene.acts, Apply(made(scene, due))))


def _is_forbidden(scene: Scene) -> bool:
    return scene.active is not None and scene.pipeline.spec.concurrency_policy == "Forbid"


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
            **({"revision": scene.head} if scene.head else {}),
            "pipeline": pipeline.spec.model_dump(mode="json", by_alias=True, exclude_none=True),
        },
    }


def _cause(due: Due) -> dict[str, Any]:
    cause: dict[str, Any] = {"trigger": due.trigger, "reason": due.reason}
    cause |= {key: text for key, text in (("value", due.value), ("link", due.link)) if text}
    if due.answers:
        cause["answers"] = [{"name": name} | ({"actedOn": on} if on else {}) for name, on in due.answers]
    if due.scheduled_at:
        cause["scheduledAt"] = due.scheduled_at.isoformat().replace("+00:00", "Z")
    return cause | ({"request": due.request} if due.request else {})
