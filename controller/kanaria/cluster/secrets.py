"""What a Secret holds: read when needed, kept nowhere."""

import base64
from collections.abc import Mapping

from kanaria.cluster.client import Client
from kanaria.cluster.errors import ForbiddenError, NotFoundError
from kanaria.vocabulary import ObjectRef


class Secrets:
    """Reads Secrets through a client."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def read(self, namespace: str, name: str) -> Mapping[str, bytes]:
        """The Secret's entries.

        Raises:
            ClusterError: if there is no such Secret, or it cannot be read now.
        """
        try:
            secret = await self._client.get(ObjectRef("v1", "Secret", namespace, name))
        except NotFoundError as error:
            raise NotFoundError(f"Secret {namespace}/{name} does not exist; create it") from error
        except ForbiddenError as error:
            raise ForbiddenError(f"Secret {namespace}/{name} may not be read by the operator; bind a Role") from error
        return {key: base64.b64decode(value) for key, value in (secret.get("data") or {}).items()}
