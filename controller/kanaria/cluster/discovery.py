"""Under which path the API server serves a kind."""

from kanaria.cluster.connection import Connection
from kanaria.cluster.errors import NotFoundError, UnknownKindError
from kanaria.cluster.resource import Resource, group_path

TIMEOUT = 15.0


class Discovery:
    """The served kinds by API version; read when first asked for, and again for a kind that is not known."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._known: dict[tuple[str, str], Resource] = {}

    async def resource(self, api_version: str, kind: str) -> Resource:
        """The kind's resource.

        Raises:
            UnknownKindError: if the server does not serve the kind.
        """
        if (api_version, kind) not in self._known:
            await self._read(api_version)
        found = self._known.get((api_version, kind))
        if found is None:
            raise UnknownKindError(
                f"the cluster does not serve {kind} of {api_version}; install its CustomResourceDefinition"
            )
        return found

    def forget(self, resource: Resource) -> None:
        """Ask again next time: the server said that the resource is not there."""
        self._known.pop((resource.api_version, resource.kind), None)

    async def _read(self, api_version: str) -> None:
        try:
            async with self._connection.request("GET", group_path(api_version), within=TIMEOUT) as answer:
                served = await answer.json(content_type=None)
        except NotFoundError:
            return
        for each in served.get("resources", ()):
            # Subresources, such as pods/status, are listed beside the resources.
            if "/" not in each["name"]:
                known = Resource(api_version, each["kind"], each["name"], bool(each["namespaced"]))
                self._known[api_version, each["kind"]] = known
