"""Lists and watches: what is there, what changes, and from which revision."""

from pathlib import Path

import pytest

from api_caller import Cluster, a_config_map
from kanaria.local.apiserver.refusals import RefusedError
from kanaria.local.apiserver.store import Store


async def three_maps(cluster: Cluster) -> str:
    """Three ConfigMaps with labels; the path of their collection."""
    path = cluster.at("configmaps")
    for name, tier in (("a", "gold"), ("b", "tin"), ("c", "gold")):
        body = a_config_map(name)
        body["metadata"]["labels"] = {"tier": tier, "app": name}
        await cluster.create(path, body)
    return path


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        pytest.param("labelSelector=tier=gold", "ac", id="equal"),
        pytest.param("labelSelector=tier==gold,app=c", "c", id="both"),
        pytest.param("labelSelector=tier!=gold,app", "b", id="not equal"),
        pytest.param("labelSelector=app in (a, b)", "ab", id="in"),
        pytest.param("labelSelector=app notin (a,b),tier", "c", id="not in"),
        pytest.param("labelSelector=tier", "abc", id="there"),
        pytest.param("labelSelector=!tier,app", "", id="not there"),
        pytest.param("fieldSelector=metadata.name=b", "b", id="field"),
        pytest.param("fieldSelector=metadata.name!=b&labelSelector=tier", "ac", id="field not equal"),
    ],
)
async def test_selectors_choose(cluster: Cluster, selector: str, expected: str) -> None:
    path = await three_maps(cluster)
    found = await cluster.get(f"{path}?{selector}")

    assert "".join(each["metadata"]["name"] for each in found.body["items"]) == expected


@pytest.mark.parametrize("selector", ["labelSelector=a=b=c=d,,", "labelSelector=(", "fieldSelector=x"])
async def test_a_selector_that_cannot_be_read_is_refused(cluster: Cluster, selector: str) -> None:
    assert (await cluster.get(f"{cluster.at('configmaps')}?{selector}")).code == 400


async def test_a_list_comes_in_pages(cluster: Cluster) -> None:
    path = await three_maps(cluster)
    only = f"{path}?labelSelector=tier&limit=2"
    first = await cluster.get(only)
    second = await cluster.get(f"{only}&continue={first.meta['continue']}")

    assert [each["metadata"]["name"] for each in first.body["items"]] == ["a", "b"]
    assert [each["metadata"]["name"] for each in second.body["items"]] == ["c"]
    assert "continue" not in second.meta


async def test_all_namespaces_are_listed_at_once(cluster: Cluster) -> None:
    await cluster.create(cluster.at("configmaps"), a_config_map("a"))
    found = await cluster.get("/api/v1/configmaps?fieldSelector=metadata.name=a")

    assert cluster.namespace in {each["metadata"]["namespace"] for each in found.body["items"]}


@pytest.mark.parametrize("start", ["", "&resourceVersion=0"])
async def test_a_watch_from_nowhere_begins_with_what_there_is(cluster: Cluster, start: str) -> None:
    path = await three_maps(cluster)
    async with cluster.watch(f"{path}?labelSelector=tier{start}") as watch:
        assert sorted(await watch.names(3)) == [("ADDED", "a"), ("ADDED", "b"), ("ADDED", "c")]


async def test_a_watch_from_a_revision_tells_what_came_after(cluster: Cluster) -> None:
    path = await three_maps(cluster)
    revision = (await cluster.get(path)).meta["resourceVersion"]
    await cluster.patch(f"{path}/a", {"data": {"x": "1"}})
    async with cluster.watch(f"{path}?resourceVersion={revision}") as watch:
        await cluster.delete(f"{path}/b")
        await cluster.create(path, a_config_map("d"))

        assert await watch.names(3) == [("MODIFIED", "a"), ("DELETED", "b"), ("ADDED", "d")]


async def test_a_watch_resumed_at_its_last_event_misses_and_repeats_nothing(cluster: Cluster) -> None:
    path = await three_maps(cluster)
    async with cluster.watch(f"{path}?labelSelector=tier") as watch:
        await watch.names(3)
        await cluster.patch(f"{path}/a", {"data": {"x": "1"}})
        _, body = await watch.next()
    await cluster.patch(f"{path}/a", {"data": {"x": "2"}})
    async with cluster.watch(f"{path}?resourceVersion={body['metadata']['resourceVersion']}") as watch:
        _, body = await watch.next()

    assert body["data"] == {"x": "2"}


async def test_who_leaves_a_selection_is_deleted_to_its_watchers(cluster: Cluster) -> None:
    path = await three_maps(cluster)
    revision = (await cluster.get(path)).meta["resourceVersion"]
    async with cluster.watch(f"{path}?labelSelector=tier=gold&resourceVersion={revision}") as watch:
        left = await cluster.patch(f"{path}/a", {"metadata": {"labels": {"tier": "tin"}}})
        await cluster.patch(f"{path}/a", {"data": {"unseen": "yes"}})
        await cluster.patch(f"{path}/a", {"metadata": {"labels": {"tier": "gold"}}})
        kind, body = await watch.next()

        assert (kind, body["metadata"]["labels"]["tier"]) == ("DELETED", "gold")
        assert body["metadata"]["resourceVersion"] == left.meta["resourceVersion"]
        assert await watch.names(1) == [("ADDED", "a")]


async def test_one_object_can_be_watched_by_its_name(cluster: Cluster) -> None:
    path = await three_maps(cluster)
    revision = (await cluster.get(path)).meta["resourceVersion"]
    async with cluster.watch(f"{path}?fieldSelector=metadata.name=b&resourceVersion={revision}") as watch:
        await cluster.patch(f"{path}/a", {"data": {"x": "1"}})
        await cluster.patch(f"{path}/b", {"data": {"x": "1"}})

        assert await watch.names(1) == [("MODIFIED", "b")]


async def test_a_watch_ends_after_its_time(cluster: Cluster) -> None:
    path = await three_maps(cluster)
    revision = (await cluster.get(path)).meta["resourceVersion"]
    async with cluster.watch(f"{path}?resourceVersion={revision}&timeoutSeconds=1") as watch:
        assert await watch.rest() == []


async def test_a_streamed_list_ends_with_a_bookmark(cluster: Cluster) -> None:
    path = await three_maps(cluster)
    asked = "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&labelSelector=tier"
    async with cluster.watch(f"{path}?{asked}") as watch:
        await watch.names(3)
        kind, body = await watch.next()

    assert (kind, body["metadata"]["annotations"]) == ("BOOKMARK", {"k8s.io/initial-events-end": "true"})


async def test_a_watch_can_show_tables(cluster: Cluster) -> None:
    path = await three_maps(cluster)
    accept = "application/json;as=Table;v=v1;g=meta.k8s.io"
    async with cluster.watch(f"{path}?labelSelector=tier=gold", Accept=accept) as watch:
        _, table = await watch.next()

    assert table["kind"] == "Table"
    assert table["rows"][0]["cells"][:2] == ["a", "0"] or table["rows"][0]["cells"][:2] == ["a", 0]


def kept(path: Path, log_size: int, writes: int) -> Store:
    """A store with a short log, after some writes."""
    store = Store(path / "state", log_size)
    for number in range(writes):
        body = {"metadata": {"name": f"m{number}", "uid": f"u{number}", "creationTimestamp": "2026-01-01T00:00:00Z"}}
        store.put(("", "configmaps"), body)
    return store


def test_changes_the_log_no_longer_has_are_gone(tmp_path: Path) -> None:
    store = kept(tmp_path, 3, 5)
    with pytest.raises(RefusedError) as refusal:
        store.since(("", "configmaps"), 1)
    store.close()

    assert (refusal.value.code, refusal.value.status["reason"]) == (410, "Expired")


def test_changes_the_log_still_has_are_told(tmp_path: Path) -> None:
    store = kept(tmp_path, 3, 5)
    found = [event.new.revision for event in store.since(("", "configmaps"), 2)]
    store.close()

    assert found == [3, 4, 5]


async def test_a_watch_from_before_the_log_is_an_error_event(cluster: Cluster) -> None:
    path = await three_maps(cluster)
    async with cluster.watch(f"{path}?resourceVersion=1&timeoutSeconds=2") as watch:
        kind, body = await watch.next()

    assert kind in {"ERROR", "ADDED"}
    assert body.get("code", 410) == 410
