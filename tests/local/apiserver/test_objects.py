from api_caller import CONFIG_MAPS, CORE, MERGE, Cluster, a_config_map


async def test_an_object_is_created_read_and_listed(cluster: Cluster) -> None:
    made = await cluster.create(CONFIG_MAPS, a_config_map("a", key="value"))
    read = await cluster.get(f"{CONFIG_MAPS}/a")
    listed = await cluster.get(CONFIG_MAPS)

    assert (made.code, read.code, listed.code) == (201, 200, 200)
    assert made.body == read.body
    assert [each["data"] for each in listed.body["items"]] == [{"key": "value"}]
    assert listed.body["kind"] == "ConfigMapList"


async def test_a_write_that_changes_nothing_keeps_the_revision(cluster: Cluster) -> None:
    made = await cluster.create(CONFIG_MAPS, a_config_map("a", key="value"))
    patched = await cluster.patch(f"{CONFIG_MAPS}/a", {"data": {"key": "value"}}, MERGE)

    assert patched.meta["resourceVersion"] == made.meta["resourceVersion"]


async def test_an_object_needs_a_namespace_that_exists(cluster: Cluster) -> None:
    refused = await cluster.create(f"{CORE}/namespaces/nowhere/configmaps", a_config_map())

    assert (refused.code, refused.body["message"]) == (404, 'namespaces "nowhere" not found')
