"""What a pass sees, written down by hand: a World of given objects, answers and files."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from kanaria.reconcile.world import Settings, World
from kanaria.vocabulary import Answer, Answered, CommitResult, Failure, ObjectRef, Question, Unanswered, Watch
from kanaria.vocabulary.objects import Manifest

NOON = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)


@dataclass(frozen=True)
class FakeObjects:
    """Objects as caches would hold them.

    `unsynced` holds the watches whose objects are not all there yet, `forbidden` why some may not be read,
    `unserved` the kinds that the cluster does not have.
    """

    manifests: Mapping[ObjectRef, Manifest]
    unsynced: frozenset[Watch] = frozenset()
    forbidden: Mapping[Watch, str] = field(default_factory=dict)
    scopes: Mapping[tuple[str, str], bool] = field(default_factory=dict)
    unserved: frozenset[str] = frozenset()

    def get(self, ref: ObjectRef) -> Manifest | None:
        return self.manifests.get(ref)

    def list(
        self, api_version: str, kind: str, namespace: str | None = None, labels: Mapping[str, str] | None = None
    ) -> tuple[Manifest, ...]:
        return tuple(
            manifest
            for ref, manifest in sorted(self.manifests.items())
            if (ref.api_version, ref.kind) == (api_version, kind)
            and namespace in {None, ref.namespace}
            and (labels or {}).items() <= (manifest["metadata"].get("labels") or {}).items()
        )

    def changed(
        self, api_version: str, kind: str, since: Mapping[Watch, tuple[int, int]] | None
    ) -> tuple[Mapping[Watch, tuple[int, int]], None]:
        """Nobody knows: all is looked at."""
        del api_version, kind, since
        return {}, None

    def namespaced(self, api_version: str, kind: str) -> bool | None:
        return self.scopes.get((api_version, kind))

    def synced(self, watch: Watch) -> bool:
        return watch not in self.unsynced

    def served(self, watch: Watch) -> bool:
        return watch.kind not in self.unserved

    def refused(self, watch: Watch) -> str:
        return self.forbidden.get(watch, "")


@dataclass(frozen=True)
class FakeMirrors:
    """Texts of files by commit and path, for every url."""

    commits: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    subjects: Mapping[str, str] = field(default_factory=dict)

    def files(self, url: str, commit: str, path: str) -> Mapping[str, str]:
        del url
        below = "" if path in {"", "."} else path.strip("/") + "/"
        found = self.commits.get(commit, {})
        return {name: _blob_id(text) for name, text in found.items() if name.startswith(below) or name == path}

    def links(self, url: str, commit: str, path: str) -> Mapping[str, str]:
        del url, commit, path
        return {}

    def blob(self, url: str, blob: str, at_most: int) -> bytes:
        del url
        texts = (text for files in self.commits.values() for text in files.values())
        return next(text.encode()[:at_most] for text in texts if _blob_id(text) == blob)

    def subject(self, url: str, commit: str) -> str:
        del url
        return self.subjects.get(commit, f"Commit {commit[:7]}")


def a_world(
    objects: Iterable[Manifest] = (),
    answers: Mapping[Question, Any] | None = None,
    files: Mapping[str, Mapping[str, str]] | None = None,
    *,
    now: datetime = NOON,
    failures: Mapping[ObjectRef, Failure] | None = None,
    commit_results: Mapping[ObjectRef, CommitResult] | None = None,
    unsynced: Iterable[Watch] = (),
    unserved: Iterable[str] = (),
    refused: Mapping[Watch, str] | None = None,
    scopes: Mapping[tuple[str, str], bool] | None = None,
    subjects: Mapping[str, str] | None = None,
    settings: Settings | None = None,
) -> World:
    """A World of these objects; `answers` holds plain values or Answers by question, `files` texts by commit and path.

    Commits' first lines come from `subjects`.
    """
    given = {question: _answer(value, now) for question, value in (answers or {}).items()}
    return World(
        objects=FakeObjects(
            {ObjectRef.of(manifest): manifest for manifest in objects},
            frozenset(unsynced),
            refused or {},
            scopes or {},
            frozenset(unserved),
        ),
        mirrors=FakeMirrors(files or {}, subjects or {}),
        now=lambda: now,
        answer=given.get,
        failure=(failures or {}).get,
        commit_result=(commit_results or {}).get,
        settings=settings or Settings(),
    )


def _answer(value: Any, now: datetime) -> Answer:
    return value if isinstance(value, Answered | Unanswered) else Answered(now, value)


def _blob_id(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:40]
