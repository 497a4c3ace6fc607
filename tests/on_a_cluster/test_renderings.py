"""What is asked of KServe and of a gateway is accepted by their definitions, and stored as it was written."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from any_cluster import AnyCluster
from kanaria.decide.covering import differences
from kanaria.serving.arrangement import Arrangement, Predictor
from kanaria.serving.knative import KNATIVE
from kanaria.serving.kserve import Owner
from kanaria.serving.native import NATIVE
from kanaria.serving.own_route import Gateway, OwnRoute
from kanaria.serving.unsplit import UNSPLIT
from kanaria.serving.way import Live, Put, Way
from kanaria.vocabulary import ObjectRef

pytestmark = pytest.mark.cluster
SPEC = {
    "model": {
        "modelFormat": {"name": "sklearn", "version": "1"},
        "protocolVersion": "v2",
        "runtime": "kserve-sklearnserver",
        "resources": {"requests": {"cpu": "500m", "memory": "1Gi"}, "limits": {"nvidia.com/gpu": "1"}},
        "env": [{"name": "WORKERS", "value": "2"}],
    },
    "serviceAccountName": "models",
    "nodeSelector": {"gpu": "a100"},
    "tolerations": [{"key": "gpu", "operator": "Exists"}],
    "containerConcurrency": 4,
    "annotations": {"serving.kserve.io/autoscalerClass": "hpa"},
    "labels": {"team": "wine"},
}
SCALING = {"minReplicas": 2, "maxReplicas": 5, "scaleTarget": 80, "scaleMetric": "cpu"}
SEVEN, EIGHT = (
    Predictor(f"v{n}-1f2e3", {**SPEC, "model": {**SPEC["model"], "storageUri": f"s3://m/{n}"}}, 2) for n in (7, 8)
)
WAYS: list[tuple[str, Way]] = [
    ("native", NATIVE),
    ("own route", OwnRoute(Gateway("edge", "gateways", ("wine.example.com",), "kanaria-version"))),
    ("knative", KNATIVE),
    ("none", UNSPLIT),
]


@pytest.mark.parametrize("way", [pytest.param(way, id=name) for name, way in WAYS])
@pytest.mark.parametrize(
    "arrangement",
    [
        pytest.param(Arrangement(SEVEN, (), SCALING), id="alone"),
        pytest.param(Arrangement(SEVEN, (EIGHT.at(20),), SCALING), id="tried"),
    ],
)
def test_what_is_rendered_is_stored_as_it_is(cluster: AnyCluster, namespace: str, way: Way, arrangement: Arrangement):
    owner = Owner(ObjectRef("kanaria.dev/v1alpha1", "ModelDeployment", namespace, "wine"), "u-md")

    for step in way.steps(owner, arrangement, Live()):
        assert isinstance(step, Put)
        stored = dry_run(cluster, step.manifest, namespace)

        assert differences(stored, step.expected) == ()
        if stored["kind"] == "InferenceService":
            assert stored["spec"] == step.manifest["spec"]


def dry_run(cluster: AnyCluster, manifest: Mapping[str, Any], namespace: str) -> dict[str, Any]:
    """The object as the API server would store it."""
    words = ["apply", "--server-side", "--dry-run=server", "--validate=strict", "-n", namespace, "-ojson", "-f", "-"]
    stored: dict[str, Any] = json.loads(cluster.kubectl(*words, given=yaml.safe_dump(dict(manifest))).out)
    return stored
