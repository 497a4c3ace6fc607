"""What clients are told no, and with which code: each of these was once found to differ from a real API server."""

from typing import Any

import pytest

from api_caller import MERGE, STRATEGIC, Cluster, Widgets, a_config_map, a_deployment, a_job, a_pod


@pytest.mark.parametrize(
    ("plural", "body", "code"),
    [
        pytest.param("configmaps", {"metadata": {"name": "a"}, "data": [1]}, 400, id="a list for a map"),
        pytest.param("pods", a_pod(containers="none"), 400, id="text for containers"),
        pytest.param("pods", a_pod(containers=[{"name": "a"}]), 422, id="no image"),
        pytest.param("pods", a_pod(containers=[{"name": "a", "image": "b"}] * 2), 422, id="two of a name"),
        pytest.param("secrets", {"metadata": {"name": "a"}, "data": {"k": "?"}}, 400, id="no base64"),
        pytest.param("configmaps", {"metadata": {"name": "a", "finalizers": ["x"]}}, 422, id="a bare finalizer"),
    ],
)
async def test_a_body_that_does_not_fit_is_refused(
    cluster: Cluster, plural: str, body: dict[str, Any], code: int
) -> None:
    refused = await cluster.create(cluster.at(plural), body)

    assert refused.code == code


@pytest.mark.parametrize("query", ["limit=x", "fieldSelector=data.k=v", "watch=true&timeoutSeconds=x"])
async def test_a_question_that_cannot_be_answered_is_refused(cluster: Cluster, query: str) -> None:
    refused = await cluster.get(f"{cluster.at('configmaps')}?{query}")

    assert refused.code == 400


async def test_a_list_that_is_a_map_holds_no_key_twice(widgets: Widgets) -> None:
    item = {"type": "object", "properties": {"name": {"type": "string"}}}
    keyed = {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]}
    listed = {"type": "array", "items": item} | keyed
    path = await widgets.define({"type": "object", "properties": {"parts": listed}})
    refused = await widgets.cluster.create(path, widgets.made(parts=[{"name": "x"}, {"name": "x"}]))

    assert (refused.code, refused.fields) == (422, ["spec.parts[1]"])


async def test_a_custom_object_must_say_what_it_is(widgets: Widgets) -> None:
    refused = await widgets.cluster.create(await widgets.define(), {"metadata": {"name": "a"}})

    assert refused.code == 400


async def test_items_of_a_list_of_a_built_in_type_do_not_repeat_their_kind(cluster: Cluster) -> None:
    await cluster.create(cluster.at("configmaps"), a_config_map())
    listed = await cluster.get(cluster.at("configmaps"))

    assert [each.keys() & {"kind", "apiVersion"} for each in listed.body["items"]] == [set()]


async def test_new_items_of_a_strategic_patch_stand_where_the_patch_says(cluster: Cluster) -> None:
    path = cluster.at("deployments")
    await cluster.create(path, a_deployment())
    containers = [{"name": "side", "image": "b"}, {"name": "main", "image": "c"}]
    patch = {"spec": {"template": {"spec": {"containers": containers}}}}
    made = await cluster.patch(f"{path}/a", patch, STRATEGIC)

    assert [each["name"] for each in made.body["spec"]["template"]["spec"]["containers"]] == ["side", "main"]


async def test_the_state_in_which_an_object_ends_is_seen_by_nobody(cluster: Cluster) -> None:
    path = cluster.at("configmaps")
    made = a_config_map()
    await cluster.create(path, made | {"metadata": made["metadata"] | {"finalizers": ["example.com/f"]}})
    going = await cluster.delete(f"{path}/a")
    async with cluster.watch(f"{path}?resourceVersion={going.meta['resourceVersion']}") as watch:
        await cluster.patch(f"{path}/a", {"metadata": {"finalizers": None}}, MERGE)
        kind, last = await watch.next()

    assert (kind, last["metadata"]["finalizers"]) == ("DELETED", ["example.com/f"])


async def test_the_count_of_a_job_is_fixed(cluster: Cluster) -> None:
    path = cluster.at("jobs")
    await cluster.create(path, a_job())
    refused = await cluster.patch(f"{path}/a", {"spec": {"completions": 3}}, MERGE)

    assert (refused.code, refused.fields) == (422, ["spec.completions"])
