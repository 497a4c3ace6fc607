"""How the objects of one kind are kept at hand, whatever the server does in between."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from kanaria.cluster.reflector import Reflector
from kanaria.cluster.store import Change
from kanaria.vocabulary import ObjectName, Watch
from operator_world import a_client
from scripted_api import SERVED, ScriptedApi, a_scripted_api, listed, status, told, widget
from waiting import eventually

WIDGETS = Watch("example.com/v1", "Widget")


class Listener:
    """A reflector, what it told, and how long it waited before it tried again."""

    def __init__(self) -> None:
        self.changes: list[str] = []
        self.waits: list[float] = []
        self.synced = 0
        self.reflector: Reflector

    def hear(self, change: Change) -> None:
        was, is_ = (m["metadata"]["resourceVersion"] if m else "-" for m in (change.old, change.new))
        self.changes.append(f"{change.newest['metadata']['name']} {was}>{is_}")

    def in_sync(self) -> None:
        self.synced += 1

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        await asyncio.sleep(0)

    async def hears(self, *changes: str) -> None:
        await eventually(lambda: len(self.changes) >= len(changes))
        assert self.changes == list(changes)

    def names(self) -> set[str]:
        return {name.name for name in self.reflector.store.names()}


@asynccontextmanager
async def a_listener(api: ScriptedApi, watch: Watch = WIDGETS) -> AsyncIterator[Listener]:
    listener = Listener()
    async with a_client(api.url) as client:
        listener.reflector = Reflector(client, watch, listener.hear, listener.in_sync, sleep=listener.sleep)
        running = asyncio.create_task(listener.reflector.run())
        yield listener
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


class HeldWatch:
    """Lets the script's watches through, and keeps the connection of any further one open."""

    def __init__(self, through: int) -> None:
        self.through = through

    async def __call__(self, asked: Any) -> None:
        if asked.query.get("watch"):
            self.through -= 1
            if self.through < 0:
                await asyncio.Event().wait()


async def test_a_list_in_pages_and_then_changes_are_told():
    pages = [listed(5, widget("a", 1), go_on="x"), listed(5, widget("b", 2))]
    watch = [told("MODIFIED", widget("a", 6)), told("ADDED", widget("c", 7)), told("DELETED", widget("b", 8))]
    async with a_scripted_api(list=pages, watch=[watch]) as api:
        api.hold = HeldWatch(1)
        async with a_listener(api) as listener:
            await listener.hears("a ->1", "b ->2", "a 1>6", "c ->7", "b 2>-")

            assert listener.names() == {"a", "c"}
            assert listener.reflector.synced.is_set()


async def test_it_is_not_synced_before_the_last_page():
    async def hold(asked: Any) -> None:
        if asked.query.get("continue"):
            await asyncio.Event().wait()

    async with a_scripted_api(list=[listed(5, widget("a", 1), go_on="x")]) as api:
        api.hold = hold
        async with a_listener(api) as listener:
            await eventually(lambda: len(api.of("list")) == 2)

            assert not listener.reflector.synced.is_set()


async def test_a_watch_that_ended_goes_on_after_the_last_bookmark():
    bookmark = told("BOOKMARK", {"metadata": {"resourceVersion": "90"}})
    async with a_scripted_api(list=[listed(5)], watch=[[bookmark], []]) as api:
        api.hold = HeldWatch(1)
        async with a_listener(api):
            await eventually(lambda: len(api.of("watch")) == 2)

            assert [asked.query["resourceVersion"] for asked in api.of("watch")] == ["5", "90"]
            assert len(api.of("list")) == 1


@pytest.mark.parametrize(
    "expired",
    [
        pytest.param(status(410, "too old"), id="refused"),
        pytest.param([told("ERROR", {"kind": "Status", "code": 410, "message": "too old"})], id="told in the watch"),
    ],
)
async def test_after_410_it_lists_again_and_tells_what_went_meanwhile(expired: Any):
    lists = [listed(5, widget("stays", 1), widget("goes", 2), widget("changes", 3)),
             listed(50, widget("stays", 1), widget("changes", 40), widget("comes", 41))]  # fmt: skip
    async with a_scripted_api(list=lists, watch=[expired]) as api:
        api.hold = HeldWatch(1)
        async with a_listener(api) as listener:
            await listener.hears("stays ->1", "goes ->2", "changes ->3", "goes 2>-", "changes 3>40", "comes ->41")

            assert listener.names() == {"stays", "changes", "comes"}
            assert listener.waits == [0.0]


async def test_a_server_that_says_410_again_and_again_is_not_hurried():
    async with a_scripted_api(list=[listed(5)], watch=[status(410, "too old")]) as api, a_listener(api) as listener:
        await eventually(lambda: len(listener.waits) >= 5)

        assert listener.waits[:5] == pytest.approx([0.0, 0.1, 0.3, 0.7, 1.5])


async def test_a_page_that_expired_begins_the_list_anew():
    lists = [listed(5, widget("a", 1), go_on="x"), status(410, "expired"), listed(9, widget("a", 1))]
    async with a_scripted_api(list=lists, watch=[[]]) as api:
        api.hold = HeldWatch(0)
        async with a_listener(api) as listener:
            await listener.hears("a ->1")


async def test_429_is_waited_out_as_the_server_asks():
    lists = [status(429, "storage is (re)initializing", Retry_After="4"), listed(5, widget("a", 1))]
    async with a_scripted_api(list=lists, watch=[[]]) as api:
        api.hold = HeldWatch(0)
        async with a_listener(api) as listener:
            await listener.hears("a ->1")

            assert listener.waits == [4.0]


async def test_troubles_are_tried_again_later_and_later_and_keep_what_is_known():
    trouble = status(503, "etcd has no leader")
    lists = [listed(5, widget("a", 1)), trouble, trouble, trouble, listed(6, widget("a", 1))]
    async with a_scripted_api(list=lists, watch=[status(500, "broken"), []]) as api:
        api.hold = HeldWatch(1)
        async with a_listener(api) as listener:
            await eventually(lambda: len(api.of("list")) == 5)

            assert listener.waits == pytest.approx([0.1, 0.2, 0.4, 0.8])
            assert listener.synced == 1
            assert listener.changes == ["a ->1"]


async def test_a_line_that_is_no_json_does_not_end_the_watching_for_good(caplog: pytest.LogCaptureFixture):
    async with a_scripted_api(list=[listed(5), listed(6, widget("a", 6))], watch=[["broken"], []]) as api:
        api.hold = HeldWatch(1)
        async with a_listener(api) as listener:
            await listener.hears("a ->6")

            assert "watching Widget broke" in caplog.text


async def test_a_kind_that_is_not_served_counts_as_synced_and_is_looked_for_again():
    absent = status(404, "no such group")
    async with a_scripted_api(list=[listed(5, widget("a", 1))], watch=[[]]) as api:
        api.answers["/apis/example.com/v1"] = [absent, absent, SERVED]
        api.hold = HeldWatch(0)
        async with a_listener(api) as listener:
            await asyncio.wait_for(listener.reflector.synced.wait(), 30)
            await listener.hears("a ->1")


async def test_objects_of_a_kind_that_is_no_longer_served_are_told_as_gone():
    lists = [listed(5, widget("a", 1)), status(404, "page not found")]
    gone = status(404, "page not found")
    async with a_scripted_api(list=lists, watch=[gone]) as api, a_listener(api) as listener:
        await listener.hears("a ->1", "a 1>-")


async def test_a_label_is_sent_with_list_and_watch():
    async with a_scripted_api(list=[listed(5)], watch=[[]]) as api:
        api.hold = HeldWatch(0)
        async with a_listener(api, Watch("example.com/v1", "Widget", "kanaria.dev/owner")):
            await eventually(lambda: api.of("watch"))

            assert {a.query["labelSelector"] for a in (*api.of("list"), *api.of("watch"))} == {"kanaria.dev/owner"}


async def test_who_manages_which_field_is_not_kept():
    one = widget("a", 1)
    one["metadata"]["managedFields"] = [{"manager": "kubectl", "time": "t", "fieldsV1": {"f:data": {}}}]
    async with a_scripted_api(list=[listed(5, one)], watch=[[]]) as api:
        api.hold = HeldWatch(0)
        async with a_listener(api) as listener:
            await listener.hears("a ->1")
            kept = listener.reflector.store.get(ObjectName("wine", "a"))

    assert kept is not None
    assert kept["metadata"]["managedFields"] == [{"manager": "kubectl", "time": "t"}]
    assert kept["kind"] == "Widget"


async def test_it_is_known_how_far_the_watch_has_come():
    watch = [told("MODIFIED", widget("a", 6)), told("BOOKMARK", {"metadata": {"resourceVersion": "9"}})]
    async with a_scripted_api(list=[listed(5, widget("a", 1))], watch=[watch]) as api:
        api.hold = HeldWatch(1)
        async with a_listener(api) as listener:
            await asyncio.wait_for(listener.reflector.until(9), 30)

            assert listener.reflector.holds(ObjectName("wine", "a"), 9)
            assert not listener.reflector.holds(ObjectName("wine", "a"), 30)


async def test_what_was_read_otherwise_is_taken_in_only_if_it_is_newer():
    async with a_scripted_api(list=[listed(5, widget("a", 5))], watch=[[]]) as api:
        api.hold = HeldWatch(0)
        async with a_listener(api) as listener:
            await listener.hears("a ->5")
            listener.reflector.saw(widget("a", 4))
            listener.reflector.saw(widget("a", 8))

            assert listener.changes == ["a ->5", "a 5>8"]
