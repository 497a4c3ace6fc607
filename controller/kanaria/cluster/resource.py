"""How a kind is addressed in the API server's URLs."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Resource:
    """A served kind, e.g. `Resource("apps/v1", "Deployment", "deployments")`."""

    api_version: str
    kind: str
    plural: str
    namespaced: bool = True

    def path(self, namespace: str = "", name: str = "", subresource: str = "") -> str:
        """The path of the collection, of one object, or of a part of it."""
        parts = [group_path(self.api_version)]
        if self.namespaced and namespace:
            parts += ["namespaces", namespace]
        return "/".join([*parts, self.plural, *filter(None, (name, subresource))])


def group_path(api_version: str) -> str:
    """Where an API version is served."""
    return f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"
