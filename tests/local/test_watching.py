import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from kanaria.local.api_client import PODS, Api
from kanaria.local.watching import Cache, Change
from waiting import eventually


def thing(name: str, version: int) -> dict[str, Any]:
    return {"metadata": {"namespace": "wine", "name": name, "resourceVersion": str(version)}}


class Script:
    """A server that answers each list, and each watch, as the next line of the script says."""

    def __init__(self, lists: list[Any], watches: list[Any]) -> None:
        self.lists = lists
        self.watches = watches
        self.asked: list[str] = []

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if "watch" not in request.query:
            return self._listed()
        self.asked.append(request.query.get("resourceVersion", ""))
        response = web.StreamResponse()
        await response.prepare(request)
        for event in self.watches.pop(0) if self.watches else []:
            await response.write(json.dumps(event).encode() + b"\n")
        if not self.watches:
            await asyncio.sleep(60)
        return response

    def _listed(self) -> web.Response:
        found = self.lists.pop(0)
        if isinstance(found, int):
            return web.json_response({"reason": "Broken", "message": "for now"}, status=found)
        items, version = found
        return web.json_response({"items": items, "metadata": {"resourceVersion": str(version)}})


@asynccontextmanager
async def cache_of(script: Script) -> AsyncIterator[Cache]:
    app = web.Application()
    app.router.add_get("/api/v1/pods", script.answer)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with Api(f"http://127.0.0.1:{runner.addresses[0][1]}") as api:
        cache = Cache(api, PODS)
        task = asyncio.create_task(cache.run())
        try:
            yield cache
        finally:
            task.cancel()
            await asyncio.wait({task})
            await runner.cleanup()


async def told(cache: Cache, count: int) -> list[tuple[str, str]]:
    """The first changes, as (kind, name)."""
    found: list[Change] = []
    async with asyncio.timeout(30):
        async for change in cache.changes():
            found.append(change)
            if len(found) == count:
                break
    return [(change.kind, change.key[1]) for change in found]


GONE = {"type": "ERROR", "object": {"code": 410, "reason": "Expired", "message": "too old"}}


async def test_changes_are_told_after_what_is_there():
    event = {"type": "MODIFIED", "object": thing("a", 8)}

    async with cache_of(Script([([thing("a", 5)], 7)], [[event]])) as cache:
        assert await told(cache, 2) == [("ADDED", "a"), ("MODIFIED", "a")]
        assert cache.get("wine", "a") == thing("a", 8)


async def test_a_deletion_missed_between_two_watches_is_told_after_the_relist():
    script = Script([([thing("a", 1), thing("b", 2)], 3), ([thing("b", 2), thing("c", 9)], 9)], [[GONE], []])

    async with cache_of(script) as cache:
        listed = [("ADDED", "a"), ("ADDED", "b")]
        assert await told(cache, 4) == [*listed, ("DELETED", "a"), ("ADDED", "c")]
        assert {each["metadata"]["name"] for each in cache} == {"b", "c"}


async def test_a_watch_that_ends_goes_on_from_the_last_bookmark():
    script = Script([([], 3)], [[{"type": "BOOKMARK", "object": thing("", 40)}], []])

    async with cache_of(script):
        await eventually(lambda: len(script.asked) == 2)

    assert script.asked == ["3", "40"]


async def test_a_server_that_fails_is_asked_again():
    async with cache_of(Script([500, 503, ([thing("a", 1)], 1)], [[]])) as cache:
        assert await told(cache, 1) == [("ADDED", "a")]
        assert cache.synced.is_set()


async def test_an_own_write_is_known_at_once():
    async with cache_of(Script([([thing("a", 1)], 3)], [[]])) as cache:
        await cache.synced.wait()

        cache.saw(thing("a", 5))
        cache.saw(thing("b", 6))
        cache.saw(thing("a", 4))

        assert cache.get("wine", "a") == thing("a", 5)
        assert cache.get("wine", "b") == thing("b", 6)


async def test_a_thing_deleted_meanwhile_does_not_come_back_as_a_ghost():
    deleted = {"type": "DELETED", "object": thing("a", 9)}

    async with cache_of(Script([([thing("a", 1)], 3)], [[deleted]])) as cache:
        await eventually(lambda: cache.synced.is_set() and len(cache) == 0)

        cache.saw(thing("a", 7))

        assert cache.get("wine", "a") is None


async def test_owned_things_are_found_by_their_controller():
    owned = thing("a", 1)
    owned["metadata"]["ownerReferences"] = [{"uid": "other"}, {"uid": "job", "controller": True}]

    async with cache_of(Script([([owned, thing("b", 2)], 3)], [[]])) as cache:
        await cache.synced.wait()

        assert [each["metadata"] for each in cache.owned_by("job")] == [owned["metadata"]]
        assert cache.owned_by("other") == []
