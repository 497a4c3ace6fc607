"""How users are told: one series of Events for each object and reason."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kanaria.cluster.client import Client
from kanaria.cluster.events import WAITING_AT_MOST, Recorder, Told
from kanaria.local.api_client import EVENTS, Api
from kanaria.local.apiserver import ApiServer
from kanaria.vocabulary import Notice, ObjectRef

WINE = ObjectRef("kanaria.dev/v1alpha1", "ModelDeployment", "default", "wine")
NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)
STARTED = Notice("Normal", "CanaryStarted", "version 8 gets 5 % of requests")
FAILED = Notice("Warning", "CanaryFailed", "errors ×3.1")


def told(notice: Notice, minutes: int = 0, about: ObjectRef = WINE) -> Told:
    return Told(about, "u1", notice, NOON + timedelta(minutes=minutes))


@pytest.fixture
def recorder(client: Client) -> Recorder:
    return Recorder(client, lambda: NOON)


async def events(server: ApiServer) -> list[dict[str, Any]]:
    async with Api(server.url, "t") as api:
        found = (await api.list(EVENTS, "default"))["items"]
    return sorted(found, key=lambda event: event["reason"])


async def test_an_event_says_of_what_since_when_and_why(server: ApiServer, recorder: Recorder):
    await recorder.post(told(STARTED))
    (event,) = await events(server)

    assert event["involvedObject"]["name"] == "wine"
    assert event["involvedObject"]["uid"] == "u1"
    assert (event["type"], event["reason"], event["message"]) == ("Normal", "CanaryStarted", STARTED.message)
    assert (event["count"], event["firstTimestamp"]) == (1, "2026-01-15T12:00:00Z")
    assert event["source"]["component"] == "kanaria"


async def test_the_same_reason_again_counts_on_with_the_newest_message(server: ApiServer, recorder: Recorder):
    await recorder.post(told(STARTED))
    await recorder.post(told(Notice("Normal", "CanaryStarted", "version 9"), minutes=1))
    await recorder.post(told(FAILED))
    failed, started = await events(server)

    assert (failed["count"], started["count"]) == (1, 2)
    assert started["message"] == "version 9"
    assert (started["firstTimestamp"], started["lastTimestamp"]) == ("2026-01-15T12:00:00Z", "2026-01-15T12:01:00Z")


async def test_a_series_goes_on_after_a_restart(server: ApiServer, client: Client, recorder: Recorder):
    await recorder.post(told(STARTED))
    await recorder.post(told(STARTED))
    await Recorder(client, lambda: NOON).post(told(STARTED))
    (event,) = await events(server)

    assert event["count"] == 3


async def test_a_series_that_the_server_forgot_begins_anew(server: ApiServer, client: Client, recorder: Recorder):
    await recorder.post(told(STARTED))
    await client.delete(told(STARTED).ref)
    await recorder.post(told(STARTED))
    (event,) = await events(server)

    assert event["count"] == 1


async def test_an_event_that_cannot_be_posted_is_let_go(server: ApiServer, recorder: Recorder):
    nowhere = ObjectRef(WINE.api_version, WINE.kind, "no-such-namespace", "wine")
    await recorder.post(told(STARTED, about=nowhere))

    assert await events(server) == []


async def test_too_many_events_are_dropped_and_never_wait(recorder: Recorder, caplog: pytest.LogCaptureFixture):
    for _ in range(WAITING_AT_MOST + 1):
        recorder.tell(WINE, "u1", STARTED)

    assert caplog.text.count("is dropped") == 1
