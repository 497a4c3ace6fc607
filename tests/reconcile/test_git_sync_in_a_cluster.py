"""A GitSync in a running operator: a real repository, a real API over HTTP."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from kanaria.local.api_client import Api, NotFoundError, Resource
from kanaria.local.apiserver import ApiServer
from kanaria.reconcile.git_sync import GitSyncPass
from operator_world import an_operator
from synced_cluster import a_config_map
from team_repository import TeamRepository
from waiting import eventually

API = "kanaria.dev/v1alpha1"
SYNCS = Resource(API, "gitsyncs", "GitSync")
MAPS = Resource("v1", "configmaps", "ConfigMap")
FILES: dict[str, str | None] = {"deploy/a.yaml": a_config_map("a"), "deploy/b.yaml": a_config_map("b")}


@pytest.fixture
async def api(server: ApiServer, tmp_path: Path) -> AsyncIterator[Api]:
    """With an operator that knows of GitSyncs."""
    plans = {"GitSync": GitSyncPass()}
    async with Api(server.url, "t") as connected, an_operator(server.url, tmp_path, token="t", plans=plans):
        yield connected


@pytest.fixture
async def team(api: Api, tmp_path: Path) -> TeamRepository:
    """A repository that is synced."""
    made = TeamRepository.make(tmp_path)
    made.commit(FILES)
    spec = {"url": made.url, "path": "deploy", "interval": "1s"}
    metadata = {"name": "team", "namespace": "default"}
    await api.create(SYNCS, {"apiVersion": API, "kind": "GitSync", "metadata": metadata, "spec": spec})
    await eventually(lambda: is_applied(api, made.head()))
    return made


async def status(api: Api) -> dict[str, Any]:
    return (await api.get(SYNCS, "default", "team")).get("status") or {}


async def is_applied(api: Api, commit: str) -> bool:
    return (await status(api)).get("lastAppliedRevision") == f"main@sha1:{commit}"


async def stalled(api: Api) -> dict[str, Any]:
    conditions = (await status(api)).get("conditions", [])
    return next((each for each in conditions if each["type"] == "Stalled"), {})


async def value(api: Api, name: str) -> str:
    try:
        return str((await api.get(MAPS, "default", name)).get("data", {}).get("value"))
    except NotFoundError:
        return "gone"


async def test_a_commit_is_applied_and_what_it_removes_goes(api: Api, team: TeamRepository):
    assert [await value(api, name) for name in "ab"] == ["1", "1"]
    commit = team.commit({"deploy/a.yaml": a_config_map("a", "2"), "deploy/b.yaml": None})

    await eventually(lambda: is_applied(api, commit))

    assert [await value(api, name) for name in "ab"] == ["2", "gone"]


async def test_drift_is_put_back_without_waiting_for_a_commit(api: Api, team: TeamRepository):
    body = await api.get(MAPS, "default", "a")
    await api.replace(MAPS, {**body, "data": {"value": "by hand"}})

    async def is_back() -> bool:
        return await value(api, "a") == "1"

    await eventually(is_back)
    assert await is_applied(api, team.head())


async def test_a_field_of_another_manager_is_left_to_it_until_spec_force_names_it(api: Api, team: TeamRepository):
    assert team.head()
    theirs = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "default"}}
    await api.apply(MAPS, {**theirs, "data": {"value": "theirs"}}, owner="other-tool")

    found = await eventually(lambda: stalled(api))

    assert found["reason"] == "FieldConflict"
    told = (
        'deploy/a.yaml, line 1: ConfigMap default/a: Apply failed with 1 conflict: conflict with "other-tool": .data.v'
    )
    assert found["message"].startswith(told)
    assert await value(api, "a") == "theirs"
    sync = await api.get(SYNCS, "default", "team")
    force = [{"kind": "ConfigMap", "name": "a", "fields": ["data"]}]
    await api.replace(SYNCS, {**sync, "spec": {**sync["spec"], "force": force}})

    async def is_taken() -> bool:
        return await value(api, "a") == "1"

    await eventually(is_taken)


async def test_values_of_a_config_map_are_put_in_and_followed(api: Api, team: TeamRepository):
    sizes = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "sizes", "namespace": "default"}}
    await api.create(MAPS, {**sizes, "data": {"size": "7"}})
    sync = await api.get(SYNCS, "default", "team")
    await api.replace(SYNCS, {**sync, "spec": {**sync["spec"], "substituteFrom": [{"name": "sizes"}]}})
    commit = team.commit({"deploy/a.yaml": a_config_map("a", "${size}")})
    await eventually(lambda: is_applied(api, commit))
    assert await value(api, "a") == "7"
    await api.replace(MAPS, {**await api.get(MAPS, "default", "sizes"), "data": {"size": "8"}})

    async def is_followed() -> bool:
        return await value(api, "a") == "8"

    await eventually(is_followed)


async def test_an_object_that_the_server_refuses_stalls_before_anything_is_applied(api: Api, team: TeamRepository):
    bad = a_config_map("c").replace("'1'", "1")
    team.commit({"deploy/a.yaml": a_config_map("a", "2"), "deploy/c.yaml": bad})

    found = await eventually(lambda: stalled(api))

    assert found["reason"] == "ApplyFailed"
    assert found["message"].startswith("deploy/c.yaml, line 1: ConfigMap default/c is refused: ")
    assert await value(api, "a") == "1"


async def test_a_kind_that_is_not_served_stalls(api: Api, team: TeamRepository):
    team.commit({"deploy/x.yaml": "apiVersion: example.com/v1\nkind: Thing\nmetadata: {name: x}\n"})

    found = await eventually(lambda: stalled(api))

    assert "does not serve Thing of example.com/v1" in found["message"]
