"""What an API server says of our kinds: what it accepts, defaults, refuses, and shows."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from any_cluster import AnyCluster

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.cluster


def documents(path: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((ROOT / path).read_text()))


def anywhere(document: dict[str, Any]) -> dict[str, Any]:
    metadata = {key: value for key, value in document["metadata"].items() if key != "namespace"}
    return {**document, "metadata": metadata}


@pytest.mark.parametrize("path", sorted(str(p.relative_to(ROOT)) for p in (ROOT / "examples").glob("*/*.yaml")))
def test_an_example_is_accepted(cluster: AnyCluster, namespace: str, path: str):
    # An example may speak of namespaces that are not here: each document is accepted in any.
    said = [cluster.apply(anywhere(each), namespace=namespace, dry_run=True) for each in documents(path)]

    assert {(each.code, each.err) for each in said} == {(0, "")}


def sync(**spec: Any) -> Mapping[str, Any]:
    return manifest("GitSync", {"url": "https://git.example.com/a.git", **spec})


def manifest(kind: str, spec: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"apiVersion": "kanaria.dev/v1alpha1", "kind": kind, "metadata": {"name": "it"}, "spec": spec}


def policy(**metric: Any) -> Mapping[str, Any]:
    return manifest("MetricPolicy", {"metrics": [{"name": "m", **metric}]})


STEP = {"name": "train", "command": ["true"]}


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        pytest.param(sync(path="deploy/../../etc"), "remove '..'", id="a path that leaves the repository"),
        pytest.param(sync(url="ftp://x"), "spec.url", id="a URL of another scheme"),
        pytest.param(sync(intervall="1m"), "intervall", id="an unknown field"),
        pytest.param(sync(interval="soon"), "spec.interval", id="no duration"),
        pytest.param(policy(mlflow={"key": "a"}), "exactly one gate is needed", id="a metric without a gate"),
        pytest.param(policy(threshold={"min": 1}), "exactly one source is needed", id="a metric without a source"),
        pytest.param(
            manifest("MLPipeline", {"steps": [STEP], "promote": [{"modelDeployment": {"name": "a"}}]}),
            "spec.promote needs spec.model",
            id="a proposal without a model",
        ),
        pytest.param(
            manifest("MLPipeline", {"steps": [STEP], "model": {"name": "m", "step": "other"}}),
            "must name one of spec.steps",
            id="a model of no step",
        ),
        pytest.param(manifest("MLPipeline", {"steps": "train"}), "spec.steps", id="a wrong type"),
    ],
)
def test_a_mistake_is_refused_with_its_place(cluster: AnyCluster, namespace: str, wrong: Mapping[str, Any], told: str):
    said = cluster.apply(wrong, namespace=namespace)

    assert said.code != 0
    assert told in said.err


def test_absent_fields_are_filled_in(cluster: AnyCluster, namespace: str):
    assert cluster.apply(sync(), namespace=namespace).code == 0

    spec = cluster.get("gitsyncs", namespace, "it")["spec"]

    assert (spec["interval"], spec["prune"], spec["serviceAccountName"]) == ("1m", True, "kanaria-sync")


@pytest.mark.parametrize(
    ("kind", "short", "columns"),
    [
        ("gitsyncs", "gs", "NAME READY REVISION OBJECTS STATUS AGE"),
        ("mlpipelines", "mlp", "NAME READY PHASE LAST-RUN MODEL VERSION VERDICT AGE"),
        ("metricpolicies", "mp", "NAME READY METRICS AGE"),
        ("modeldeployments", "md", "NAME READY PHASE STABLE CANDIDATE WEIGHT STEP VERDICT AGE"),
    ],
)
def test_a_table_has_the_columns_that_people_look_for(
    cluster: AnyCluster, namespace: str, kind: str, short: str, columns: str
):
    said = cluster.apply(
        *documents("examples/wine/pipeline.yaml"),
        *documents("examples/wine/policies.yaml"),
        sync(),
        *documents("examples/wine/deployment.yaml"),
        namespace=namespace,
    )
    assert said.code == 0, said.err

    tables = [cluster.kubectl("get", word, "-n", namespace).out for word in (kind, short)]

    assert [table.splitlines()[0].split() for table in tables] == [columns.split()] * 2
