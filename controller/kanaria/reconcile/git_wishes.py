"""Which edits the objects of a namespace wish for, as they stand in the caches."""

from collections.abc import Iterator, Sequence

from kanaria.api import MLPipelineRun, ModelDeployment
from kanaria.api.resource import API_VERSION
from kanaria.decide import unreadable
from kanaria.decide.ml_pipeline_run import wishes as of_runs
from kanaria.decide.model_deployment import passing_on
from kanaria.decide.model_deployment import wishes as of_deployments
from kanaria.reconcile.world import Objects
from kanaria.vocabulary import Edit
from kanaria.vocabulary.objects import Manifest


def edits_wished(namespace: str, objects: Objects) -> tuple[Edit, ...]:
    """What trials of the namespace's ModelDeployments, and runs that propose to them, want to have in Git.

    Only objects that may wish for something are parsed: most are at rest.
    """
    bodies = objects.list(API_VERSION, "ModelDeployment", namespace)
    tried = unreadable.readable(ModelDeployment, (body for body in bodies if (body.get("status") or {}).get("trial")))
    edits = [edit for deployment in tried for edit in of_deployments.edits_due(deployment)]
    edits += _passed_on(namespace, bodies, objects)
    runs = objects.list(API_VERSION, "MLPipelineRun")
    # Of several that want the same field the first is committed: the newest run's.
    due = sorted((body for body in runs if _proposes_to(body, namespace)), key=_age, reverse=True)
    if due:
        targets = {target.name: target for target in unreadable.readable(ModelDeployment, bodies)}
        for run in unreadable.readable(MLPipelineRun, due):
            edits += [edit for edit in of_runs.edits_due(run, targets) if edit.target.namespace == namespace]
    return tuple(edits)


def _passed_on(namespace: str, bodies: Sequence[Manifest], objects: Objects) -> Iterator[Edit]:
    """What the environments before those of the namespace propose to them, or take back."""
    before = [body for body in objects.list(API_VERSION, "ModelDeployment") if _leads_to(body, namespace)]
    if not before:
        return
    targets = {target.name: target for target in unreadable.readable(ModelDeployment, bodies)}
    for deployment in unreadable.readable(ModelDeployment, before):
        yield from passing_on.edits_due(deployment, targets)


def _leads_to(body: Manifest, namespace: str) -> bool:
    own = body["metadata"].get("namespace")
    targets = ((each.get("modelDeployment") or {}) for each in (body.get("spec") or {}).get("promote") or ())
    return any((target.get("namespace") or own) == namespace for target in targets)


def _age(run: Manifest) -> tuple[str, int]:
    return str(run["metadata"].get("creationTimestamp") or ""), int((run.get("spec") or {}).get("number") or 0)


def _proposes_to(run: Manifest, namespace: str) -> bool:
    proposals = (run.get("status") or {}).get("proposals") or ()
    return any(each.get("state") == "Due" and each.get("namespace") == namespace for each in proposals)
