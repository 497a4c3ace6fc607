"""How an object looks in each version it is served in: kept in one, shown in all."""

from collections.abc import Mapping

from kanaria.local.apiserver.refusals import Object
from kanaria.local.apiserver.resources import Resource

# The two Event APIs: how core/v1 calls what events.k8s.io/v1 calls otherwise.
_NEW_NAMES: Mapping[str, str] = {
    "involvedObject": "regarding",
    "message": "note",
    "source": "deprecatedSource",
    "firstTimestamp": "deprecatedFirstTimestamp",
    "lastTimestamp": "deprecatedLastTimestamp",
    "count": "deprecatedCount",
    "reportingComponent": "reportingController",
}
_OLD_NAMES = {new: old for old, new in _NEW_NAMES.items()}


def kept(body: Object, resource: Resource) -> Object:
    """An object as the store keeps it."""
    if resource.group == "events.k8s.io":
        return {_OLD_NAMES.get(key, key): value for key, value in body.items()} | {"apiVersion": "v1"}
    version = resource.stored_as or resource.version
    return body | {"apiVersion": f"{resource.group}/{version}" if resource.group else version}


def shown(body: Object, resource: Resource) -> Object:
    """A kept object as a version shows it."""
    if body.get("apiVersion") == resource.api_version:
        return body
    if resource.group == "events.k8s.io":
        body = {_NEW_NAMES.get(key, key): value for key, value in body.items()}
    return body | {"apiVersion": resource.api_version}
