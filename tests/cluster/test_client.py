"""What is sent to the API server, and what is made of its answers."""

import asyncio
from contextlib import suppress
from typing import Any

import pytest

from kanaria.cluster.client import WRITES_AT_ONCE, Client, Gate, Wrote
from kanaria.cluster.connection import Access, Connection
from kanaria.cluster.errors import (
    ClusterError,
    ConflictError,
    ForbiddenError,
    GoneError,
    InvalidError,
    LapsedError,
    NotFoundError,
    TooManyRequestsError,
    UnauthorizedError,
    UnknownKindError,
    UnreachableError,
)
from kanaria.vocabulary import Account, ObjectRef
from operator_world import a_client
from scripted_api import NAMED, Asked, a_scripted_api, listed, status, widget
from waiting import eventually

REF = ObjectRef("example.com/v1", "Widget", "wine", "w")
MANIFEST = {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w", "namespace": "wine"}}


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (400, InvalidError),
        (401, UnauthorizedError),
        (403, ForbiddenError),
        (404, NotFoundError),
        (409, ConflictError),
        (410, GoneError),
        (422, InvalidError),
        (500, UnreachableError),
        (504, UnreachableError),
    ],
)
async def test_a_refusal_is_told_by_its_class_and_in_the_servers_words(code: int, error: type[ClusterError]):
    async with a_scripted_api(named=[status(code, "because of this")]) as api, a_client(api.url) as client:
        with pytest.raises(error, match="because of this"):
            await client.get(REF)


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(
            "failed to create typed patch object (wine/w; example.com/v1, Kind=Widget): .spec.colour: field not "
            "declared in schema",
            id="an unknown field in an apply",
        ),
        pytest.param("etcdserver: request is too large", id="an object larger than etcd takes"),
    ],
)
async def test_a_refusal_that_the_server_calls_a_fault_of_its_own_is_a_refusal(message: str):
    async with a_scripted_api(named=[status(500, message)]) as api, a_client(api.url) as client:
        with pytest.raises(InvalidError, match=message[:30]):
            await client.apply(MANIFEST)


async def test_a_server_that_is_not_there_is_unreachable():
    async with a_client("http://127.0.0.1:9") as client:
        with pytest.raises(UnreachableError, match="cannot be reached"):
            await client.get(REF)


async def test_an_apply_is_strict_forced_and_in_our_name():
    async with a_scripted_api(named=[widget("w", 7)]) as api, a_client(api.url, token="t") as client:
        await client.apply(MANIFEST, account=Account("wine", "kanaria-runner"))
        sent = api.of("PATCH")[0]

    assert sent.path == NAMED
    assert sent.query == {"fieldManager": "kanaria", "force": "true", "fieldValidation": "Strict"}
    assert sent.headers["Impersonate-User"] == "system:serviceaccount:wine:kanaria-runner"
    assert sent.headers["Authorization"] == "Bearer t"
    assert sent.headers["Content-Type"] == "application/apply-patch+yaml"
    assert sent.body == MANIFEST


async def test_without_an_account_nobody_is_impersonated():
    async with a_scripted_api(named=[widget("w", 7)]) as api, a_client(api.url) as client:
        await client.apply(MANIFEST, force=False)
        sent = api.of("PATCH")[0]

    assert "Impersonate-User" not in sent.headers
    assert sent.query["force"] == "false"


async def test_a_kind_that_is_not_served_says_what_to_install():
    async with a_scripted_api() as api, a_client(api.url) as client:
        with pytest.raises(UnknownKindError, match="does not serve Gadget"):
            await client.resource("example.com/v1", "Gadget")


async def test_kinds_are_discovered_once_for_all_of_a_group():
    async with a_scripted_api(named=[widget("w", 7)]) as api, a_client(api.url) as client:
        await client.get(REF)
        await client.get(REF)

        assert [asked.path for asked in api.asked] == ["/apis/example.com/v1", NAMED, NAMED]


async def test_a_list_is_read_page_by_page_and_its_items_bear_their_kind():
    pages = [listed(5, widget("a", 1), go_on="more"), listed(5, widget("b", 2))]
    async with a_scripted_api(list=pages) as api, a_client(api.url) as client:
        resource = await client.resource("example.com/v1", "Widget")
        found = [item async for page in client.pages(resource, "owner") for item in page.items]

    assert [(item["kind"], item["metadata"]["name"]) for item in found] == [("Widget", "a"), ("Widget", "b")]
    assert [asked.query.get("continue") for asked in api.of("list")] == [None, "more"]
    assert {asked.query["labelSelector"] for asked in api.of("list")} == {"owner"}


async def test_a_write_that_is_answered_429_waits_as_long_as_the_server_asks():
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    answers = [status(429, "slow down", Retry_After="3"), status(429, "slow down"), widget("w", 7)]
    async with a_scripted_api(named=answers) as api, Connection(lambda: Access(api.url)) as connection:
        await Client(connection, sleep=sleep).apply(MANIFEST)

    assert waited == [3.0, 1.0]


async def test_a_read_that_is_answered_429_tells_how_long_to_wait():
    async with a_scripted_api(named=[status(429, "slow down", Retry_After="7")]) as api, a_client(api.url) as client:
        with pytest.raises(TooManyRequestsError) as caught:
            await client.get(REF)

    assert caught.value.retry_after == 7.0


async def test_no_more_writes_are_under_way_than_the_server_likes():
    gate, under_way = asyncio.Event(), 0

    async def hold(asked: Asked) -> None:
        nonlocal under_way
        if asked.method == "PATCH":
            under_way += 1
            await gate.wait()

    async with a_scripted_api(named=[widget("w", 7)]) as api, a_client(api.url) as client:
        api.hold = hold
        writes = asyncio.gather(*(client.apply(MANIFEST) for _ in range(3 * WRITES_AT_ONCE)))
        await eventually(lambda: under_way >= WRITES_AT_ONCE)
        await client.get(REF)  # a read comes and goes past them; had a ninth write begun, it would be counted by now
        at_once = under_way
        gate.set()
        await writes

    assert at_once == WRITES_AT_ONCE
    assert under_way == 3 * WRITES_AT_ONCE


async def test_a_status_is_replaced_whole_if_the_object_is_still_the_same():
    async with a_scripted_api() as api, a_client(api.url) as client:
        api.answers[f"{NAMED}/status"] = [widget("w", 8)]
        await client.replace_status(REF, "uid-w", {"phase": "Healthy"})
        sent = api.of("PATCH")[0]

    assert sent.path == f"{NAMED}/status"
    assert sent.body == [
        {"op": "test", "path": "/metadata/uid", "value": "uid-w"},
        {"op": "add", "path": "/status", "value": {"phase": "Healthy"}},
    ]


@pytest.mark.parametrize(
    ("live", "label", "deleted"),
    [
        pytest.param([widget("w", 7)], None, True, id="without a condition"),
        pytest.param([widget("w", 7, sync="mine")], ("sync", "mine"), True, id="it bears the label"),
        pytest.param([widget("w", 7, sync="other")], ("sync", "mine"), False, id="it bears another's label"),
        pytest.param([widget("w", 7)], ("sync", "mine"), False, id="it bears no label"),
        pytest.param([], ("sync", "mine"), False, id="it is gone"),
    ],
)
async def test_only_what_bears_the_label_is_deleted(live: Any, label: tuple[str, str] | None, deleted: bool):  # noqa: FBT001 # a table's column
    async with a_scripted_api(named=[widget("w", 7)], found=[listed(7, *live)]) as api, a_client(api.url) as client:
        result = await client.delete(REF, only_if_label=label)
        sent = api.of("DELETE")

    assert (result, bool(sent)) == (deleted, deleted)


async def test_what_is_deleted_by_its_label_must_not_have_changed_since():
    live = widget("w", 7, sync="mine")
    async with a_scripted_api(named=[live], found=[listed(7, live)]) as api, a_client(api.url) as client:
        await client.delete(REF, only_if_label=("sync", "mine"))
        sent = api.of("DELETE")[0].body

    assert sent["preconditions"] == {"uid": "uid-w", "resourceVersion": "7"}
    assert sent["propagationPolicy"] == "Background"


async def test_a_token_that_was_rotated_is_read_anew():
    tokens = iter(["old", "new"])
    answers = [status(401, "who are you"), widget("w", 7)]
    async with a_scripted_api(named=answers) as api:

        def login() -> Access:
            return Access(api.url, {"Authorization": f"Bearer {next(tokens)}"})

        async with Connection(login) as connection:
            await Client(connection).get(REF)

    assert [asked.headers["Authorization"][7:] for asked in api.asked] == ["old", "old", "new"]


def test_credentials_are_not_shown():
    assert "hush" not in repr(Access("https://api", {"Authorization": "Bearer hush"}, proxy="http://u:hush@proxy"))


async def test_a_write_that_may_not_start_is_not_sent():
    async with a_scripted_api(named=[widget("w", 7)]) as api, Connection(lambda: Access(api.url)) as connection:
        client = Client(connection, gate=Gate(lambda: False, 4.0))
        for write in (client.apply(MANIFEST), client.merge(REF, {}), client.delete(REF), client.create(MANIFEST)):
            with pytest.raises(LapsedError, match="does not lead"):
                await write
        read = await client.get(REF)

    assert {asked.method for asked in api.asked} == {"GET"}
    assert read["metadata"]["name"] == "w"


async def test_each_time_a_write_is_sent_again_it_is_asked_whether_it_may_start():
    may = iter([True, False])

    async def sleep(_: float) -> None:
        """The server's patience is not ours."""

    async with (
        a_scripted_api(named=[status(429, "slow down")]) as api,
        Connection(lambda: Access(api.url)) as connection,
    ):
        with pytest.raises(LapsedError):
            await Client(connection, gate=Gate(lambda: next(may), 4.0), sleep=sleep).apply(MANIFEST)

    assert len(api.of("PATCH")) == 1


async def test_a_write_ends_in_its_time():
    async with a_scripted_api(named=[widget("w", 7)]) as api, Connection(lambda: Access(api.url)) as connection:
        client = Client(connection, gate=Gate(lambda: True, 0.05))
        await client.resource("example.com/v1", "Widget")
        api.hold = _never
        with pytest.raises(UnreachableError):
            await client.apply(MANIFEST)


async def _never(_: Asked) -> None:
    await asyncio.Event().wait()


async def test_it_is_quiet_once_the_last_write_has_ended():
    gate = asyncio.Event()

    async def hold(asked: Asked) -> None:
        if asked.method == "PATCH":
            await gate.wait()

    async with a_scripted_api(named=[widget("w", 7)]) as api, a_client(api.url) as client:
        await client.quiet()
        api.hold = hold
        write = asyncio.create_task(client.apply(MANIFEST))
        await eventually(lambda: api.of("PATCH"))
        quiet = asyncio.create_task(client.quiet())
        await client.get(REF)
        before = quiet.done()
        gate.set()
        await asyncio.gather(write, quiet)

    assert before is False


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        (widget("w", 7), "ok"),
        (status(409, "no"), "conflict"),
        (status(403, "no"), "forbidden"),
        (status(500, "no"), "unreachable"),
    ],
    ids=["ok", "conflict", "forbidden", "unreachable"],
)
async def test_what_became_of_a_write_is_told(answer: Any, result: str):
    told: list[Wrote] = []
    async with a_scripted_api() as api, Connection(lambda: Access(api.url)) as connection:
        api.answers[f"{NAMED}/status"] = [answer]
        with suppress(ClusterError):
            await Client(connection, told=told.append).replace_status(REF, "u", {})

    assert [(w.verb, w.resource.plural, w.subresource, w.result) for w in told] == [
        ("patch", "widgets", "status", result)
    ]
