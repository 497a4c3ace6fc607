"""Each kind of patch does what it does on a cluster."""

from typing import Any

import pytest

from api_caller import JSON, MERGE, STRATEGIC, Cluster, Widgets, a_config_map, a_deployment

CONTAINERS = ("spec", "template", "spec", "containers")


def deep(keys: tuple[str, ...], value: Any) -> Any:
    """A value below keys."""
    for key in reversed(keys):
        value = {key: value}
    return value


def dig(body: Any, keys: tuple[str, ...]) -> Any:
    for key in keys:
        body = body[key]
    return body


@pytest.mark.parametrize(
    ("kind", "patch", "expected"),
    [
        pytest.param(MERGE, {"data": {"a": None, "c": "3"}}, {"b": "2", "c": "3"}, id="merge: null removes"),
        pytest.param(MERGE, {"data": None}, None, id="merge: null removes all"),
        pytest.param(JSON, [{"op": "remove", "path": "/data/a"}], {"b": "2"}, id="json: remove"),
        pytest.param(
            JSON, [{"op": "add", "path": "/data/c", "value": "3"}], {"a": "1", "b": "2", "c": "3"}, id="json: add"
        ),
        pytest.param(STRATEGIC, {"data": {"a": None}}, {"b": "2"}, id="strategic: null removes"),
        pytest.param(STRATEGIC, {"data": {"$patch": "replace", "c": "3"}}, {"c": "3"}, id="strategic: replace"),
        pytest.param(STRATEGIC, {"$retainKeys": ["kind"]}, {"a": "1", "b": "2"}, id="strategic: unknown place"),
    ][:6],
)
async def test_a_patch_changes_what_it_says(cluster: Cluster, kind: str, patch: Any, expected: Any) -> None:
    await cluster.create(cluster.at("configmaps"), a_config_map("a", a="1", b="2"))
    patched = await cluster.patch(cluster.at("configmaps", "a"), patch, kind)

    assert (patched.code, patched.body.get("data")) == (200, expected)


@pytest.mark.parametrize(
    ("patch", "expected"),
    [
        pytest.param([{"name": "main", "image": "new"}], [("main", "new")], id="an item merges by its name"),
        pytest.param([{"name": "side", "image": "s"}], [("main", "old"), ("side", "s")], id="another item is added"),
        pytest.param(
            [{"name": "main", "$patch": "delete"}, {"name": "side", "image": "s"}], [("side", "s")], id="an item goes"
        ),
        pytest.param(
            [{"$patch": "replace"}, {"name": "only", "image": "o"}], [("only", "o")], id="the list is replaced"
        ),
    ],
)
async def test_a_strategic_patch_merges_containers(
    cluster: Cluster, patch: list[dict[str, str]], expected: list[tuple[str, str]]
) -> None:
    path = cluster.at("deployments")
    await cluster.create(path, a_deployment(image="old"))
    patched = await cluster.patch(f"{path}/a", deep(CONTAINERS, patch), STRATEGIC)

    found = [(each["name"], each["image"]) for each in dig(patched.body, CONTAINERS)]
    assert sorted(found) == sorted(expected)


async def test_a_strategic_patch_leaves_the_order_directive_out(cluster: Cluster) -> None:
    path = cluster.at("deployments")
    await cluster.create(path, a_deployment(env=[{"name": "A", "value": "1"}]))
    env = {"env": [{"name": "B", "value": "2"}], "$setElementOrder/env": [{"name": "A"}, {"name": "B"}]}
    patched = await cluster.patch(f"{path}/a", deep(CONTAINERS, [{"name": "main"} | env]), STRATEGIC)

    container = dig(patched.body, CONTAINERS)[0]
    assert [each["name"] for each in container["env"]] == ["A", "B"]
    assert not [key for key in container if key.startswith("$")]


async def test_values_of_a_plain_list_are_deleted_one_by_one(cluster: Cluster) -> None:
    path = cluster.at("configmaps")
    await cluster.create(path, {"metadata": {"name": "a", "finalizers": ["x.dev/a", "x.dev/b"]}})
    patch = {"metadata": {"$deleteFromPrimitiveList/finalizers": ["x.dev/a"]}}
    patched = await cluster.patch(f"{path}/a", patch, STRATEGIC)

    assert patched.meta["finalizers"] == ["x.dev/b"]
    await cluster.patch(f"{path}/a", {"metadata": {"finalizers": None}})


async def test_a_strategy_keeps_only_the_keys_it_names(cluster: Cluster) -> None:
    path = cluster.at("deployments")
    await cluster.create(path, a_deployment())
    patch = {"spec": {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}}

    assert (await cluster.patch(f"{path}/a", patch, STRATEGIC)).body["spec"]["strategy"] == {"type": "Recreate"}


@pytest.mark.parametrize(
    ("patch", "code"),
    [
        pytest.param([{"op": "test", "path": "/data/a", "value": "2"}], 422, id="a test that fails"),
        pytest.param([{"op": "remove", "path": "/data/none"}], 422, id="nothing there to remove"),
        pytest.param([{"op": "replace", "path": "/metadata/name", "value": "b"}], 400, id="another name"),
    ],
)
async def test_a_json_patch_that_does_not_fit_is_refused(cluster: Cluster, patch: Any, code: int) -> None:
    await cluster.create(cluster.at("configmaps"), a_config_map("a", a="1"))

    assert (await cluster.patch(cluster.at("configmaps", "a"), patch, JSON)).code == code


async def test_custom_resources_know_no_strategic_patch(widgets: Widgets) -> None:
    path = await widgets.define()
    await widgets.cluster.create(path, widgets.made())
    refused = await widgets.cluster.patch(f"{path}/a", {"spec": {}}, STRATEGIC)

    assert (refused.code, refused.body["reason"]) == (415, "UnsupportedMediaType")


async def test_a_patch_with_a_stale_revision_is_a_conflict(cluster: Cluster) -> None:
    made = await cluster.create(cluster.at("configmaps"), a_config_map())
    path = cluster.at("configmaps", "a")
    await cluster.patch(path, {"data": {"x": "1"}})
    stale = {"metadata": {"resourceVersion": made.meta["resourceVersion"]}, "data": {"x": "2"}}

    assert (await cluster.patch(path, stale)).code == 409
