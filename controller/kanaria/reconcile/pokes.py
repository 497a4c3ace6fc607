"""Which objects are to be visited when an object changed."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from kanaria.api import KINDS
from kanaria.api.resource import API_VERSION, GROUP
from kanaria.decide.ml_pipeline.upstream import all_before, named_before
from kanaria.reconcile.world import Objects
from kanaria.vocabulary import ObjectRef, label_safe, marks
from kanaria.vocabulary.objects import Manifest

SERVICE_LABEL = "serving.kserve.io/inferenceservice"
SERVICE = ("serving.kserve.io/v1beta1", "InferenceService")
FINISHED_RUN = {"Succeeded", "Failed", "Cancelled"}
_SAID_METADATA = {"labels", "annotations", "deletionTimestamp"}
_KINDS = {kind.model_fields["kind"].default for kind in KINDS}
_BY_LOWER = {kind.lower(): kind for kind in _KINDS}


def to_visit(old: Manifest | None, new: Manifest | None, objects: Objects) -> frozenset[ObjectRef]:
    """The objects that care: `old` is None for a new object, `new` for one that is gone."""
    changed = new or old or {}
    ref = ObjectRef.of(changed)
    said = _is_said_anew(old, new)
    found = set(_owners(changed, ref, objects))
    found.update(_appliers(old, objects, said=said), _appliers(new, objects, said=said))
    if ref.api_version == API_VERSION and ref.kind in _KINDS:
        found.add(ref)
        found.update(_neighbours(ref, changed, objects, said=said))
        if ref.kind == "ModelDeployment" and said and old is not None:
            # A new one is seen by those before it soon enough: at a restart all are new, and each would look at all.
            found.update(_leading_to(ref, objects))
        if ref.kind == "MLPipeline" and named_before(old) != named_before(new):
            found.update(_around(ref, old, objects), _around(ref, new, objects))
        if ref.kind == "MLPipelineRun" and (said or _phase(old) != _phase(new)):
            found.update(_lined_up(changed, ref, objects))
    return frozenset(found)


def _neighbours(ref: ObjectRef, changed: Manifest, objects: Objects, *, said: bool) -> Iterator[ObjectRef]:
    match ref.kind:
        case "MetricPolicy" if said:  # its status tells nobody anything
            yield from _judged_by(ref, objects)
        case "GitSync":
            yield from _written_by(ref, objects)
            yield from _depending_on(ref, objects)
            yield from _proposing_to(ref.namespace, None, objects)
        case "ModelDeployment":
            for namespace in {ref.namespace, *_next_namespaces(changed)}:
                yield from _syncs_of(namespace, objects)
            yield from _watching(changed, ref, objects)
            if said:
                yield from _proposing_to(ref.namespace, ref.name, objects)
        case "MLPipeline" if said:  # its annotation may cancel one
            yield from _unfinished(ref.name, ref.namespace, objects)
        case "MLPipelineRun":
            yield from _told_by(changed, ref.namespace, objects)


def _around(ref: ObjectRef, pipeline: Manifest | None, objects: Objects) -> Iterator[ObjectRef]:
    """The pipelines before one: any with which it closes a circle, or closed one, is among them."""

    def at(name: str) -> ObjectRef:
        return ObjectRef(API_VERSION, ref.kind, ref.namespace, name)

    for name in all_before(pipeline, lambda each: objects.get(at(each))):
        if objects.get(at(name)) is not None:
            yield at(name)


def _lined_up(run: Manifest, ref: ObjectRef, objects: Objects) -> Iterator[ObjectRef]:
    """The unfinished runs that a run's begin or end concerns: they are replaced, or their turn comes."""
    spec = run.get("spec") or {}
    if (spec.get("pipeline") or {}).get("concurrencyPolicy") in ("Queue", "Replace"):
        yield from _unfinished((spec.get("pipelineRef") or {}).get("name"), ref.namespace, objects)


def _unfinished(pipeline: str | None, namespace: str, objects: Objects) -> Iterator[ObjectRef]:
    for run in objects.list(API_VERSION, "MLPipelineRun", namespace):
        named = ((run.get("spec") or {}).get("pipelineRef") or {}).get("name")
        if named == pipeline and _phase(run) not in FINISHED_RUN:
            yield ObjectRef.of(run)


def _phase(run: Manifest | None) -> str | None:
    return None if run is None else (run.get("status") or {}).get("phase")


def _told_by(run: Manifest, namespace: str, objects: Objects) -> Iterator[ObjectRef]:
    """The syncs where a run proposes, and the pipelines that its success starts."""
    for other in sorted({proposal.get("namespace", "") for proposal in _proposals(run)}):
        yield from _syncs_of(other, objects)
    yield from _downstream(run, namespace, objects)


def _downstream(run: Manifest, namespace: str, objects: Objects) -> Iterator[ObjectRef]:
    """The pipelines that a run's success starts."""
    if _phase(run) == "Succeeded":
        upstream = ((run.get("spec") or {}).get("pipelineRef") or {}).get("name")
        yield from _triggered(lambda trigger: trigger.get("pipeline"), upstream, namespace, objects)


def _watching(deployment: Manifest, ref: ObjectRef, objects: Objects) -> Iterator[ObjectRef]:
    """The pipelines that run when the stable model gets worse."""
    if (deployment.get("status") or {}).get("watch"):
        yield from _triggered(_watched, ref.name, ref.namespace, objects)


def _watched(trigger: Manifest) -> Mapping[str, Any] | None:
    named: Mapping[str, Any] | None = (trigger.get("metric") or {}).get("modelDeployment")
    return named


def _triggered(
    named: Callable[[Manifest], Mapping[str, Any] | None], name: str | None, namespace: str, objects: Objects
) -> Iterator[ObjectRef]:
    """The pipelines with a trigger that names an object."""
    for body in objects.list(API_VERSION, "MLPipeline", namespace):
        triggers = (body.get("spec") or {}).get("triggers") or ()
        if any((named(trigger) or {}).get("name") == name for trigger in triggers):
            yield ObjectRef.of(body)


def _next_namespaces(body: Manifest) -> Iterator[str]:
    """Where a ModelDeployment's stable version is proposed."""
    own = str(body["metadata"].get("namespace") or "")
    for each in (body.get("spec") or {}).get("promote") or ():
        yield str((each.get("modelDeployment") or {}).get("namespace") or own)


def _leading_to(ref: ObjectRef, objects: Objects) -> Iterator[ObjectRef]:
    """The ModelDeployments that propose to this one."""
    for body in objects.list(API_VERSION, "ModelDeployment"):
        for each in (body.get("spec") or {}).get("promote") or ():
            target = each.get("modelDeployment") or {}
            namespace = target.get("namespace") or body["metadata"].get("namespace")
            if (namespace, target.get("name")) == (ref.namespace, ref.name):
                yield ObjectRef.of(body)


def _written_by(ref: ObjectRef, objects: Objects) -> Iterator[ObjectRef]:
    """The ModelDeployments whose trial may wait for what the sync commits and applies."""
    for body in objects.list(API_VERSION, "ModelDeployment", ref.namespace):
        if (body.get("status") or {}).get("trial") and ref.name in (_labels(body).get(marks.GIT_SYNC), _named(body)):
            yield ObjectRef.of(body)


def _named(deployment: Manifest) -> str | None:
    """The GitSync that commits to its file, where somebody else applies it."""
    name: str | None = (((deployment.get("spec") or {}).get("git") or {}).get("syncRef") or {}).get("name")
    return name


def _depending_on(ref: ObjectRef, objects: Objects) -> Iterator[ObjectRef]:
    """The GitSyncs that apply nothing new before this one is ready."""
    for body in objects.list(API_VERSION, "GitSync", ref.namespace):
        named = (body.get("spec") or {}).get("dependsOn") or ()
        if any(each.get("name") == ref.name for each in named):
            yield ObjectRef.of(body)


def _owners(changed: Manifest, ref: ObjectRef, objects: Objects) -> Iterator[ObjectRef]:
    """The owner that a child names, or that the InferenceService it was made for names."""
    for owner in changed["metadata"].get("ownerReferences") or ():
        if owner.get("apiVersion", "").startswith(f"{GROUP}/") and owner.get("kind") in _KINDS:
            yield ObjectRef(API_VERSION, owner["kind"], ref.namespace, owner["name"])
    labels = _labels(changed)
    if marks.OWNER in labels:
        yield from _labelled_owner(labels[marks.OWNER], ref.namespace, objects)
    if SERVICE_LABEL in labels and ref.kind != SERVICE[1]:
        service = objects.get(ObjectRef(*SERVICE, ref.namespace, labels[SERVICE_LABEL]))
        if service is not None:
            yield from _owners(service, ObjectRef.of(service), objects)


def _labelled_owner(label: str, namespace: str, objects: Objects) -> Iterator[ObjectRef]:
    kind, _, name = label.partition(".")
    if kind not in _BY_LOWER:
        return
    ref = ObjectRef(API_VERSION, _BY_LOWER[kind], namespace, name)
    if objects.get(ref) is not None:
        yield ref
        return
    # A long name is cut in the label: then it is only found among all.
    for manifest in objects.list(API_VERSION, ref.kind, namespace):
        if label_safe(f"{kind}.{manifest['metadata']['name']}") == label:
            yield ObjectRef.of(manifest)


def _appliers(manifest: Manifest | None, objects: Objects, *, said: bool) -> Iterator[ObjectRef]:
    """The GitSyncs that apply the object, wherever they are: a cluster-wide object does not tell their namespace.

    Its status alone concerns those that wait for its health.
    """
    label = None if manifest is None else _labels(manifest).get(marks.GIT_SYNC)
    if label:
        for sync in objects.list(API_VERSION, "GitSync"):
            cares = said or "health" in (sync.get("spec") or {})
            if cares and label in marks.git_sync_labels(ObjectRef.of(sync)):
                yield ObjectRef.of(sync)


def _is_said_anew(old: Manifest | None, new: Manifest | None) -> bool:
    """Whether something changed that Git could have said: not the status alone."""
    return old is None or new is None or _said(old) != _said(new)


def _said(manifest: Manifest) -> dict[str, Any]:
    metadata = {k: v for k, v in manifest["metadata"].items() if k in _SAID_METADATA}
    return {**{k: v for k, v in manifest.items() if k not in {"status", "metadata"}}, "metadata": metadata}


def _judged_by(ref: ObjectRef, objects: Objects) -> Iterator[ObjectRef]:
    """Whoever may name the policy: ModelDeployments, MLPipelines, and runs that are not over, of its namespace."""
    for kind in ("ModelDeployment", "MLPipeline"):
        yield from map(ObjectRef.of, objects.list(API_VERSION, kind, ref.namespace))
    for run in objects.list(API_VERSION, "MLPipelineRun", ref.namespace):
        if (run.get("status") or {}).get("phase") not in FINISHED_RUN:
            yield ObjectRef.of(run)


def _proposing_to(namespace: str, name: str | None, objects: Objects) -> Iterator[ObjectRef]:
    """The runs whose proposal the ModelDeployment, or for None any of the namespace, has not shown yet."""
    for run in objects.list(API_VERSION, "MLPipelineRun"):
        due = [p for p in _proposals(run) if p.get("state") in {"Due", "Landed"} and p.get("namespace") == namespace]
        if any(name in {None, proposal.get("modelDeployment")} for proposal in due):
            yield ObjectRef.of(run)


def _proposals(run: Manifest) -> Sequence[Mapping[str, Any]]:
    return (run.get("status") or {}).get("proposals") or ()


def _syncs_of(namespace: str, objects: Objects) -> Iterator[ObjectRef]:
    """The GitSyncs that may write back to objects of the namespace."""
    yield from map(ObjectRef.of, objects.list(API_VERSION, "GitSync", namespace))


def _labels(manifest: Manifest) -> Mapping[str, str]:
    return manifest["metadata"].get("labels") or {}
