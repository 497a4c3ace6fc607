"""Which objects are at hand, against a true API server."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from kanaria.cluster.caches import Caches, Written
from kanaria.cluster.client import Client
from kanaria.cluster.store import Change
from kanaria.vocabulary import ObjectRef, Watch
from operator_world import a_client
from scripted_api import Asked, a_scripted_api, listed, status, widget
from waiting import eventually

WITHIN, PATIENCE = 30.0, 300.0  # what has not to be waited for ends long before the caches lose patience
MAPS = Watch("v1", "ConfigMap")
LABELLED = Watch("v1", "ConfigMap", "team")
SECRETS = Watch("v1", "Secret", "team")
ABSENT = Watch("serving.example.com/v1", "Gadget")
WIDGET = ObjectRef("example.com/v1", "Widget", "wine", "w")
ANN, BOB = (ObjectRef("kanaria.dev/v1alpha1", "GitSync", "default", name) for name in ("ann", "bob"))


def a_map(name: str, value: str = "1", **labels: str) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "default", "labels": labels}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"key": value}}


def ref(name: str) -> ObjectRef:
    return ObjectRef("v1", "ConfigMap", "default", name)


@asynccontextmanager
async def caches_of(client: Client, *static: Watch) -> AsyncIterator[tuple[Caches, list[Change]]]:
    changes: list[Change] = []
    caches = Caches(client, static, changes.append, lambda _: None, patience=PATIENCE)
    caches.start()
    await asyncio.wait_for(caches.ready(), WITHIN)
    yield caches, changes
    await caches.stop()


async def test_a_kind_that_is_not_installed_does_not_hold_up_the_others(client: Client):
    await client.apply(a_map("there"))
    async with caches_of(client, MAPS, ABSENT) as (caches, _):
        assert caches.get(ref("there")) is not None
        assert caches.list(ABSENT.api_version, ABSENT.kind) == ()
        assert caches.synced(ABSENT)


async def test_only_labelled_objects_are_kept_of_a_watch_with_a_label(client: Client):
    await client.apply(a_map("mine", team="wine"))
    await client.apply(a_map("other"))
    async with caches_of(client, LABELLED) as (caches, _):
        assert caches.get(ref("mine")) is not None
        assert caches.get(ref("other")) is None
        assert len(caches.list("v1", "ConfigMap", "default", {"team": "wine"})) == 1


async def test_an_object_that_two_watches_see_is_listed_once(client: Client):
    await client.apply(a_map("both", team="wine", owner="ann"))
    async with caches_of(client, LABELLED, Watch("v1", "ConfigMap", "owner")) as (caches, _):
        assert len(caches.list("v1", "ConfigMap")) == 1


async def test_a_pass_sees_what_was_written_before_it(client: Client):
    async with caches_of(client, MAPS) as (caches, _):
        for value in map(str, range(20)):
            stored = await client.apply(a_map("mine", value))
            await caches.caught_up([Written.of(stored)])
            seen = caches.get(ref("mine"))

            assert seen is not None
            assert seen["data"]["key"] == value


async def test_what_no_cache_holds_is_not_waited_for(client: Client):
    stored = await client.apply(a_map("other"))
    async with caches_of(client, LABELLED) as (caches, _):
        await asyncio.wait_for(caches.caught_up([Written.of(stored)]), WITHIN)


async def test_a_wanted_watch_begins_and_ends_with_who_wants_it(client: Client):
    await client.apply(a_map("mine", team="wine"))
    async with caches_of(client, ABSENT) as (caches, changes):
        before = caches.synced(LABELLED)
        caches.want(ANN, [LABELLED])
        caches.want(BOB, [LABELLED])
        await eventually(lambda: caches.synced(LABELLED))
        caches.want(ANN, [])
        kept = caches.get(ref("mine"))
        caches.want(BOB, [])

        assert not before
        assert kept is not None
        assert caches.get(ref("mine")) is None
        assert not caches.synced(LABELLED)
        assert len(changes) == 1


async def test_who_wants_a_watch_is_poked_once_its_objects_are_all_at_hand(client: Client):
    poked: list[ObjectRef] = []
    caches = Caches(client, (), lambda _: None, poked.append)
    caches.want(ANN, [LABELLED])
    caches.want(BOB, [SECRETS, LABELLED])
    await eventually(lambda: caches.synced(LABELLED) and caches.synced(SECRETS))
    await caches.stop()

    assert sorted(poked) == [ANN, BOB, BOB]


async def test_who_wants_what_may_not_be_read_is_told_so_until_it_may():
    watch, poked = Watch("example.com/v1", "Widget"), []
    answers = [status(403, "widgets is forbidden"), listed(5, widget("a", 1))]
    change = {"type": "MODIFIED", "object": widget("a", 6)}
    async with a_scripted_api(list=answers, watch=[[change], []]) as api, a_client(api.url) as client:
        caches = Caches(client, (), lambda _: None, poked.append)
        caches.want(ANN, [watch])
        await eventually(lambda: caches.refused(watch))
        told = (caches.refused(watch), caches.synced(watch), list(poked))
        await eventually(lambda: not caches.refused(watch))
        await caches.stop()

    assert told == ("widgets is forbidden", False, [ANN])
    assert caches.synced(watch)
    assert poked == [ANN, ANN, ANN]


async def test_who_wants_a_kind_that_is_not_served_is_poked_once_it_is():
    watch, poked = Watch("example.com/v1", "Widget"), []
    answers = [status(404, "the server could not find the requested resource"), listed(5, widget("a", 1))]
    async with a_scripted_api(list=answers, watch=[[]]) as api, a_client(api.url) as client:
        caches = Caches(client, (), lambda _: None, poked.append)
        before = caches.served(watch)
        caches.want(ANN, [watch])
        await eventually(lambda: not caches.served(watch))
        told = (caches.synced(watch), list(poked))
        await eventually(lambda: caches.served(watch))
        await caches.stop()

    assert before
    assert told == (True, [ANN])
    assert poked == [ANN, ANN]


async def test_a_wanted_watch_that_a_static_one_covers_is_not_begun_twice(client: Client):
    async with caches_of(client, MAPS) as (caches, changes):
        caches.want(ANN, [LABELLED])
        stored = await client.apply(a_map("mine", team="wine"))
        await caches.caught_up([Written.of(stored)])

        assert caches.synced(LABELLED)
        assert [change.newest["metadata"]["name"] for change in changes] == ["mine"]


async def test_a_deletion_is_told(client: Client):
    await client.apply(a_map("mine"))
    async with caches_of(client, MAPS) as (caches, changes):
        await client.delete(ref("mine"))
        await eventually(lambda: caches.get(ref("mine")) is None)

        assert changes[-1].new is None


async def test_one_kind_changed_while_another_is_wanted(client: Client):
    async with caches_of(client, ABSENT) as (caches, _):
        caches.want(ANN, [LABELLED])
        await eventually(lambda: caches.synced(LABELLED))
        caches.want(ANN, [SECRETS])

        assert not caches.synced(LABELLED)
        await eventually(lambda: caches.synced(SECRETS))


async def test_an_apply_that_says_nothing_new_is_caught_up_at_once(client: Client):
    first = await client.apply(a_map("mine"))
    async with caches_of(client, MAPS) as (caches, _):
        again = await client.apply(a_map("mine"))
        await asyncio.wait_for(caches.caught_up([Written.of(again)]), WITHIN)

        assert first["metadata"]["resourceVersion"] == again["metadata"]["resourceVersion"]


@pytest.mark.parametrize(
    ("answer", "seen"),
    [
        pytest.param(listed(7, widget("w", 7)), "7", id="it is read"),
        pytest.param(listed(7), "1", id="it is gone: the watch will tell"),
        pytest.param(status(500, "no"), "1", id="it cannot be read: the watch will tell"),
    ],
)
async def test_what_the_watch_does_not_show_in_time_is_read(answer: Any, seen: str):
    async def hold(asked: Asked) -> None:
        if asked.query.get("watch"):
            await asyncio.Event().wait()

    async with a_scripted_api(list=[listed(1, widget("w", 1))], found=[answer]) as api, a_client(api.url) as client:
        api.hold = hold
        caches = Caches(client, [Watch("example.com/v1", "Widget")], lambda _: None, lambda _: None, patience=0.01)
        caches.start()
        await asyncio.wait_for(caches.ready(), WITHIN)
        await caches.caught_up([Written(WIDGET, 7, frozenset())])
        found = caches.get(WIDGET)
        await caches.stop()

    assert found is not None
    assert found["metadata"]["resourceVersion"] == seen
