"""What KServe calls the things it makes, and by which labels they are found again."""

from __future__ import annotations

from kanaria.local.api_client import Resource

INFERENCE_SERVICES = Resource("serving.kserve.io/v1beta1", "inferenceservices", "InferenceService")
HTTP_ROUTES = Resource("gateway.networking.k8s.io/v1", "httproutes", "HTTPRoute")

OWNER_LABEL = "serving.kserve.io/inferenceservice"
COMPONENT_LABEL = "component"
PREDICTOR = "predictor"
MODE_ANNOTATION = "serving.kserve.io/deploymentMode"
STANDARD = "Standard"
KNATIVE = "Knative"
VISIBILITY_LABEL = "networking.kserve.io/visibility"
CLUSTER_LOCAL = "cluster-local"
CONTAINER = "kserve-container"
HTTP_PORT = 8080
SERVICE_PORT = 80
DOMAIN = "example.com"


def predictor_name(service: str, predictor: str | None) -> str:
    """The name of the Deployment and the Service of one predictor, e.g. `wine-v8-predictor`."""
    return "-".join(filter(None, (service, predictor, PREDICTOR)))


def app_label(deployment: str) -> str:
    """The value of the label `app` by which a Deployment and a Service find their Pods."""
    return f"isvc.{deployment}"


def hostname(service: str, namespace: str) -> str:
    """The Host header under which the Gateway knows an InferenceService."""
    return f"{service}-{namespace}.{DOMAIN}"


def cluster_url(service: str, namespace: str) -> str:
    """Where callers inside a cluster find a Service."""
    return f"http://{service}.{namespace}.svc.cluster.local"
