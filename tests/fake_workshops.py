"""Workshops that write down what they were told to do, and fail where a test says so."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from fake_world import NOON, FakeMirrors
from kanaria.reconcile.workshops import Workshops
from kanaria.vocabulary import Account, CommitEdits, CommitResult, EndTrackingRun, ObjectRef, SetAlias, TagModelVersion
from kanaria.vocabulary.objects import Manifest


@dataclass
class Bench:
    """All workshops in one; `fail` holds the error of an act by its first word, e.g. "apply Job wine/j"."""

    done: list[str] = field(default_factory=list)
    fail: dict[str, Exception] = field(default_factory=dict)
    commit_result: CommitResult = field(default_factory=lambda: CommitResult(NOON, commit="c0ffee"))
    statuses: list[Mapping[str, Any]] = field(default_factory=list)
    mirrors: FakeMirrors = field(default_factory=FakeMirrors)
    versions: Any = field(default_factory=lambda: itertools.count(100))

    def all(self) -> Workshops:
        return Workshops(cluster=self, git=self, tracking=self, measure=self, servers=self)

    def note(self, deed: str) -> None:
        if deed in self.fail:
            raise self.fail[deed]
        self.done.append(deed)

    async def apply(self, manifest: Manifest, *, account: Account | None = None, force: bool = True) -> Manifest:
        self.note(f"apply {ObjectRef.of(manifest)}" + (f" as {account.name}" if account else ""))
        return self.stored(manifest) if force else manifest

    async def replace_status(self, ref: ObjectRef, uid: str, status: Mapping[str, Any]) -> Manifest:
        self.note(f"status {ref} {uid}")
        self.statuses.append(status)
        name = {"name": ref.name, "namespace": ref.namespace, "uid": uid}
        return self.stored({"apiVersion": ref.api_version, "kind": ref.kind, "metadata": name})

    async def get(self, ref: ObjectRef, *, account: Account | None = None) -> Manifest:
        raise AssertionError(f"nobody reads {ref} as {account}")

    async def merge(self, ref: ObjectRef, change: Mapping[str, Any]) -> Manifest:
        self.note(f"merge {ref} {change['metadata']['finalizers']} at {change['metadata']['resourceVersion']}")
        name = {"name": ref.name, "namespace": ref.namespace, "finalizers": change["metadata"]["finalizers"]}
        return self.stored({"apiVersion": ref.api_version, "kind": ref.kind, "metadata": name})

    async def delete(
        self, ref: ObjectRef, *, account: Account | None = None, only_if_label: tuple[str, str] | None = None
    ) -> bool:
        self.note(f"delete {ref}" + (f" as {account.name}" if account else "") + (" if" if only_if_label else ""))
        return True

    async def commit(self, act: CommitEdits) -> CommitResult:
        self.note(f"commit {act.branch}")
        return self.commit_result

    async def set_alias(self, act: SetAlias) -> None:
        self.note(f"alias {act.alias} {act.version}")

    async def tag(self, act: TagModelVersion) -> None:
        self.note(f"tag {act.key}")

    def committed(self, url: str, commit: str) -> datetime:
        assert url
        assert commit
        return NOON

    async def end(self, act: EndTrackingRun) -> None:
        self.note(f"end {act.run_id}")

    async def carry(self, question: Any) -> Any:
        return question

    head = source_head = trust = approval = counters = measure = carry

    def stored(self, manifest: Manifest) -> Manifest:
        metadata = {**manifest["metadata"], "resourceVersion": str(next(self.versions))}
        return {**manifest, "metadata": metadata}
