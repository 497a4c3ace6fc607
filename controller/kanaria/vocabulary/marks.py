"""Which labels and annotations Kanaria puts on objects, or reads from them."""

from collections.abc import Mapping
from typing import Any

from kanaria.vocabulary.objects import ObjectRef, label_safe

FINALIZER = "kanaria.dev/git-sync"
"""Finalizer of a GitSync whose objects go with it."""
OWNER = "kanaria.dev/owner"
"""Label of everything Kanaria makes: the kind and name of the object it was made for."""
GIT_SYNC = "kanaria.dev/git-sync"
"""Label of everything a GitSync applied: its name; with its namespace before it on cluster-wide objects."""
PRUNE = "kanaria.dev/prune"
"""Annotation of what a GitSync applied: `disabled` keeps the object when its manifest leaves the repository."""
STEP = "kanaria.dev/step"
"""Label of a step's Job and Pod, for people: kubectl logs -l kanaria.dev/step=train."""
ATTEMPT = "kanaria.dev/attempt"
"""Label of Pods that another operator makes for a step: the TrainJob or RayJob that they belong to."""
DATA = "kanaria.dev/data"
"""Label of the Jobs that look at data, and of their Pods: the entry of spec.data."""
TRIGGER = "kanaria.dev/trigger"
"""Label of the Jobs that look at data for a trigger: its name."""
REFERENCE = "kanaria.dev/reference"
"""Label of the Jobs that compare data with a model's: the version."""
SHADOW = "kanaria.dev/shadow"
"""Label of the Pods that compare copies of requests: the Service by which they get them."""
RUN_REQUEST = "kanaria.dev/run"
"""Annotation of a pipeline: another value asks for a run."""
RESUME = "kanaria.dev/resume"
"""Annotation of a pipeline: the name of a run that failed, which goes on from its last good step in a new run."""
REPLAY = "kanaria.dev/replay"
"""Annotation of a pipeline: a run that succeeded and is run again; what follows a # tells two wishes apart."""
CANCEL = "kanaria.dev/cancel"
"""Annotation of a pipeline: the name of a run that is cancelled."""
QUEUE = "kueue.x-k8s.io/queue-name"
"""Kueue's label of a Job: the LocalQueue that admits it."""


def owned_by(owner: ObjectRef) -> Mapping[str, str]:
    """The label that tells whose child an object is."""
    return {OWNER: label_safe(f"{owner.kind.lower()}.{owner.name}")}


def git_sync_label(sync: ObjectRef, namespace: str) -> str:
    """The label's value on what the sync applies in a namespace, or cluster-wide where that is empty.

    Two syncs of one name in two namespaces must not prune each other's cluster-wide objects.
    """
    return sync.name if namespace else label_safe(f"{sync.namespace}.{sync.name}")


def git_sync_labels(sync: ObjectRef) -> frozenset[str]:
    """Both values of the label that a sync gives."""
    return frozenset(git_sync_label(sync, namespace) for namespace in (sync.namespace, ""))


def is_kept(manifest: Mapping[str, Any]) -> bool:
    """Whether an object stays in the cluster when no manifest asks for it any more."""
    return (manifest["metadata"].get("annotations") or {}).get(PRUNE) == "disabled"


def owner_reference(owner: ObjectRef, uid: str) -> Mapping[str, Any]:
    """The reference by which a child goes when its owner goes.

    Without blockOwnerDeletion, which accounts of a team may not be allowed to set.
    """
    return {"apiVersion": owner.api_version, "kind": owner.kind, "name": owner.name, "uid": uid, "controller": True}
