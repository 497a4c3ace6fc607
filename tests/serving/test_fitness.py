"""What of KServe's fields and places is passed through, and what is refused before anything is served."""

from typing import Any

import pytest

from deployments import message, reason, serving, trying
from kanaria.api import ModelDeployment
from kanaria.serving.arrangement import Arrangement, Predictor
from kanaria.serving.fitness import loadable, unfit, unloadable
from kanaria.serving.knative import KNATIVE
from kanaria.serving.kserve import Owner
from kanaria.serving.naming import SCALING, unscaled
from kanaria.serving.native import NATIVE
from kanaria.serving.own_route import Gateway, OwnRoute
from kanaria.serving.unsplit import UNSPLIT
from kanaria.serving.way import Live, Put, Way
from kanaria.vocabulary import ObjectRef

MODEL = {"modelFormat": {"name": "sklearn"}}
WAYS: list[tuple[str, Way]] = [
    ("native", NATIVE),
    ("own route", OwnRoute(Gateway("edge"))),
    ("knative", KNATIVE),
    ("none", UNSPLIT),
]


@pytest.mark.parametrize(
    "uri",
    [
        "s3://lake/wine/8",
        "gs://lake/wine/8",
        "pvc://models/wine/8",
        "oci://registry.example.com/wine:8",
        "hf://team/wine:main",
        "https://models.example.com/wine.tar.gz",
        "http://models.example.com/wine.zip",
        "https://acc.blob.core.windows.net/models/wine/8",
        "hdfs://name/wine/8",
        "webhdfs://name/wine/8",
    ],
)
def test_a_place_that_kserve_reads_is_passed_through(uri: str):
    assert (loadable(uri), unloadable(uri)) == (uri, "")


@pytest.mark.parametrize(
    ("uri", "read"),
    [
        pytest.param(
            "wasbs://models@acc.blob.core.windows.net/wine/8",
            "https://acc.blob.core.windows.net/models/wine/8",
            id="wasbs",
        ),
        pytest.param(
            "abfss://models@acc.dfs.core.windows.net/wine/8",
            "https://acc.blob.core.windows.net/models/wine/8",
            id="abfss",
        ),
    ],
)
def test_azures_blobs_are_named_as_kserve_names_them(uri: str, read: str):
    assert (loadable(uri), unloadable(loadable(uri))) == (read, "")


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        pytest.param("mlflow-artifacts:/3/r/artifacts", "an artifact location that is a store", id="proxied by MLflow"),
        pytest.param("models:/wine/8", "register the version from a run", id="the registry's own"),
        pytest.param("runs:/abc/model", "register the version from a run", id="a run's"),
        pytest.param("dbfs:/models/8", "only Databricks reads it", id="dbfs"),
        pytest.param("/srv/mlruns/8", "log models to a store", id="a path"),
        pytest.param("file:///srv/mlruns/8", "log models to a store", id="a file URI"),
        pytest.param("FILE:///srv/mlruns/8", "log models to a store", id="a file URI in capitals"),
        pytest.param("simplecache::s3://lake/wine", "it is chained", id="chained over s3"),
        pytest.param("zip://*.pkl::https://evil.example.com/a.zip", "it is chained", id="chained over https"),
        pytest.param("s3://lake/wine 8", "has spaces in it", id="a space"),
        pytest.param("s3://lake/wine\n8", "has spaces in it", id="a line's end"),
        pytest.param("abfs://models/wine/8", "Azure's blobs by https", id="abfs without an account"),
        pytest.param("ftp://models/wine/8", "KServe reads s3, gs", id="another scheme"),
    ],
)
def test_a_place_that_kserve_cannot_read_is_refused_with_what_to_do(uri: str, said: str):
    assert said in unloadable(loadable(uri))


def test_on_a_cluster_of_this_machine_a_path_is_a_place():
    assert [unloadable(uri, files=True) for uri in ("/srv/mlruns/8", "file:///srv/mlruns/8")] == ["", ""]


PASSED: list[tuple[str, dict[str, Any]]] = [
    ("a runtime", {"model": {**MODEL, "runtime": "kserve-sklearnserver", "protocolVersion": "v2"}}),
    ("replicas", {"minReplicas": 2, "maxReplicas": 5}),
    ("a target", {"scaleTarget": 80, "scaleMetric": "cpu", "scaleMetricType": "Utilization"}),
    ("autoscaling", {"maxReplicas": 4, "autoScaling": {"metrics": [{"type": "Resource"}]}}),
    ("HPA annotations", {"annotations": {"serving.kserve.io/autoscalerClass": "hpa"}}),
    ("labels", {"labels": {"team": "wine"}}),
    ("Pod fields", {"serviceAccountName": "models", "nodeSelector": {"gpu": "a100"}, "tolerations": []}),
    ("containers beside", {"containers": [{"name": "prepare", "image": "wine-prepare:1"}]}),
    ("concurrency", {"containerConcurrency": 4, "timeout": 30}),
    ("a batcher and a logger", {"batcher": {"maxBatchSize": 8}, "logger": {"mode": "all", "url": "http://log"}}),
]


@pytest.mark.parametrize("way", [pytest.param(way, id=name) for name, way in WAYS])
@pytest.mark.parametrize("fields", [pytest.param(fields, id=name) for name, fields in PASSED])
def test_a_field_of_kserves_is_passed_through_in_every_way(way: Way, fields: dict[str, Any]):
    predictor = {"model": MODEL, **fields}

    (asked,) = [one for one in rendered(way, predictor) if one["kind"] == "InferenceService"]

    assert unfit(predictor, way) == ""
    assert {key: asked["spec"]["predictor"][key] for key in fields if key not in {"labels", "model"}} == {
        key: value for key, value in fields.items() if key not in {"labels", "model"}
    }
    assert fields.get("labels", {}).items() <= asked["spec"]["predictor"].get("labels", {}).items()
    assert predictor["model"].items() <= asked["spec"]["predictor"]["model"].items()


def rendered(way: Way, predictor: dict[str, Any]) -> list[Any]:
    """What is asked of the cluster for this predictor alone."""
    scaling = {key: value for key, value in predictor.items() if key in SCALING}
    main = Predictor("v7", unscaled(predictor))
    owner = Owner(ObjectRef("kanaria.dev/v1alpha1", "ModelDeployment", "cellar", "wine"), "u")
    return [step.manifest for step in way.steps(owner, Arrangement(main, (), scaling), Live()) if isinstance(step, Put)]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        pytest.param({"sklearn": {}}, "use predictor.model with modelFormat sklearn", id="the old form"),
        pytest.param({"triton": {}}, "use predictor.model with modelFormat triton", id="the old form of triton"),
        pytest.param({"transformer": {}}, "past it", id="a transformer"),
        pytest.param({"explainer": {}}, "past it", id="an explainer"),
        pytest.param({"name": "mine"}, "Kanaria names each predictor", id="a name"),
        pytest.param({"canaryTrafficPercent": 10}, "spec.strategy says", id="a percent"),
        pytest.param({"storageUris": []}, "filled in from the registry", id="many places"),
        pytest.param({"model": {**MODEL, "storageUri": "s3://a"}}, "filled in from the registry", id="a place"),
        pytest.param({"model": {**MODEL, "storage": {}}}, "predictor.serviceAccountName", id="a storage"),
        pytest.param({"minReplicas": 0}, "set 1 or more", id="no server"),
    ],
)
def test_a_field_that_cannot_be_served_is_refused_with_what_to_do(fields: dict[str, Any], said: str):
    assert [said in unfit({"model": MODEL, **fields}, way) for _, way in WAYS] == [True] * 4


@pytest.mark.parametrize(
    ("way", "fits"), [pytest.param(way, name in {"own route", "none"}, id=name) for name, way in WAYS]
)
def test_many_nodes_are_served_where_each_version_is_on_its_own(way: Way, fits: object):
    assert (unfit({"model": MODEL, "workerSpec": {}}, way) == "") == fits


@pytest.mark.parametrize("field", ["transformer", "explainer"])
def test_a_spec_with_another_component_is_refused_where_it_is_written(field: str):
    spec = {"model": {"name": "wine"}, "predictor": {"model": MODEL}, "strategy": {"allAtOnce": {}}, field: {}}

    with pytest.raises(ValueError, match=f"spec.{field}: KServe would send a canary's requests past it"):
        ModelDeployment.model_validate({"metadata": {"name": "wine", "namespace": "cellar"}, "spec": spec})


def test_a_candidate_at_a_place_that_kserve_cannot_read_is_not_tried_and_stable_serves_on():
    world = serving("7")
    world.uris["8"] = "mlflow-artifacts:/3/abc"

    world.spec(candidate={"version": "8"}).run(10)

    assert (reason(world, "Stalled"), world.weight("7")) == ("ModelNotFound", 100)
    assert "spec.candidate.version: its artifacts are at mlflow-artifacts:/3/abc" in message(world)


def test_a_field_that_cannot_be_served_stops_no_model_that_serves():
    world = trying("8")
    before = world.read_md().spec.predictor

    world.spec(predictor={**before, "name": "mine"}).run(10)

    assert reason(world, "Stalled") == "InvalidSpec"
    assert world.weight("7") + world.weight("8") == 100
