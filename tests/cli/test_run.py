"""What the platform team configures, by the environment."""

import pytest

from kanaria.cli.run import SettingError, settings_from
from kanaria.measure.servers import MetricServer
from kanaria.reconcile.world import Settings
from kanaria.serving.choice import CanaryRouting


def test_nothing_set_means_nothing_configured():
    assert settings_from({}) == Settings()


def test_each_variable_is_one_setting():
    environment = {
        "KANARIA_MLFLOW_TRACKING_URI": "http://mlflow",
        "KANARIA_GATEWAY_METRICS_URL": "http://gateway/stats",
        "KANARIA_SERVING_URL": "http://serving",
        "KANARIA_RUNNER_IMAGE": "registry.example.com/kanaria:1",
        "KANARIA_DATA_IMAGE": "registry.example.com/kanaria-data:1",
        "KANARIA_CANARY_ROUTING": "httproute",
        "KANARIA_MAX_TRIALS": "5",
        "KANARIA_CLUSTER_NAME": "prod-tokyo",
        "KANARIA_METRIC_SERVERS": '[{"name": "main", "url": "http://metrics:9090/"}]',
    }

    assert settings_from(environment) == Settings(
        mlflow_tracking_uri="http://mlflow",
        gateway_metrics_url="http://gateway/stats",
        serving_url="http://serving",
        runner_image="registry.example.com/kanaria:1",
        data_image="registry.example.com/kanaria-data:1",
        canary_routing=CanaryRouting.HTTP_ROUTE,
        trials_max=5,
        cluster_name="prod-tokyo",
        metric_servers=(MetricServer(name="main", url="http://metrics:9090"),),
    )


@pytest.mark.parametrize("name", ["-prod", "a b", "x\ncluster: y"])
def test_a_name_of_the_cluster_that_would_not_stand_in_a_line_is_refused(name: str):
    with pytest.raises(SettingError, match="KANARIA_CLUSTER_NAME"):
        settings_from({"KANARIA_CLUSTER_NAME": name})


def test_an_unknown_way_of_routing_is_refused_with_those_there_are():
    with pytest.raises(SettingError, match="is 'istio'; it must be one of: auto, native, httproute, knative, none"):
        settings_from({"KANARIA_CANARY_ROUTING": "istio"})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("main=http://p", "this is no JSON: .*; write a list of objects with name and url", id="no JSON"),
        pytest.param('{"name": "a"}', "valid tuple", id="no list"),
        pytest.param('[{"name": "a"}]', r"0\.url: Field required", id="no URL"),
        pytest.param('[{"name": "a", "url": "p:9090"}]', r"0\.url: ", id="no scheme"),
        pytest.param('[{"name": "a", "url": "http://p", "token": "x"}]', r"0\.token: Extra", id="a field too many"),
        pytest.param('[{"name": "a", "url": "http://me:pw@p"}]', "credentials do not belong", id="a password"),
        pytest.param(
            '[{"name": "a", "url": "http://p"}, {"name": "a", "url": "http://q"}]', "'a' is named tw", id="twice"
        ),
    ],
)
def test_servers_that_cannot_be_read_are_told_with_the_place(text: str, said: str):
    with pytest.raises(SettingError, match=f"^KANARIA_METRIC_SERVERS: .*{said}") as raised:
        settings_from({"KANARIA_METRIC_SERVERS": text})
    assert "me:pw" not in str(raised.value)


@pytest.mark.parametrize(
    ("value", "dev", "allowed"),
    [
        ("true", False, True),
        ("1", False, True),
        ("false", False, False),
        ("", False, False),
        ("false", True, True),
    ],
)
def test_file_repositories_are_for_local_clusters_only(value: str, dev: bool, allowed: bool):  # noqa: FBT001 # a table's columns
    assert settings_from({"KANARIA_ALLOW_FILE_REMOTES": value}, dev=dev).allow_file_remotes is allowed


@pytest.mark.parametrize("text", ["0", "-1", "many"])
def test_a_limit_of_trials_is_a_number(text: str):
    with pytest.raises(SettingError, match="KANARIA_MAX_TRIALS"):
        settings_from({"KANARIA_MAX_TRIALS": text})


def test_a_password_of_mlflow_is_not_handed_to_all_teams():
    with pytest.raises(SettingError, match=r"^KANARIA_MLFLOW_TRACKING_URI holds credentials") as raised:
        settings_from({"KANARIA_MLFLOW_TRACKING_URI": "https://me:s3cret@mlflow.example.com"})

    assert "s3cret" not in str(raised.value)
