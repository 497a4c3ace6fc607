"""How the ConfigMaps are read whose values a GitSync puts into its manifests."""

from collections.abc import Mapping
from typing import Protocol

from kanaria.cluster.errors import ForbiddenError, NotFoundError
from kanaria.decide.forbidden import remedy
from kanaria.vocabulary import Account, ObjectRef, VariablesAsked
from kanaria.vocabulary.objects import Manifest


class Objects(Protocol):
    """Objects of the API server; every error is a ClusterError."""

    async def get(self, ref: ObjectRef, *, account: Account | None = None) -> Manifest:
        """The object as it is now, read as the account."""


async def variables_of(objects: Objects, question: VariablesAsked) -> Mapping[str, str]:
    """All entries of the ConfigMaps; of one name the last ConfigMap's.

    Raises:
        ClusterError: if one of them is not there, or cannot be read.
    """
    found: dict[str, str] = {}
    for name in question.config_maps:
        ref = ObjectRef("v1", "ConfigMap", question.account.namespace, name)
        try:
            body = await objects.get(ref, account=question.account)
        except NotFoundError as error:
            raise NotFoundError(f"{ref} does not exist: make it, or remove it from spec.substituteFrom") from error
        except ForbiddenError as error:
            raise ForbiddenError(f"{error}; {remedy(str(error), question.account)}") from error
        found |= {str(key): str(value) for key, value in (body.get("data") or {}).items()}
    return found
