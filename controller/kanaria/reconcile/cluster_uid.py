"""By what a cluster tells itself from others: its name, or the UID of its namespace kube-system, as monitoring does."""

import logging
from typing import Protocol

from kanaria.cluster.errors import ForbiddenError, InvalidError, NotFoundError
from kanaria.vocabulary import ClusterAsked, ObjectRef
from kanaria.vocabulary.objects import Manifest

log = logging.getLogger(__name__)
_REMEDY = "let the operator list Namespace kube-system, or set KANARIA_CLUSTER_NAME"
KUBE_SYSTEM = ObjectRef("v1", "Namespace", "", "kube-system")


class Objects(Protocol):
    """Objects of the API server; every error is a ClusterError."""

    async def find(self, ref: ObjectRef) -> Manifest | None:
        """The object as it is now, None where it is gone."""


async def cluster_uid(objects: Objects, name: str, question: ClusterAsked) -> str:
    """The name that the platform team gave, or else the UID; empty where it is refused, or there is no such namespace.

    Raises:
        ClusterError: if the API server does not answer: time helps.
    """
    del question
    if name:
        return name
    try:
        found = await objects.find(KUBE_SYSTEM)
    except (ForbiddenError, NotFoundError, InvalidError) as error:
        log.warning("no writer of a path is recorded in Git, nor looked for: %s; %s", error, _REMEDY)
        return ""
    return str((found or {}).get("metadata", {}).get("uid", ""))
