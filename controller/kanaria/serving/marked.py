"""How does a template tell which predictor it is, where it may not bear its name?

By a label on the predictor, which reaches Pods and Deployments. It changes only with the template itself, so it
restarts nothing.
"""

from collections.abc import Mapping
from typing import Any

from kanaria.serving.arrangement import Predictor
from kanaria.serving.kserve import Owner
from kanaria.serving.naming import INFERENCE_SERVICE, PREDICTOR_LABEL
from kanaria.vocabulary import marks


def manifest(owner: Owner, annotations: Mapping[str, str], spec: Mapping[str, Any]) -> dict[str, Any]:
    """An InferenceService of the ModelDeployment's name."""
    api_version, kind = INFERENCE_SERVICE
    metadata = {
        "name": owner.ref.name,
        "namespace": owner.ref.namespace,
        "labels": dict(marks.owned_by(owner.ref)),
        "annotations": dict(annotations),
        "ownerReferences": [marks.owner_reference(owner.ref, owner.uid)],
    }
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": dict(spec)}


def marked(predictor: Predictor) -> dict[str, Any]:
    """The template of a predictor, with its name as a label."""
    labels = {**(predictor.spec.get("labels") or {}), PREDICTOR_LABEL: predictor.name}
    return {**predictor.spec, "labels": labels}


def named(template: Mapping[str, Any]) -> str:
    """The name that a template tells; empty for one that is not Kanaria's."""
    return str((template.get("labels") or {}).get(PREDICTOR_LABEL, ""))


def unmarked(template: Mapping[str, Any]) -> dict[str, Any]:
    """The template without its label, as it was asked for; an empty name of the model is none."""
    labels = {key: value for key, value in (template.get("labels") or {}).items() if key != PREDICTOR_LABEL}
    spec = {key: value for key, value in template.items() if key != "labels"}
    if "model" in spec:
        spec["model"] = {key: value for key, value in spec["model"].items() if key != "name" or value}
    return spec | ({"labels": labels} if labels else {})
