"""What `kubectl get` shows."""

from datetime import UTC, datetime
from typing import Any

import pytest

from api_caller import Cluster, Widgets, a_config_map, a_deployment, a_job, a_pod
from kanaria.local.apiserver.tables import human, look_up

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
COLUMNS = [
    {"name": "Ready", "type": "string", "jsonPath": '.status.conditions[?(@.type=="Ready")].status'},
    {"name": "Weight", "type": "integer", "jsonPath": ".spec.weight", "priority": 1},
    {"name": "Seen", "type": "date", "jsonPath": ".spec.seen"},
]


async def cells(cluster: Cluster, path: str) -> dict[str, Any]:
    """The only row of a table, by column."""
    table = (await cluster.get(path, Accept=TABLE)).body
    (row,) = table["rows"]
    return dict(zip([each["name"] for each in table["columnDefinitions"]], row["cells"], strict=True))


async def test_columns_of_a_definition_are_shown(widgets: Widgets) -> None:
    path = await widgets.define(additionalPrinterColumns=COLUMNS)
    ready = {"conditions": [{"type": "Other", "status": "False"}, {"type": "Ready", "status": "True"}]}
    seen = "2020-01-01T00:00:00Z"
    await widgets.cluster.create(path, widgets.made(weight=5, seen=seen) | {"status": ready})
    table = (await widgets.cluster.get(path, Accept=TABLE)).body
    shown = await cells(widgets.cluster, path)

    assert [each["priority"] for each in table["columnDefinitions"]] == [0, 0, 1, 0]
    assert {key: shown[key] for key in ("Name", "Ready", "Weight")} == {"Name": "a", "Ready": "True", "Weight": 5}
    assert shown["Seen"].endswith(("d", "y"))


async def test_without_columns_name_and_age_are_shown(widgets: Widgets) -> None:
    path = await widgets.define()
    await widgets.cluster.create(path, widgets.made())

    assert list(await cells(widgets.cluster, path)) == ["Name", "Age"]


@pytest.mark.parametrize(
    ("plural", "sent", "expected"),
    [
        pytest.param("configmaps", a_config_map("a", x="1"), {"Data": "1"}, id="ConfigMap"),
        pytest.param(
            "secrets",
            {"metadata": {"name": "a"}, "stringData": {"x": "y"}},
            {"Type": "Opaque", "Data": "1"},
            id="Secret",
        ),
        pytest.param(
            "pods", a_pod(schedulerName="none"), {"Ready": "0/1", "Status": "Pending", "Restarts": "0"}, id="Pod"
        ),
        pytest.param("jobs", a_job(suspend=True), {"Completions": "0/1"}, id="Job"),
        pytest.param("deployments", a_deployment(replicas=0), {"Ready": "0/0", "Available": "0"}, id="Deployment"),
        pytest.param(
            "leases", {"metadata": {"name": "a"}, "spec": {"holderIdentity": "me"}}, {"Holder": "me"}, id="Lease"
        ),
    ],
)
async def test_built_in_types_have_their_columns(
    cluster: Cluster, plural: str, sent: dict[str, Any], expected: dict[str, str]
) -> None:
    await cluster.create(cluster.at(plural), sent)
    shown = await cells(cluster, f"{cluster.at(plural)}?fieldSelector=metadata.name=a")

    assert {key: str(shown[key]) for key in expected} == expected
    assert shown["Name"] == "a"


@pytest.mark.parametrize(
    ("include", "kind"),
    [pytest.param("Metadata", "PartialObjectMetadata", id="metadata"), pytest.param("Object", "ConfigMap", id="whole")],
)
async def test_rows_bring_their_object_as_asked(cluster: Cluster, include: str, kind: str) -> None:
    await cluster.create(cluster.at("configmaps"), a_config_map("a", x="1"))
    path = f"{cluster.at('configmaps')}?includeObject={include}&fieldSelector=metadata.name=a"
    table = (await cluster.get(path, Accept=TABLE)).body

    assert table["rows"][0]["object"]["kind"] == kind
    assert int(table["metadata"]["resourceVersion"]) > 0


async def test_metadata_can_be_read_alone(cluster: Cluster) -> None:
    await cluster.create(cluster.at("configmaps"), a_config_map("a", x="1"))
    accept = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
    found = (await cluster.get(f"{cluster.at('configmaps')}?fieldSelector=metadata.name=a", Accept=accept)).body

    assert found["kind"] == "PartialObjectMetadataList"
    assert "data" not in found["items"][0]


BODY = {
    "metadata": {"annotations": {"a.b/c": "dotted"}},
    "spec": {"list": [{"n": 1}, {"n": 2}], "flag": False},
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        pytest.param(".spec.flag", [False], id="a field"),
        pytest.param(".spec.list[1].n", [2], id="by index"),
        pytest.param(".spec.list[*].n", [1, 2], id="all"),
        pytest.param(r".metadata.annotations.a\.b/c", ["dotted"], id="escaped dots"),
        pytest.param(".metadata.annotations['a.b/c']", ["dotted"], id="quoted"),
        pytest.param(".spec.none.deeper", [], id="absent"),
        pytest.param(".spec.list[7].n", [], id="beyond the end"),
    ],
)
def test_a_path_finds(path: str, found: list[Any]) -> None:
    assert look_up(path, BODY) == found


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (119, "119s"),
        (120, "2m"),
        (185, "3m5s"),
        (600, "10m"),
        (10_799, "179m"),
        (10_860, "3h1m"),
        (28_800, "8h"),
        (172_800, "2d"),
        (180_000, "2d2h"),
        (700_000, "8d"),
        (63_072_000, "2y"),
        (63_072_000 + 86_400, "2y1d"),
        (-5, "0s"),
    ],
)
def test_ages_are_short(seconds: int, text: str) -> None:
    assert human(seconds) == text


async def test_ages_go_by_the_given_clock(cluster: Cluster, clock: Any) -> None:
    await cluster.create(cluster.at("configmaps"), a_config_map("a"))
    clock.pass_time(minutes=5)

    assert (await cells(cluster, f"{cluster.at('configmaps')}?fieldSelector=metadata.name=a"))["Age"] == "5m"
    assert clock() > datetime(2026, 1, 1, tzinfo=UTC)
