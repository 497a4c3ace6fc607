"""Where objects live: in memory for reading, in SQLite so that they survive, in a log for those who watch."""

import asyncio
import json
import sqlite3
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from kanaria.local.apiserver.refusals import Object, RefusedError
from kanaria.local.apiserver.resources import Storage

Key = tuple[str, str]  # namespace and name
LOG_SIZE = 8192
_LARGE = 65_536  # characters from which an object is kept as text only


class Entry:
    """An object as it was at one revision: its JSON text, and its value, read again when it was let go."""

    __slots__ = ("_body", "revision", "text")

    def __init__(self, text: str, revision: int, body: Object | None = None) -> None:
        self.text = text
        self.revision = revision
        self._body = body

    @property
    def body(self) -> Object:
        """The object; never to be changed in place."""
        body: Object = json.loads(self.text) if self._body is None else self._body
        return body

    def slim(self) -> None:
        """Keep the text only."""
        self._body = None


@dataclass(frozen=True, slots=True)
class Event:
    """One change: what the object is now (for a deletion: was at last), and what it was before."""

    type: Literal["ADDED", "MODIFIED", "DELETED"]
    storage: Storage
    key: Key
    new: Entry
    old: Entry | None = None


def to_json(body: object) -> str:
    """JSON as it is stored and sent."""
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False)


def key_of(body: Object) -> Key:
    """Namespace and name of an object."""
    meta = body["metadata"]
    return meta.get("namespace", ""), meta["name"]


class Store:
    """All objects, their revisions, and who waits for changes."""

    def __init__(self, path: Path, log_size: int = LOG_SIZE) -> None:
        self._objects: dict[Storage, dict[Key, Entry]] = {}
        self._owned: dict[str, set[tuple[Storage, Key]]] = {}  # uid of an owner → what it owns
        self._log: deque[Event] = deque(maxlen=log_size)
        self._watchers: dict[Storage, set[asyncio.Queue[Event | None]]] = {}
        self.uids: dict[str, tuple[Storage, Key]] = {}
        self._database = _opened(path)
        self.revision = self._load()
        self._oldest = self.revision  # changes up to here are no longer in the log

    def _load(self) -> int:
        for group, plural, revision, text in self._database.execute(
            'SELECT "group", plural, revision, body FROM objects'
        ):
            entry = Entry(text, revision, json.loads(text))
            self._place((group, plural), key_of(entry.body), entry)
        revision = self._database.execute("SELECT revision FROM counter").fetchone()[0]
        return int(revision)

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

    def get(self, storage: Storage, key: Key) -> Entry | None:
        """One object."""
        return self._objects.get(storage, {}).get(key)

    def entries(self, storage: Storage, namespace: str = "") -> list[tuple[Key, Entry]]:
        """All objects of a kind, by namespace and name."""
        kept = self._objects.get(storage, {})
        return sorted(item for item in kept.items() if not namespace or item[0][0] == namespace)

    def everything(self) -> Iterator[tuple[Storage, Key, Entry]]:
        """All objects of all kinds."""
        for storage, kept in list(self._objects.items()):
            for key, entry in list(kept.items()):
                yield storage, key, entry

    def owned_by(self, uid: str) -> list[tuple[Storage, Key]]:
        """What names this uid among its owners."""
        return sorted(self._owned.get(uid, ()))

    def put(self, storage: Storage, body: Object) -> Object:
        """Keep an object, new or changed; returns it with its revision."""
        self.revision += 1
        body = body | {"metadata": body["metadata"] | {"resourceVersion": str(self.revision)}}
        key, entry = key_of(body), Entry(to_json(body), self.revision, body)
        old = self.get(storage, key)
        with self._database:
            self._database.execute(
                "INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?, ?, ?)", (*storage, *key, self.revision, entry.text)
            )
            self._database.execute("UPDATE counter SET revision = ?", (self.revision,))
        if old is not None:
            self._unindex(storage, key, old.body)
        self._place(storage, key, entry)
        self._tell(Event("ADDED" if old is None else "MODIFIED", storage, key, entry, old))
        return body

    def remove(self, storage: Storage, key: Key) -> Object:
        """Let an object go; returns its last state, at the revision of its end."""
        self.revision += 1
        old = self._objects[storage].pop(key)
        self._unindex(storage, key, old.body)
        body = old.body | {"metadata": old.body["metadata"] | {"resourceVersion": str(self.revision)}}
        with self._database:
            self._database.execute(
                'DELETE FROM objects WHERE "group" = ? AND plural = ? AND namespace = ? AND name = ?', (*storage, *key)
            )
            self._database.execute("UPDATE counter SET revision = ?", (self.revision,))
        self._tell(Event("DELETED", storage, key, Entry(to_json(body), self.revision, body), old))
        return body

    def watch(self, storage: Storage) -> "asyncio.Queue[Event | None]":
        """A queue that gets every change of a kind from now on."""
        queue: asyncio.Queue[Event | None] = asyncio.Queue()
        self._watchers.setdefault(storage, set()).add(queue)
        return queue

    def unwatch(self, storage: Storage, queue: "asyncio.Queue[Event | None]") -> None:
        """No longer fill a queue."""
        self._watchers[storage].discard(queue)

    def since(self, storage: Storage, revision: int) -> list[Event]:
        """The changes of a kind after a revision, or a refusal when the log no longer has them."""
        if revision < self._oldest:
            raise RefusedError.gone(f"too old resource version: {revision} ({self._oldest})")
        return [event for event in self._log if event.storage == storage and event.new.revision > revision]

    def still_known(self, revision: int) -> bool:
        """Whether changes after this revision are all in the log."""
        return revision >= self._oldest

    def end_watches(self) -> None:
        """Tell everyone who watches that it is over."""
        for queue in [queue for queues in self._watchers.values() for queue in queues]:
            queue.put_nowait(None)

    def _tell(self, event: Event) -> None:
        if len(self._log) == self._log.maxlen:
            self._oldest = self._log[0].new.revision
        self._log.append(event)
        for queue in self._watchers.get(event.storage, ()):
            queue.put_nowait(event)
        if event.old is not None:
            event.old.slim()
        if event.type == "DELETED":
            event.new.slim()

    def _place(self, storage: Storage, key: Key, entry: Entry) -> None:
        self._objects.setdefault(storage, {})[key] = entry
        meta = entry.body["metadata"]
        if len(entry.text) > _LARGE:
            entry.slim()
        self.uids[meta["uid"]] = (storage, key)
        for owner in meta.get("ownerReferences") or ():
            self._owned.setdefault(owner["uid"], set()).add((storage, key))

    def _unindex(self, storage: Storage, key: Key, body: Object) -> None:
        self.uids.pop(body["metadata"]["uid"], None)
        for owner in body["metadata"].get("ownerReferences") or ():
            owned = self._owned.get(owner["uid"], set())
            owned.discard((storage, key))
            if not owned:
                self._owned.pop(owner["uid"], None)


def _opened(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path)
    # Losing power may lose writes; losing this process does not: the kernel has them.
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = OFF")
    with database:
        database.execute(
            'CREATE TABLE IF NOT EXISTS objects ("group" TEXT, plural TEXT, namespace TEXT, name TEXT,'
            ' revision INTEGER, body TEXT, PRIMARY KEY ("group", plural, namespace, name)) WITHOUT ROWID'
        )
        database.execute("CREATE TABLE IF NOT EXISTS counter (revision INTEGER)")
        database.execute("INSERT INTO counter SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM counter)")
    return database
