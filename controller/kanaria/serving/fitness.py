"""Can KServe serve this predictor in this way, and load its model from where it is?

What it cannot is refused before anything is served, with what to do instead; all else is passed through as it is.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from kanaria.serving.way import Way

LOADED = ("s3", "gs", "pvc", "oci", "hf", "https", "http", "hdfs", "webhdfs")
"""Schemes that KServe's storage initializer reads, file:// aside, which is a path in its own container."""
_AZURE = re.compile(
    r"^(?:wasbs?|abfss?)://(?P<container>[^@/]+)@(?P<account>[^./]+)\.(?:blob|dfs)\.core\.windows\.net/"
)
_SCHEME = re.compile(r"^([a-zA-Z][a-zA-Z0-9+.-]*):")
OLD_FIELDS = frozenset(
    ("sklearn", "xgboost", "lightgbm", "pmml", "tensorflow", "pytorch", "onnx", "huggingface", "paddle", "triton")
)
FILLED_IN = {
    "name": "Kanaria names each predictor, so that a promotion restarts nothing",
    "canaryTrafficPercent": "spec.strategy says how traffic moves",
    "storageUris": "the model's place is filled in from the registry",
}
OF_THE_MODEL = {
    "storageUri": "it is filled in from the registry",
    "storage": "the model's place is filled in from the registry; give credentials by predictor.serviceAccountName",
}
MLFLOW_ONLY = {
    "mlflow-artifacts": "only MLflow's server hands these out; log models with an artifact location that is a store",
    "models": "it names an entry of the registry, not a place; register the version from a run's artifacts",
    "runs": "it names a run, not a place; register the version from a run's artifacts",
    "dbfs": "only Databricks reads it; copy the model to a store",
}


def loadable(uri: str) -> str:
    """The URI as KServe reads it: MLflow's words for Azure's blobs are not KServe's."""
    found = _AZURE.match(uri)
    if found is None:
        return uri
    return f"https://{found['account']}.blob.core.windows.net/{found['container']}/{uri[found.end() :]}"


def unloadable(uri: str, *, files: bool = False) -> str:
    """Why KServe cannot load a model from there, and what to do; empty where it can. `files`: on this very machine."""
    scheme = found[1].lower() if (found := _SCHEME.match(uri)) else ""
    if "::" in uri or re.search(r"[\s\x00-\x1f]", uri):
        return "it is chained, or has spaces in it; log the model to one plain place in a store"
    if scheme in MLFLOW_ONLY:
        return MLFLOW_ONLY[scheme]
    if scheme in {"", "file"}:
        return "" if files else "it is a path on a machine of its own; log models to a store, such as s3 or gs"
    if scheme in LOADED:
        return ""
    return f"KServe reads {', '.join(LOADED)} and Azure's blobs by https; log models to one of these"


def unfit(predictor: Mapping[str, Any], way: Way) -> str:
    """What of a predictor cannot be served in this way, and what to do; empty where all can."""
    return next(_objections(predictor, way), "")


def _objections(predictor: Mapping[str, Any], way: Way) -> Iterator[str]:
    yield from _strange(predictor)
    yield from _set(predictor, FILLED_IN, "predictor")
    yield from _set(predictor["model"], OF_THE_MODEL, "predictor.model")
    if "minReplicas" in predictor and not predictor["minReplicas"]:
        yield "predictor.minReplicas is 0: nobody would answer while a candidate is compared; set 1 or more"
    if predictor.get("workerSpec") is not None and not way.several_nodes:
        yield (
            "predictor.workerSpec needs several nodes, which KServe takes neither beside a canary of its own nor with "
            "Knative; name a Gateway in spec.routing, so that each version has an InferenceService of its own"
        )


def _strange(predictor: Mapping[str, Any]) -> Iterator[str]:
    for name in sorted(OLD_FIELDS & predictor.keys()):
        yield f"predictor.{name} is KServe's old form, which it rewrites; use predictor.model with modelFormat {name}"
    for name in ("transformer", "explainer"):
        if name in predictor:
            yield f"predictor.{name} is no field of a predictor, and {NO_COMPONENT}"


def _set(fields: Mapping[str, Any], not_yours: Mapping[str, str], place: str) -> Iterator[str]:
    for name, why in not_yours.items():
        if name in fields:
            yield f"{place}.{name} is not yours to set: {why}; remove it"


NO_COMPONENT = (
    "KServe would send a canary's requests past it, so that the versions could not be compared; put what it does into "
    "the model's container or one beside it (predictor.containers)"
)
"""Why there is neither transformer nor explainer."""
