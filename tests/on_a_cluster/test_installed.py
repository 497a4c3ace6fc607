"""The chart on a real API server: what it takes of it, and how an upgrade goes."""

import json
import shutil
from pathlib import Path

import pytest
import yaml

from any_cluster import AnyCluster
from installed_chart import by_helm, upgrade
from rendered_chart import A_TEAM, CHART, SYSTEM, Manifest, rendered
from suite_operator import SuiteOperator
from waiting import becomes, eventually_now

DEFINITIONS = ("--set", "crds.install=true", "--take-ownership")
METRICS = ("metrics.serviceMonitor.enabled=true", "metrics.rules.enabled=true", "metrics.dashboard.enabled=true")
SETTINGS = [
    pytest.param((), id="as it comes"),
    pytest.param((*A_TEAM, *METRICS, "mlflow.trackingUri=http://mlflow.ml:5000"), id="with a team and metrics"),
]


@pytest.fixture(autouse=True)
def installed(cluster: AnyCluster, operator: SuiteOperator) -> SuiteOperator:
    if not by_helm(cluster):
        pytest.skip("the chart is installed on a real API server, where helm is at hand")
    return operator


def test_its_replicas_come_up_within_restricted_pod_security(cluster: AnyCluster):
    cluster.kubectl("rollout", "status", "deployment/kanaria", "-n", SYSTEM, "--timeout=45s")

    pods = cluster.get("pods", SYSTEM)["items"]
    assert [pod["spec"]["serviceAccountName"] for pod in pods] == ["kanaria", "kanaria"]


def test_helm_waits_for_a_replica_that_stands_by_as_well(cluster: AnyCluster):
    upgrade(cluster, "--wait", "--timeout=60s")

    status = cluster.get("deployment", SYSTEM, "kanaria")["status"]
    assert (status["updatedReplicas"], status["availableReplicas"]) == (2, 2)


def test_an_upgrade_that_cannot_come_up_is_taken_back_and_both_replicas_go_on(cluster: AnyCluster):
    upgrade(cluster, "--wait", "--timeout=60s")
    before = pods(cluster)

    refused = upgrade(cluster, "--atomic", "--timeout=15s", "--set", "nodeSelector.nowhere=here", fails=True)

    assert "has been rolled back" in refused
    assert (pods(cluster), len(before)) == (before, 2)


def pods(cluster: AnyCluster) -> set[str]:
    """Those that are ready."""
    found = cluster.get("pods", SYSTEM)["items"]
    ready = [any(c["type"] == "Ready" and c["status"] == "True" for c in p["status"]["conditions"]) for p in found]
    return {pod["metadata"]["name"] for pod, is_ready in zip(found, ready, strict=True) if is_ready}


def test_a_drain_takes_one_replica_and_not_the_last(cluster: AnyCluster):
    upgrade(cluster, "--wait", "--timeout=60s")
    becomes(lambda: allowed(cluster), 1)
    first = min(pods(cluster))

    assert evicted(cluster, first) == ""
    eventually_now(lambda: first not in pods(cluster) and len(pods(cluster)) == 2)

    cluster.kubectl("scale", "deployment/kanaria", "-n", SYSTEM, "--replicas=1")
    becomes(lambda: (len(pods(cluster)), allowed(cluster)), (1, 0))
    (last,) = pods(cluster)
    try:
        refusal = evicted(cluster, last)
    finally:
        upgrade(cluster, "--wait", "--timeout=60s")
    assert "would violate the pod's disruption budget" in refusal


def allowed(cluster: AnyCluster) -> int:
    """How many Pods the budget lets go now."""
    status = cluster.get("poddisruptionbudget", SYSTEM, "kanaria").get("status") or {}
    return int(status.get("disruptionsAllowed", -1))


def evicted(cluster: AnyCluster, pod: str) -> str:
    """Have a Pod evicted, as a drain does; the refusal, if it is refused."""
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod, "namespace": SYSTEM}}
    path = f"/api/v1/namespaces/{SYSTEM}/pods/{pod}/eviction"
    said = cluster.kubectl("create", "--raw", path, "-f", "-", given=json.dumps(eviction), check=False)
    return said.err if said.code else ""


@pytest.mark.parametrize("settings", SETTINGS)
def test_the_server_takes_every_object_as_it_is_written(cluster: AnyCluster, namespace: str, settings: tuple[str, ...]):
    text = yaml.safe_dump([each for each in rendered(*settings) if known(each)]).replace("wine", namespace)
    manifests = under_names_of_their_own(yaml.safe_load(text))

    for where in {each["metadata"].get("namespace", SYSTEM) for each in manifests}:
        there = [each for each in manifests if each["metadata"].get("namespace", SYSTEM) == where]
        said = cluster.apply(*there, namespace=where, dry_run=True)
        assert said.code == 0, said.err
        assert "Warning" not in said.err


def known(manifest: Manifest) -> bool:
    """Whether its kind is served here: the Prometheus operator's are not."""
    return "monitoring.coreos.com" not in manifest["apiVersion"]


def under_names_of_their_own(manifests: list[Manifest]) -> list[Manifest]:
    """As nobody uses yet: what helm and others own is not fought over."""
    fresh = [each for each in manifests if each["kind"] != "CustomResourceDefinition"]
    for each in fresh:
        each["metadata"]["name"] += "-tried"
    return fresh


def test_an_upgrade_brings_new_definitions(cluster: AnyCluster, tmp_path: Path):
    newer = tmp_path / "kanaria"
    shutil.copytree(CHART, newer)
    file = newer / "files/crds/kanaria.dev_gitsyncs.yaml"
    file.write_text(file.read_text().replace("shortNames:\n    - gs\n", "shortNames:\n    - gs\n    - tried\n"))
    try:
        upgrade(cluster, *DEFINITIONS, chart=str(newer))
        crd = yaml.safe_load(cluster.kubectl("get", "crd", "gitsyncs.kanaria.dev", "-oyaml").out)
    finally:
        upgrade(cluster, *DEFINITIONS)
        upgrade(cluster)
    kept = yaml.safe_load(cluster.kubectl("get", "crd", "gitsyncs.kanaria.dev", "-oyaml").out)

    assert crd["spec"]["names"]["shortNames"] == ["gs", "tried"]
    # The last upgrade leaves the definitions out of the release: they are kept all the same.
    assert kept["spec"]["names"]["shortNames"] == ["gs"]


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        pytest.param((), ["No team may use Kanaria yet", "MLflow is not configured"], id="nothing set"),
        pytest.param(
            (*A_TEAM, "mlflow.trackingUri=http://m"), ["kubectl -n wine create secret generic git"], id="a team"
        ),
    ],
)
def test_the_notes_tell_what_is_to_be_done_next(cluster: AnyCluster, settings: tuple[str, ...], told: list[str]):
    sets = [word for setting in settings for word in ("--set", setting)]

    said = upgrade(cluster, "--dry-run=client", *sets)

    assert [sentence for sentence in told if sentence not in said] == []
