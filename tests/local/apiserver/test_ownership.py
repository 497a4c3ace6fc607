"""Server-side apply: who owns what, who may change it, and what goes when nobody wants it any more."""

from typing import Any

import pytest

from api_caller import JSON, Cluster, Widgets, a_config_map, a_deployment


def fields_of(body: dict[str, Any], manager: str) -> dict[str, Any]:
    """What a manager owns, as managedFields says it."""
    found = [each["fieldsV1"] for each in body["metadata"]["managedFields"] if each["manager"] == manager]
    return found[0] if found else {}


async def test_applying_creates_and_owns(cluster: Cluster) -> None:
    path = cluster.at("configmaps", "a")
    made = await cluster.apply(path, a_config_map("a", x="1"), "one")
    again = await cluster.apply(path, a_config_map("a", x="1"), "one")

    assert (made.code, again.code) == (201, 200)
    assert fields_of(made.body, "one") == {"f:data": {"f:x": {}}}
    assert again.meta["resourceVersion"] == made.meta["resourceVersion"]


async def test_another_manager_meets_a_conflict_and_may_force_it(cluster: Cluster) -> None:
    path = cluster.at("configmaps", "a")
    await cluster.apply(path, a_config_map("a", x="1", y="1"), "one")
    refused = await cluster.apply(path, a_config_map("a", x="2"), "two")
    forced = await cluster.apply(path, a_config_map("a", x="2"), "two", force=True)

    assert refused.code == 409
    assert refused.body["message"] == 'Apply failed with 1 conflict: conflict with "one": .data.x'
    assert refused.fields == [".data.x"]
    assert refused.body["details"]["causes"][0]["reason"] == "FieldManagerConflict"
    assert forced.body["data"] == {"x": "2", "y": "1"}
    assert fields_of(forced.body, "one") == {"f:data": {"f:y": {}}}


async def test_many_conflicts_are_all_told(cluster: Cluster) -> None:
    path = cluster.at("configmaps", "a")
    await cluster.apply(path, a_config_map("a", x="1", y="1"), "one")
    refused = await cluster.apply(path, a_config_map("a", x="2", y="2"), "two")

    told = 'Apply failed with 2 conflicts: conflicts with "one":\n- .data.x\n- .data.y'
    assert refused.body["message"] == told


async def test_equal_values_are_owned_together(cluster: Cluster) -> None:
    path = cluster.at("configmaps", "a")
    await cluster.apply(path, a_config_map("a", x="1"), "one")
    shared = await cluster.apply(path, a_config_map("a", x="1"), "two")
    left = await cluster.apply(path, a_config_map("a", z="1"), "one")
    gone = await cluster.apply(path, a_config_map("a"), "two")

    assert fields_of(shared.body, "one") == fields_of(shared.body, "two") == {"f:data": {"f:x": {}}}
    assert left.body["data"] == {"x": "1", "z": "1"}
    assert gone.body["data"] == {"z": "1"}


async def test_a_field_applied_no_longer_goes(cluster: Cluster) -> None:
    path = cluster.at("configmaps", "a")
    await cluster.apply(path, a_config_map("a", x="1", y="1"), "one")
    left = await cluster.apply(path, a_config_map("a", y="1"), "one")

    assert left.body["data"] == {"y": "1"}


async def test_an_update_takes_ownership_of_what_it_changes(cluster: Cluster) -> None:
    path = cluster.at("configmaps", "a")
    await cluster.apply(path, a_config_map("a", x="1", y="1"), "one")
    patched = await cluster.patch(f"{path}?fieldManager=hand", {"data": {"x": "2"}})
    refused = await cluster.apply(path, a_config_map("a", x="1", y="1"), "one")

    assert fields_of(patched.body, "hand") == {"f:data": {"f:x": {}}}
    assert refused.body["message"] == 'Apply failed with 1 conflict: conflict with "hand" using v1: .data.x'


async def test_an_object_made_without_apply_can_be_applied(cluster: Cluster) -> None:
    await cluster.create(f"{cluster.at('configmaps')}?fieldManager=hand", a_config_map("a", x="1"))
    path = cluster.at("configmaps", "a")
    same = await cluster.apply(path, a_config_map("a", x="1"), "one")
    other = await cluster.apply(path, a_config_map("a", x="2"), "one")

    assert (same.code, other.code) == (200, 409)


async def test_containers_and_their_lists_are_owned_by_key(cluster: Cluster) -> None:
    path = cluster.at("deployments", "a")
    ports = [{"containerPort": 80}]
    made = await cluster.apply(path, a_deployment(env=[{"name": "A", "value": "1"}], ports=ports), "one")
    owned = fields_of(made.body, "one")["f:spec"]["f:template"]["f:spec"]["f:containers"]['k:{"name":"main"}']

    assert owned["."] == {}
    assert owned["f:env"]['k:{"name":"A"}'] == {".": {}, "f:name": {}, "f:value": {}}
    assert '{"containerPort":80,"protocol":"TCP"}' in str(owned["f:ports"])


async def test_two_managers_share_a_list_by_its_keys(cluster: Cluster) -> None:
    path = cluster.at("deployments", "a")
    await cluster.apply(path, a_deployment(env=[{"name": "A", "value": "1"}]), "one")
    container = {"name": "main", "env": [{"name": "B", "value": "2"}]}
    other = {"spec": {"template": {"spec": {"containers": [container]}}}}
    kind = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"}}
    both = await cluster.apply(path, kind | other, "two")
    less = await cluster.apply(path, a_deployment(), "one")

    assert both.code == 200, both.body
    assert env_of(both.body) == {"A": "1", "B": "2"}
    assert env_of(less.body) == {"B": "2"}


def env_of(body: dict[str, Any]) -> dict[str, str]:
    container = body["spec"]["template"]["spec"]["containers"][0]
    return {each["name"]: each["value"] for each in container.get("env", ())}


async def test_status_is_owned_apart(cluster: Cluster) -> None:
    path = cluster.at("deployments", "a")
    await cluster.apply(path, a_deployment(), "one")
    kind = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"}}
    status = {"status": {"replicas": 1}, "spec": {"replicas": 5}}
    applied = await cluster.apply(f"{path}/status", kind | status, "one")

    entry = next(each for each in applied.meta["managedFields"] if each.get("subresource") == "status")
    assert entry["fieldsV1"] == {"f:status": {"f:replicas": {}}}
    assert applied.body["spec"]["replicas"] == 1
    assert applied.meta["generation"] == 1


async def test_a_widget_merges_as_its_schema_says(widgets: Widgets) -> None:
    item = {
        "type": "object",
        "properties": {"name": {"type": "string"}, "size": {"type": "integer"}},
        "required": ["name"],
    }
    by_name = {"type": "array", "items": item, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]}
    tags = {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set"}
    whole = {"type": "array", "items": {"type": "string"}}
    schema = {"type": "object", "properties": {"parts": by_name, "tags": tags, "words": whole}}
    path = f"{await widgets.define(schema)}/a"
    cluster = widgets.cluster
    await cluster.apply(path, widgets.made(parts=[{"name": "x", "size": 1}], tags=["a"], words=["w"]), "one")
    both = await cluster.apply(path, widgets.made(parts=[{"name": "y", "size": 2}], tags=["b"]), "two")
    clash = await cluster.apply(path, widgets.made(words=["v"]), "two")
    less = await cluster.apply(path, widgets.made(words=["w"]), "one")

    assert [each["name"] for each in both.body["spec"]["parts"]] == ["x", "y"]
    assert sorted(both.body["spec"]["tags"]) == ["a", "b"]
    assert fields_of(both.body, "two") == {
        "f:spec": {"f:parts": {'k:{"name":"y"}': {".": {}, "f:name": {}, "f:size": {}}}, "f:tags": {'v:"b"': {}}}
    }
    assert clash.fields == [".spec.words"]
    assert less.body["spec"] == {"parts": [{"name": "y", "size": 2}], "tags": ["b"], "words": ["w"]}


@pytest.mark.parametrize(
    ("query", "change", "code"),
    [
        pytest.param("", {}, 422, id="no manager"),
        pytest.param("?fieldManager=one", {"metadata": {"name": "b"}}, 400, id="another name"),
        pytest.param(
            "?fieldManager=one",
            {"metadata": {"name": "a", "managedFields": [{"manager": "x"}]}},
            400,
            id="managedFields",
        ),
    ],
)
async def test_an_apply_must_say_who_and_what(cluster: Cluster, query: str, change: dict[str, Any], code: int) -> None:
    path = f"{cluster.at('configmaps', 'a')}{query}"
    refused = await cluster.patch(path, a_config_map("a") | change, "application/apply-patch+yaml")

    assert refused.code == code


async def test_an_applied_object_may_be_yaml(cluster: Cluster) -> None:
    text = b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {on: '1', date: 2026-01-01}\n"
    path = f"{cluster.at('configmaps', 'a')}?fieldManager=one"
    made = await cluster.patch(path, text, "application/apply-patch+yaml")

    assert made.body["data"] == {"true": "1", "date": "2026-01-01"}


async def test_owners_can_be_rewritten_by_hand(cluster: Cluster) -> None:
    await cluster.create(f"{cluster.at('configmaps')}?fieldManager=old", a_config_map("a", x="1"))
    path = cluster.at("configmaps", "a")
    rename = [{"op": "replace", "path": "/metadata/managedFields/0/manager", "value": "new"}]
    await cluster.patch(path, rename, JSON)
    read = await cluster.get(path)

    assert [each["manager"] for each in read.meta["managedFields"]] == ["new"]


KEYED = {
    "type": "object",
    "properties": {
        "size": {"type": "integer"},
        "parts": {
            "type": "array",
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["name"],
            "items": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}},
        },
    },
}


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        pytest.param({"sise": 1}, ".spec.sise: field not declared in schema", id="unknown field"),
        pytest.param({"size": "x"}, ".spec.size: expected", id="wrong type"),
        pytest.param({"parts": [{"name": "x"}, {"name": "x"}]}, "duplicate entries for key", id="an item twice"),
    ],
)
async def test_what_does_not_fit_the_schema_cannot_be_applied(
    widgets: Widgets, spec: dict[str, Any], told: str
) -> None:
    path = await widgets.define(KEYED)
    refused = await widgets.cluster.apply(f"{path}/a", widgets.made(**spec), "one")

    assert refused.code == 500
    assert told in refused.body["message"]


@pytest.mark.parametrize(
    ("live", "applied", "expected"),
    [
        pytest.param("a", "ba", "ba", id="new before old"),
        pytest.param("ab", "ba", "ba", id="turned around"),
        pytest.param("ax", "a", "ax", id="others stay behind"),
        pytest.param("xa", "a", "xa", id="others stay before"),
    ],
)
async def test_items_stand_as_the_last_applier_wants(widgets: Widgets, live: str, applied: str, expected: str) -> None:
    path = f"{await widgets.define(KEYED)}/a"
    await widgets.cluster.apply(path, widgets.made(parts=[{"name": each} for each in live]), "one")
    merged = await widgets.cluster.apply(path, widgets.made(parts=[{"name": each} for each in applied]), "two")

    assert "".join(each["name"] for each in merged.body["spec"]["parts"]) == expected


async def test_forgotten_owners_stay_forgotten_until_somebody_applies(cluster: Cluster) -> None:
    path = cluster.at("configmaps", "a")
    await cluster.create(cluster.at("configmaps"), a_config_map("a", x="1"))
    await cluster.patch(path, {"metadata": {"managedFields": [{}]}})
    patched = await cluster.patch(path, {"data": {"y": "1"}})
    applied = await cluster.apply(path, a_config_map("a", x="1"), "one")

    assert "managedFields" not in patched.meta
    assert {each["manager"] for each in applied.meta["managedFields"]} == {"one", "before-first-apply"}


async def test_an_applied_status_touches_no_metadata(cluster: Cluster) -> None:
    path = cluster.at("deployments", "a")
    await cluster.apply(path, a_deployment(replicas=0), "one")
    body = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a", "labels": {"x": "y"}}}
    applied = await cluster.apply(f"{path}/status", body | {"status": {"replicas": 0}}, "two")

    assert "labels" not in applied.meta
