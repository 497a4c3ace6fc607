"""What KServe and the gateway call the things that serve a model."""

import re
from collections.abc import Mapping
from typing import Any

from kanaria.vocabulary.objects import ObjectName, ObjectRef, content_hash

INFERENCE_SERVICE = ("serving.kserve.io/v1beta1", "InferenceService")
DEPLOYMENT = ("apps/v1", "Deployment")
HTTP_ROUTE = ("gateway.networking.k8s.io/v1", "HTTPRoute")

MODE = "serving.kserve.io/deploymentMode"
"""The annotation by which an InferenceService says in which way KServe is to serve it."""
SERVICE_LABEL = "serving.kserve.io/inferenceservice"
"""By which all that is made for an InferenceService is known."""
PREDICTOR_LABEL = "kanaria.dev/predictor"

SCALING = frozenset({"minReplicas", "maxReplicas", "scaleTarget", "scaleMetric", "scaleMetricType", "autoScaling"})
"""Fields of a predictor that change how many servers there are, not what they are."""
MAIN_PLACE, CANDIDATE_PLACE = 0, 1
"""Where the two that are compared stand among the route's backends."""
_LONGEST = 63
_PREDICTOR, _SHADOW = "-predictor", "-shadow"
_SLUG = 20


def service_ref(name: ObjectName) -> ObjectRef:
    """The InferenceService of a ModelDeployment: it bears its name."""
    return ObjectRef(*INFERENCE_SERVICE, name.namespace, name.name)


def route_ref(name: ObjectName) -> ObjectRef:
    """The HTTPRoute that KServe makes for it."""
    return ObjectRef(*HTTP_ROUTE, name.namespace, name.name)


def deployment_ref(name: ObjectName, predictor: str) -> ObjectRef:
    """The Deployment that KServe makes for one predictor."""
    return ObjectRef(*DEPLOYMENT, name.namespace, backend_name(name.name, predictor))


def backend_name(service: str, predictor: str) -> str:
    """The name of a predictor's Deployment and Service, e.g. `wine-v8-1f2e3-predictor`."""
    return "-".join(filter(None, (service, predictor, "predictor")))


def comparing_name(backend: str) -> str:
    """The Service that gets copies and compares: beside `wine-v8-1f2e3-predictor` it is `wine-v8-1f2e3-shadow`."""
    return f"{backend.removesuffix(_PREDICTOR)}{_SHADOW}"


def compared_backend(service: str) -> str:
    """The backend whose answers a Service of that name compares; empty where it is none."""
    return f"{service.removesuffix(_SHADOW)}{_PREDICTOR}" if service.endswith(_SHADOW) else ""


def cluster_name(name: ObjectName, place: int) -> str:
    """Envoy Gateway's name for a backend's requests in its metrics: the label `envoy_cluster_name`.

    It knows a backend by its place in the route. While a candidate is tried nothing else stands in its place.
    """
    return f"httproute/{name.namespace}/{name.name}/rule/0/backend/{place}"


def predictor_name(version: str, uri: str, predictor: Mapping[str, Any]) -> str:
    """The name of a predictor: the same model served in the same way has the same name, whatever its scale."""
    slug = re.sub(r"[^a-z0-9]+", "-", version.lower())[:_SLUG].strip("-")
    return f"v{slug}-{content_hash({'version': version, 'uri': uri, 'predictor': unscaled(predictor)}, 5)}"


def unscaled(predictor: Mapping[str, Any]) -> dict[str, Any]:
    """The predictor without what says how many servers there are."""
    return {key: value for key, value in predictor.items() if key not in SCALING and key != "name"}


def room_for(service: str, predictor: str) -> int:
    """How many characters are left of what a Service's name may have; negative where the name is too long."""
    return _LONGEST - len(backend_name(service, predictor))
