"""By what a cluster tells itself from others: the UID of its namespace kube-system, as monitoring does."""

import logging
from typing import Protocol

from kanaria.cluster.errors import ForbiddenError
from kanaria.vocabulary import ClusterAsked, ObjectRef
from kanaria.vocabulary.objects import Manifest

log = logging.getLogger(__name__)
KUBE_SYSTEM = ObjectRef("v1", "Namespace", "", "kube-system")


class Objects(Protocol):
    """Objects of the API server; every error is a ClusterError."""

    async def find(self, ref: ObjectRef) -> Manifest | None:
        """The object as it is now, None where it is gone."""


async def cluster_uid(objects: Objects, question: ClusterAsked) -> str:
    """The UID; empty where the operator may not read it, or there is no such namespace.

    Raises:
        ClusterError: if the API server does not answer.
    """
    del question
    try:
        found = await objects.find(KUBE_SYSTEM)
    except ForbiddenError as error:
        log.warning("no writer of a path is recorded in Git: %s; let the operator list Namespace kube-system", error)
        return ""
    return str((found or {}).get("metadata", {}).get("uid", ""))
