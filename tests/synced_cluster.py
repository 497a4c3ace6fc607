"""A cluster and a repository in memory: plans of a GitSync are carried out in it, commits are made by hand."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from fake_world import NOON, a_world
from kanaria.api import GitSync
from kanaria.api.resource import API_VERSION
from kanaria.decide.git_sync import cluster_question, head_question, trust_question, variables_question
from kanaria.reconcile.git_sync import GitSyncPass
from kanaria.reconcile.world import Mirrors
from kanaria.vocabulary import (
    Answer,
    Answered,
    Apply,
    CommitResult,
    Delete,
    Failure,
    FailureKind,
    Hold,
    ObjectName,
    ObjectRef,
    Plan,
    Question,
    Watch,
    WriteStatus,
    marks,
)
from kanaria.vocabulary.objects import Manifest

SYNC = ObjectRef(API_VERSION, "GitSync", "wine", "team")


def a_config_map(name: str, value: str = "1", **metadata: Any) -> str:
    lines = [f"  {key}: {item}\n" for key, item in {"name": name, **metadata}.items()]
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata:\n{''.join(lines)}data: {{value: '{value}'}}\n"


@dataclass
class SyncedCluster:
    """What is in the cluster and in the repository; `done` are the acts of the last visit."""

    objects: dict[ObjectRef, Manifest] = field(default_factory=dict)
    commits: dict[str, Mapping[str, str]] = field(default_factory=dict)
    head: Answer | None = None
    trust: Answer | None = None
    variables: Answer | None = None
    cluster: str | None = ""
    now: datetime = NOON
    failure: Failure | None = None
    result: CommitResult | None = None
    unsynced: tuple[Watch, ...] = ()
    refused: Mapping[Watch, str] = field(default_factory=dict)
    refuse: Mapping[ObjectRef, FailureKind] = field(default_factory=dict)
    refuse_holding: bool = False
    scopes: Mapping[tuple[str, str], bool] = field(default_factory=dict)
    mirrors: Mirrors | None = None
    run: GitSyncPass = field(default_factory=GitSyncPass)
    status_writes: int = 0
    versions: int = 0
    owned: dict[ObjectRef, Manifest] = field(default_factory=dict)

    @classmethod
    def with_sync(cls, **spec: Any) -> "SyncedCluster":
        made = cls()
        whole = {"url": "https://git.example.com/wine.git", "path": "deploy", **spec}
        metadata = {"name": SYNC.name, "namespace": SYNC.namespace, "generation": 1}
        made.put({"apiVersion": API_VERSION, "kind": "GitSync", "metadata": metadata, "spec": whole})
        return made

    @property
    def sync(self) -> GitSync:
        return GitSync.read(self.objects[SYNC])

    def put(self, manifest: Manifest) -> None:
        self.versions += 1
        metadata = {**manifest["metadata"], "resourceVersion": str(self.versions)}
        self.objects[ObjectRef.of(manifest)] = {**manifest, "metadata": metadata}

    def put_finalizer(self, *, held: bool) -> None:
        body = self.objects[SYNC]
        if held or "deletionTimestamp" not in body["metadata"]:
            finalizers = [marks.FINALIZER] if held else []
            self.put({**body, "metadata": {**body["metadata"], "finalizers": finalizers}})
        else:
            del self.objects[SYNC]

    def delete_sync(self) -> None:
        """As a person does."""
        body = self.objects[SYNC]
        if body["metadata"].get("finalizers"):
            self.put({**body, "metadata": {**body["metadata"], "deletionTimestamp": "2026-01-15T12:00:00Z"}})
        else:
            del self.objects[SYNC]

    def commit(self, files: Mapping[str, str], name: str = "") -> str:
        """A new head with exactly these files, fetched."""
        sha = name or f"{len(self.commits) + 1:040x}"
        self.commits[sha] = dict(files)
        self.now += timedelta(seconds=1)
        self.head = Answered(self.now, sha)
        return sha

    def plan(self) -> Plan:
        """What the pass plans now."""
        world = a_world(
            self.objects.values(),
            self.answers(),
            self.commits,
            now=self.now,
            failures={SYNC: self.failure} if self.failure else {},
            commit_results={SYNC: self.result} if self.result else {},
            unsynced=self.unsynced,
            refused=self.refused,
            scopes=self.scopes,
        )
        if self.mirrors is not None:
            world = replace(world, mirrors=self.mirrors)
        plan = self.run(ObjectName("wine", "team"), world)
        assert plan is not None
        return plan

    def answers(self) -> dict[Question, Answer]:
        """Where the head is, and whether it may be applied."""
        if self.head is None:
            return {}
        asked = trust_question(self.sync, self.head.value) if isinstance(self.head, Answered) else None
        values = variables_question(self.sync)
        told = {head_question(self.sync): self.head} | ({asked: self.trust} if asked and self.trust else {})
        if (which := cluster_question(self.sync)) and self.cluster is not None:
            told |= {which: Answered(self.now, self.cluster)}
        return told | ({values: self.variables} if values and self.variables else {})

    def visit(self) -> Plan:
        """Plan, and carry out as the engine does."""
        self.now += timedelta(seconds=1)
        plan = self.plan()
        self.failure = None
        for act in plan.acts:
            if not self._carry(act):
                break
        return plan

    def settle(self) -> Plan:
        """Visit until nothing is left to do; the visit before the last one that did nothing."""
        last = self.visit()
        for _ in range(8):
            plan = self.visit()
            if not plan.acts:
                return last
            last = plan
        raise AssertionError(f"never at rest: {last.acts}")

    def _carry(self, act: Any) -> bool:
        ref = ObjectRef.of(act.manifest) if isinstance(act, Apply) else getattr(act, "target", None)
        if isinstance(act, Hold) and self.refuse_holding:
            self.failure = Failure(act, FailureKind.FORBIDDEN, "no", self.now)
            return False
        if ref in self.refuse:
            self.failure = Failure(act, self.refuse[ref], "no", self.now)
            return False
        match act:
            case Apply(manifest):
                live = self.objects.get(ref, {})
                self.put(merged(without(live, self.owned.get(ref, {})), manifest))
                self.owned[ref] = manifest
            case Delete(target):
                self.objects.pop(target, None)
            case Hold(held):
                self.put_finalizer(held=held)
            case WriteStatus(status):
                self.status_writes += 1
                self.put({**self.objects[SYNC], "status": status})
        return True

    def names(self, kind: str = "ConfigMap") -> list[str]:
        return sorted(ref.name for ref in self.objects if ref.kind == kind)

    def condition(self, type_: str) -> tuple[str, str]:
        found = {c.type: (str(c.status), str(c.reason)) for c in self.sync.status.conditions}
        return found.get(type_, ("", ""))

    def message(self, type_: str = "Ready") -> str:
        return next(c.message for c in self.sync.status.conditions if c.type == type_)


def merged(live: Any, wanted: Any) -> Any:
    """What an apply makes of a live object, well enough for these tests."""
    if isinstance(live, Mapping) and isinstance(wanted, Mapping):
        return {**live, **{key: merged(live.get(key), value) for key, value in wanted.items()}}
    return wanted


def without(live: Any, owned: Any) -> Any:
    """A live object without what was applied to it before."""
    if not isinstance(live, Mapping) or not isinstance(owned, Mapping):
        return live
    kept = {key: without(value, owned[key]) if key in owned else value for key, value in live.items()}
    return {key: value for key, value in kept.items() if key not in owned or (isinstance(value, Mapping) and value)}


def applied(plan: Plan) -> list[str]:
    return [str(ObjectRef.of(act.manifest)) for act in plan.acts if isinstance(act, Apply)]


def deleted(plan: Plan) -> list[str]:
    return [str(act.target) for act in plan.acts if isinstance(act, Delete)]


def kinds_of(acts: Iterable[Any]) -> list[str]:
    return [type(act).__name__ for act in acts]
