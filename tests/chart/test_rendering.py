"""What the chart makes: valid, complete, and within restricted Pod security."""

import re
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from kanaria.cli.app import app
from kanaria.cli.crds import texts
from kanaria.measure.servers import MetricServer, read_servers
from rendered_chart import A_TEAM, CHART, KUBERNETES, ROOT, Manifest, helm_says, of_kind, rendered, templated

EVERYTHING = (
    *A_TEAM,
    "rbac.namespaces[1].name=beer",
    "mlflow.trackingUri=https://mlflow.example.com",
    "mlflow.credentialsSecret=mlflow",
    "gateway.metricsUrl=http://gateway.example.com:19001/stats/prometheus",
    "metricServers[0].name=main",
    "metricServers[0].url=https://metrics.example.com:9092",
    "metricServers[0].tokenSecret.name=metrics-token",
    "metricServers[0].tokenSecret.key=token",
    "metricServers[0].caConfigMap.name=metrics-ca",
    "metricServers[0].caConfigMap.key=ca.crt",
    "metricServers[0].namespaceParameter=namespace",
    "serving.url=http://models.example.com",
    "kserve.canaryRouting=httproute",
    "rollouts.maxTrials=5",
    "clusterName=prod-tokyo",
    "runner.image=registry.example.com/kanaria:1",
    "data.image=registry.example.com/kanaria-data:1",
    "image.digest=sha256:" + "0" * 64,
    "imagePullSecrets[0].name=registry",
    "podLabels.team=platform",
    "podAnnotations.note=a",
    "nodeSelector.pool=system",
    "tolerations[0].key=system",
    "priorityClassName=system-cluster-critical",
    "networkPolicy.git.to[0].ipBlock.cidr=192.0.2.0/24",
    "webhooks.enabled=true",
    "webhooks.ingress.host=hooks.example.com",
    "webhooks.ingress.className=nginx",
    "webhooks.ingress.tlsSecret=hooks-tls",
    "metrics.serviceMonitor.enabled=true",
    "metrics.rules.enabled=true",
    "metrics.dashboard.enabled=true",
    "networkPolicy.ingressFrom[0].namespaceSelector.matchLabels.name=monitoring",
)
SETTINGS = [
    pytest.param((), id="as it comes"),
    pytest.param(A_TEAM, id="with a team"),
    pytest.param(EVERYTHING, id="with everything"),
    pytest.param(("crds.install=false", "networkPolicy.enabled=false", "replicas=1"), id="with little"),
]


def operator(objects: list[Manifest]) -> Manifest:
    """The Pod template of the Deployment."""
    template: Manifest = of_kind(objects, "Deployment")[0]["spec"]["template"]
    return template


def environment(objects: list[Manifest]) -> dict[str, str]:
    """The operator's environment: values, and the fields of the Pod that values are taken from."""
    entries = operator(objects)["spec"]["containers"][0]["env"]
    return {each["name"]: each.get("value") or each["valueFrom"]["fieldRef"]["fieldPath"] for each in entries}


def test_helm_finds_no_fault():
    said = helm_says("lint", "--strict", "--kube-version", KUBERNETES, str(CHART))

    assert said.returncode == 0, said.stdout
    assert "WARNING" not in said.stdout


@pytest.mark.parametrize("settings", SETTINGS)
def test_every_document_is_an_object_of_its_own(settings: tuple[str, ...]):
    objects = rendered(*settings)

    assert all(each["apiVersion"] and each["kind"] and each["metadata"]["name"] for each in objects)
    names = Counter((each["kind"], each["metadata"].get("namespace"), each["metadata"]["name"]) for each in objects)
    assert {name: count for name, count in names.items() if count > 1} == {}


@pytest.mark.parametrize("settings", SETTINGS)
def test_the_pods_keep_to_restricted_pod_security(settings: tuple[str, ...]):
    spec = operator(rendered(*settings))["spec"]
    (container,) = spec["containers"]

    assert spec["securityContext"]["runAsNonRoot"]
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    security = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
    assert container["securityContext"] == security
    written = {mount["name"] for mount in container["volumeMounts"] if not mount.get("readOnly")}
    assert {v["name"] for v in spec["volumes"] if "emptyDir" in v} == written == {"mirrors", "tmp"}


def test_the_settings_reach_the_operator():
    told = environment(rendered(*EVERYTHING))
    servers = told.pop("KANARIA_METRIC_SERVERS")

    folder = "/etc/kanaria/metric-servers/main"
    assert read_servers(servers) == (
        MetricServer(
            name="main",
            url="https://metrics.example.com:9092",
            bearer_token_file=Path(folder, "token"),
            ca_file=Path(folder, "ca.crt"),
            namespace_parameter="namespace",
        ),
    )
    spec = operator(rendered(*EVERYTHING))["spec"]
    mounted = {mount["name"]: mount["mountPath"] for mount in spec["containers"][0]["volumeMounts"]}
    (volume,) = (each for each in spec["volumes"] if "projected" in each)
    files = [item["path"] for source in volume["projected"]["sources"] for item in next(iter(source.values()))["items"]]
    assert (mounted[volume["name"]], files) == (folder, ["token", "ca.crt"])
    assert {name: value for name, value in told.items() if name.startswith("KANARIA_")} == {
        "KANARIA_MLFLOW_TRACKING_URI": "https://mlflow.example.com",
        "KANARIA_GATEWAY_METRICS_URL": "http://gateway.example.com:19001/stats/prometheus",
        "KANARIA_SERVING_URL": "http://models.example.com",
        "KANARIA_CANARY_ROUTING": "httproute",
        "KANARIA_RUNNER_IMAGE": "registry.example.com/kanaria:1",
        "KANARIA_DATA_IMAGE": "registry.example.com/kanaria-data:1",
        "KANARIA_POD_IP": "status.podIP",
        "KANARIA_MAX_TRIALS": "5",
        "KANARIA_CLUSTER_NAME": "prod-tokyo",
    }


def test_every_setting_of_the_environment_is_one_that_the_operator_reads():
    read = (ROOT / "controller/kanaria/cli/run.py").read_text()

    names = [name for name in environment(rendered(*EVERYTHING)) if name.startswith("KANARIA_")]

    assert [name for name in names if name not in read] == []


def test_steps_check_out_with_the_operator_s_image_unless_another_is_named():
    objects = rendered()

    image = operator(objects)["spec"]["containers"][0]["image"]
    assert environment(objects)["KANARIA_RUNNER_IMAGE"] == image == f"kanaria:{version_of_the_package()}"


def test_data_is_looked_at_with_an_image_beside_the_operator_s_unless_another_is_named():
    assert environment(rendered())["KANARIA_DATA_IMAGE"] == f"kanaria-data:{version_of_the_package()}"


def test_the_network_policy_lets_out_to_what_is_configured_and_nowhere_else():
    def ports(*settings: str) -> list[list[int]]:
        (policy,) = of_kind(rendered(*settings), "NetworkPolicy")
        return [[port["port"] for port in rule["ports"]] for rule in policy["spec"]["egress"]]

    always = [[53, 53], [443, 6443], [443]]
    assert ports() == always
    assert ports("mlflow.trackingUri=http://mlflow.ml:5000/base") == [*always, [5000]]
    assert ports("gateway.metricsUrl=http://gateway.ml/stats") == [*always, [80]]
    assert ports("metricServers[0].name=a", "metricServers[0].url=http://p.ml:9090") == [*always, [9090]]


def test_the_definitions_are_the_api_s_and_outlive_the_release():
    installed = {each["metadata"]["name"]: each for each in of_kind(rendered(), "CustomResourceDefinition")}

    made = {crd["metadata"]["name"]: crd for crd in map(yaml.safe_load, texts().values())}
    for crd in made.values():
        crd["metadata"]["annotations"] = {"helm.sh/resource-policy": "keep"}
    assert installed == made, "run `make crds`"


@pytest.mark.parametrize(
    ("setting", "kept"),
    [("crds.install=false", []), ("crds.keep=false", [False] * 5)],
    ids=["not installed", "not kept"],
)
def test_the_definitions_can_be_left_to_somebody_else(setting: str, kept: list[bool]):
    found = of_kind(rendered(setting), "CustomResourceDefinition")

    assert ["annotations" in crd["metadata"] for crd in found] == kept


def test_one_replica_has_no_budget_that_would_keep_its_node_from_being_drained():
    assert of_kind(rendered("replicas=1"), "PodDisruptionBudget") == []


def version_of_the_package() -> str:
    """The version in pyproject.toml."""
    project: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return str(project["version"])


def test_the_chart_has_the_version_of_the_package():
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())

    assert chart["version"] == chart["appVersion"] == version_of_the_package()


def test_every_value_is_used_by_a_template():
    templates = "".join(path.read_text() for path in (CHART / "templates").iterdir())

    def leaves(values: Any, path: str = "") -> list[str]:
        if not isinstance(values, dict) or not values:
            return [path]
        return [leaf for key, value in values.items() for leaf in leaves(value, f"{path}.{key}")]

    values = leaves(yaml.safe_load((CHART / "values.yaml").read_text()))
    idle = [leaf for leaf in values if not re.search(rf"\.{leaf.rpartition('.')[2]}\b", templates)]
    assert [leaf for leaf in idle if not leaf.startswith((".resources.", ".metrics.dashboard.labels."))] == []


def test_the_operator_is_started_with_options_that_it_has():
    (container,) = operator(rendered())["spec"]["containers"]

    said = CliRunner().invoke(app, ["run", "--help"], env={"COLUMNS": "200", "TERM": "dumb"}).output
    options = [word.partition("=")[0] for word in container["args"] if word.startswith("--")]
    assert options
    assert [option for option in options if option not in said] == []


def test_the_replicas_lead_by_a_lease_that_they_may_change():
    objects = rendered()
    (container,) = operator(objects)["spec"]["containers"]

    (lease,) = [word.partition("=")[2] for word in container["args"] if word.startswith("--lease=")]
    (role,) = of_kind(objects, "Role")
    named = [rule["resourceNames"] for rule in role["rules"] if "patch" in rule["verbs"]]
    assert lease.split("/") == [role["metadata"]["namespace"], *named[0]]


def test_names_of_digits_stay_texts():
    said = templated(
        values={
            "priorityClassName": "1000",
            "mlflow": {"credentialsSecret": "123"},
            "rbac": {"namespaces": [{"name": "42"}]},
            "webhooks": {"enabled": True, "ingress": {"host": "h.example.com", "className": "7", "tlsSecret": "8"}},
        }
    )
    objects = [document for document in yaml.safe_load_all(said.stdout) if document]
    (deployment,), (ingress,) = of_kind(objects, "Deployment"), of_kind(objects, "Ingress")
    pod = deployment["spec"]["template"]["spec"]

    assert (pod["priorityClassName"], pod["containers"][0]["envFrom"][0]["secretRef"]["name"]) == ("1000", "123")
    assert (ingress["spec"]["ingressClassName"], ingress["spec"]["tls"][0]["secretName"]) == ("7", "8")
    named = {each["metadata"]["namespace"] for each in objects if each["kind"] == "Role"}
    assert "42" in named
    assert [name for name in named if not isinstance(name, str)] == []
