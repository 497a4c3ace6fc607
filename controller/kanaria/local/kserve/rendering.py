"""Which Deployment and which Service make a predictor run."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from kanaria.local.api_client import Thing
from kanaria.local.kserve.naming import (
    COMPONENT_LABEL,
    CONTAINER,
    HTTP_PORT,
    OWNER_LABEL,
    PREDICTOR,
    SERVICE_PORT,
    app_label,
)
from kanaria.local.kserve.predictors import Predictor

HASH = "local.kanaria.dev/rendered"
IMAGE = "kanaria/model-server"
FORMATS = ("sklearn", "mlflow")
OF_THE_MODEL = {"modelFormat", "storageUri", "storage", "runtime", "runtimeVersion", "protocolVersion", "name"}
# What stands beside `model` in a predictor and is not a field of the Pod.
OF_THE_PREDICTOR = {
    "name", "model", "minReplicas", "maxReplicas", "scaleTarget", "scaleMetric", "scaleMetricType", "autoScaling",
    "containerConcurrency", "timeout", "canaryTrafficPercent", "logger", "batcher", "labels", "annotations",
    "deploymentStrategy", "storageContainerName", "storageUris", "workerSpec", "containers",
}  # fmt: skip
NOT_COPIED = {
    "autoscaling.knative.dev/min-scale",
    "autoscaling.knative.dev/max-scale",
    "internal.serving.kserve.io/storage-initializer-sourceuri",
    "kubectl.kubernetes.io/last-applied-configuration",
    "modelFormat",
}


@dataclass(frozen=True, slots=True)
class Runtime:
    """How model servers are started (the command of their container) and under which URL the router answers."""

    command: tuple[str, ...] = ("python", "-m", "kanaria.local.model_server")
    ingress: str = ""


def supported(predictor: Predictor) -> bool:
    """Whether there is a runtime for the model's format."""
    return predictor.spec["model"]["modelFormat"]["name"] in FORMATS


def deployment(service: Thing, predictor: Predictor, runtime: Runtime) -> Thing:
    """The predictor's Deployment. Labels and annotations of the InferenceService reach its Pods, as in KServe."""
    marks = _marks(service, predictor)
    selector = {"app": app_label(predictor.name)}
    spec = {
        "replicas": predictor.replicas,
        "selector": {"matchLabels": selector},
        "strategy": predictor.spec.get("deploymentStrategy")
        or {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"}},
        "progressDeadlineSeconds": 600,
        "template": {
            "metadata": {"labels": {**marks["labels"], **selector}, "annotations": marks["annotations"]},
            "spec": _pod(service, predictor, runtime),
        },
    }
    return _child(service, predictor.name, {"apiVersion": "apps/v1", "kind": "Deployment", "spec": spec}, marks)


def front(service: Thing, predictor: Predictor) -> Thing:
    """The predictor's Service."""
    spec = {
        "selector": {"app": app_label(predictor.name)},
        "ports": [{"name": predictor.name, "port": SERVICE_PORT, "targetPort": HTTP_PORT, "protocol": "TCP"}],
    }
    marks = _marks(service, predictor)
    return _child(service, predictor.name, {"apiVersion": "v1", "kind": "Service", "spec": spec}, marks)


def sealed(thing: Thing) -> Thing:
    """The thing with a digest of itself, by which a later pass sees whether it would render anything else."""
    digest = hashlib.sha256(json.dumps(thing, sort_keys=True).encode()).hexdigest()[:16]
    meta = thing["metadata"]
    annotations = {**meta.get("annotations", {}), HASH: digest}
    return {**thing, "metadata": {**meta, "annotations": annotations}}


def owner_of(service: Thing) -> Thing:
    """The reference by which the garbage collector knows a child of the InferenceService."""
    return {
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "name": service["metadata"]["name"],
        "uid": service["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def copied_annotations(service: Thing) -> dict[str, str]:
    """The annotations of the InferenceService that its children bear too."""
    found = service["metadata"].get("annotations") or {}
    return {key: value for key, value in found.items() if key not in NOT_COPIED}


def _marks(service: Thing, predictor: Predictor) -> dict[str, dict[str, str]]:
    own = {OWNER_LABEL: service["metadata"]["name"], COMPONENT_LABEL: PREDICTOR}
    labels = {**(service["metadata"].get("labels") or {}), **predictor.spec.get("labels", {}), **own}
    annotations = {**copied_annotations(service), **predictor.spec.get("annotations", {})}
    return {"labels": labels, "annotations": annotations}


def _child(service: Thing, name: str, thing: Thing, marks: dict[str, dict[str, str]]) -> Thing:
    meta = {"name": name, "namespace": service["metadata"]["namespace"], "ownerReferences": [owner_of(service)]}
    return sealed({**thing, "metadata": {**meta, **marks}})


def _pod(service: Thing, predictor: Predictor, runtime: Runtime) -> Thing:
    rest = {key: value for key, value in predictor.spec.items() if key not in OF_THE_PREDICTOR}
    beside = predictor.spec.get("containers") or []
    return {
        "terminationGracePeriodSeconds": 30,
        **rest,
        "containers": [_container(service, predictor, runtime), *beside],
    }


def _container(service: Thing, predictor: Predictor, runtime: Runtime) -> Thing:
    model = predictor.spec["model"]
    name = service["metadata"]["name"]
    own = {key: value for key, value in model.items() if key not in OF_THE_MODEL}
    served = _model_name(own.get("args") or []) or name
    # A cluster's storage initializer would have put the model into /mnt/models; here it is read where it lies.
    args = [f"--model_name={name}", f"--model_dir={model['storageUri']}", f"--http_port={HTTP_PORT}"]
    container = {
        "image": IMAGE,
        "command": list(runtime.command),
        "ports": [{"containerPort": HTTP_PORT, "protocol": "TCP"}],
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "readinessProbe": {
            "httpGet": {"path": f"/v2/models/{served}/ready", "port": HTTP_PORT},
            "periodSeconds": 1,
            "timeoutSeconds": 5,
            "failureThreshold": 3,
        },
        **own,
    }
    env = [{"name": "INFERENCE_SERVICE_NAME", "value": name}, *_env(own)]
    return {**container, "name": CONTAINER, "args": [*args, *own.get("args", [])], "env": env}


def _model_name(args: list[str]) -> str:
    """The name that the user's arguments give the model: the last of an argument counts, and theirs come last."""
    return next((arg.partition("=")[2] for arg in reversed(args) if arg.startswith("--model_name=")), "")


def _env(own: Thing) -> list[Any]:
    return [entry for entry in own.get("env", []) if entry["name"] != "INFERENCE_SERVICE_NAME"]
