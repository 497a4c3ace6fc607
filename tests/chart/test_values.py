"""What the values may be: a wrong one is refused with its name, before anything is installed."""

from typing import Any

import pytest
import yaml

from rendered_chart import CHART, templated


@pytest.mark.parametrize(
    ("values", "named"),
    [
        pytest.param({"replica": 3}, "replica", id="a typo"),
        pytest.param({"mlflow": {"trackingURI": "http://mlflow"}}, "trackingURI", id="a typo below"),
        pytest.param({"mlflow": {"trackingUri": "mlflow:5000"}}, "trackingUri", id="an address without scheme"),
        pytest.param({"mlflow": {"trackingUri": "https://me:pw@mlflow"}}, "trackingUri", id="a password for all teams"),
        pytest.param({"replicas": 0}, "replicas", id="no replica"),
        pytest.param({"image": {"digest": "sha256:1"}}, "digest", id="half a digest"),
        pytest.param({"rbac": {"namespaces": ["wine"]}}, "rbac", id="a namespace without its fields"),
        pytest.param({"rbac": {"namespaces": [{"name": "*"}]}}, "name", id="all namespaces"),
        pytest.param({"rbac": {"namespaces": [{"name": "wine", "gitSecrets": ["*"]}]}}, "gitSecrets", id="all secrets"),
        pytest.param(
            {"rbac": {"namespaces": [{"name": "wine", "serviceAccounts": ["*"]}]}}, "serviceAccounts", id="all accounts"
        ),
        pytest.param({"rbac": {"syncedKinds": [{"apiGroup": "", "resources": ["*"]}]}}, "resources", id="all kinds"),
        pytest.param({"rbac": {"syncedKinds": [{"apiGroup": "*", "resources": ["a"]}]}}, "apiGroup", id="all groups"),
        pytest.param(
            {"rbac": {"syncedKinds": [{"apiGroup": "", "resources": ["secrets"]}]}}, "resources", id="Secrets"
        ),
        pytest.param({"networkPolicy": {"git": {"to": [{"cidr": "0.0.0.0/0"}]}}}, "cidr", id="a peer of no kind"),
        pytest.param({"metricServers": [{"name": "a", "url": "http://me:pw@p"}]}, "url", id="a password in a URL"),
        pytest.param({"metricServers": [{"name": "a", "url": "http://p", "token": "x"}]}, "token", id="a bare token"),
        pytest.param({"mirrors": {"sizeLimit": "lots"}}, "sizeLimit", id="no size"),
    ],
)
def test_a_wrong_value_is_refused_by_name(values: dict[str, Any], named: str):
    said = templated(values=values)

    assert said.returncode != 0
    assert "schema" in said.stderr
    assert named in said.stderr


def test_what_stands_in_the_values_file_is_all_that_the_schema_knows():
    """A field that only one of them has is a field that somebody forgot."""
    schema = yaml.safe_load((CHART / "values.schema.json").read_text())

    def paths(node: dict[str, Any], path: str = "") -> set[str]:
        node = schema["definitions"].get(str(node.get("$ref", "")).rpartition("/")[2], node)
        return {path}.union(*(paths(child, f"{path}.{key}") for key, child in node.get("properties", {}).items()))

    def written(values: Any, path: str = "") -> set[str]:
        children = values.items() if isinstance(values, dict) else ()
        return {path}.union(*(written(child, f"{path}.{key}") for key, child in children))

    values = yaml.safe_load((CHART / "values.yaml").read_text())
    free = (".resources.requests.", ".resources.limits.", ".metrics.dashboard.labels.")
    own = {path for path in written(values) if not path.startswith(free)}
    assert paths(schema) - {".global"} == own
