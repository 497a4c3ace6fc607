"""How users are told in `kubectl describe`: one series of Events for each object and reason."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kanaria.cluster.client import Client
from kanaria.cluster.errors import ClusterError, ConflictError, NotFoundError
from kanaria.vocabulary import Notice, ObjectRef, log_fields
from kanaria.vocabulary.objects import content_hash

log = logging.getLogger(__name__)
COMPONENT = "kanaria"
WAITING_AT_MOST = 1000
SERIES_REMEMBERED = 2000
MESSAGE_MAX = 1024


@dataclass(frozen=True, slots=True)
class Told:
    """A notice and the object that it is about."""

    about: ObjectRef
    uid: str
    notice: Notice
    at: datetime

    @property
    def ref(self) -> ObjectRef:
        """The Event of the series; the same after a restart, so that the series goes on."""
        series = content_hash([self.uid, self.notice.type, self.notice.reason])
        return ObjectRef("v1", "Event", self.about.namespace or "default", f"{self.about.name[:200]}.{series}")


class Recorder:
    """Posts Events one after the other; a notice is dropped rather than holding up a plan."""

    def __init__(self, client: Client, now: Callable[[], datetime]) -> None:
        self._client = client
        self._now = now
        self._waiting: asyncio.Queue[Told] = asyncio.Queue(WAITING_AT_MOST)
        self._counts: dict[ObjectRef, int] = {}

    def tell(self, about: ObjectRef, uid: str, notice: Notice) -> None:
        """Have the notice posted soon."""
        try:
            self._waiting.put_nowait(Told(about, uid, notice, self._now()))
        except asyncio.QueueFull:
            log.warning(
                "an Event about %s is dropped: %d are waiting already",
                about,
                WAITING_AT_MOST,
                extra=log_fields.about(about),
            )

    async def run(self) -> None:
        """Post what is told, until cancelled."""
        while True:
            await self.post(await self._waiting.get())

    async def post(self, told: Told) -> None:
        """Begin the series, or count one more."""
        try:
            count = self._counts.pop(told.ref, 0) or await self._begin(told)
            if count:
                count = await self._go_on(told, count)
            self._remember(told.ref, count or 1)
        except ClusterError as error:
            fields = log_fields.about(told.about)
            log.info("an Event about %s (%s) was not posted: %s", told.about, told.notice.reason, error, extra=fields)

    async def _begin(self, told: Told) -> int:
        """Make the Event; the count so far where there is one from before a restart, else 0."""
        try:
            await self._client.create(_event(told))
        except ConflictError:
            return int((await self._client.get(told.ref)).get("count") or 1)
        return 0

    async def _go_on(self, told: Told, count: int) -> int:
        change = {"count": count + 1, "message": told.notice.message[:MESSAGE_MAX], "lastTimestamp": _text(told.at)}
        try:
            await self._client.merge(told.ref, change)
        except NotFoundError:
            # The server forgets Events after an hour.
            await self._client.create(_event(told))
            return 1
        return count + 1

    def _remember(self, ref: ObjectRef, count: int) -> None:
        self._counts[ref] = count
        if len(self._counts) > SERIES_REMEMBERED:
            del self._counts[next(iter(self._counts))]


def _event(told: Told) -> dict[str, Any]:
    about = told.about
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": told.ref.name, "namespace": told.ref.namespace},
        "involvedObject": {
            "apiVersion": about.api_version,
            "kind": about.kind,
            "namespace": about.namespace,
            "name": about.name,
            "uid": told.uid,
        },
        "type": told.notice.type,
        "reason": told.notice.reason,
        "message": told.notice.message[:MESSAGE_MAX],
        "count": 1,
        "firstTimestamp": _text(told.at),
        "lastTimestamp": _text(told.at),
        "source": {"component": COMPONENT},
        "reportingComponent": COMPONENT,
        "reportingInstance": COMPONENT,
    }


def _text(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
