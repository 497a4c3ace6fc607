"""Which laws are broken: looked at on each write, on each push, and once all has come to rest.

Safety: nothing that fails, is not ready, not measured, held or rejected gets more traffic, and requests find a server.
Truth: at rest what stands in Git serves, or the status says why not.
No loss: nothing of a person's commits is undone, and no edit is made twice.
Quiet: nothing is written twice, and at rest nothing at all.
Tenancy: what is a team's is written by the team's accounts, and no secret is told.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from kanaria.decide.model_deployment.scene import ACTIVE
from kanaria.vocabulary import ObjectRef
from simulation.connection import Wrote
from simulation.people import BY_HAND, NAMESPACE, PERSON, spec_in
from simulation.repository import KANARIA, Commit
from simulation.serving import DEPLOYMENT, ROUTE, SERVICE
from simulation.store import Happened, Thing
from simulation.world import SECRET, World

BLIND = 60.0
"""Seconds after which metrics that cannot be read must have been noticed: five intervals, and one more."""
SOON = 3.0
"""Seconds in which a replica has seen what was written, where nothing holds its watches up."""
ABORT = "kanaria.dev/abort"
MAY_CHANGE = {"stable", "candidate", "rejected", "predictor"}
RECORD = ".kanaria/deploy.writer"


@dataclass
class Laws:
    """Watches a world; `broken` tells what was seen, each thing once."""

    world: World
    broken: list[str] = field(default_factory=list)
    deleted_by_hand: set[str] = field(default_factory=set)
    """Parts of names of Deployments that were taken away, or broke, by a fault of the history's."""
    written: int = 0
    since: dict[str, float] = field(default_factory=dict)
    passed: set[str] = field(default_factory=set)
    pushed: list[Commit] = field(default_factory=list)

    def watch(self) -> "Laws":
        self.world.watchers.append(self.wrote)
        self.world.store.listeners.append(self.changed)
        self.world.remote.pushed.append(self.on_push)
        return self

    def says(self, law: str) -> None:
        if law not in self.broken:
            self.broken.append(law)

    def note(self, truth: str, *, holds: bool) -> None:
        """Since when something is so that forbids more traffic."""
        if holds:
            self.since.setdefault(truth, self.world.moment)
        else:
            self.since.pop(truth, None)

    def held(self, truth: str, seconds: float = SOON) -> bool:
        """Whether it has been so for long enough to have been seen."""
        began = self.since.get(truth)
        return began is not None and self.world.moment - began > seconds + 2 * self.world.faults.longest_lag

    # Each change of what is stored

    def changed(self, _happened: Happened) -> None:
        """Since when the live object forbids more traffic."""
        live = self.world.get("ModelDeployment") or {}
        spec, trial = live.get("spec") or {}, (live.get("status") or {}).get("trial") or {}
        self.note("suspended", holds=bool(spec.get("suspend")))
        rejected = {entry["version"] for entry in spec.get("rejected") or ()}
        abort = ((live.get("metadata") or {}).get("annotations") or {}).get(ABORT, "")
        aborted = trial.get("version") if trial.get("id") == abort else ""
        for version in ("7", "8", "9"):
            self.note(f"rejected {version}", holds=version in rejected)
            self.note(f"aborted {version}", holds=version == aborted)

    # Each write

    def wrote(self, wrote: Wrote) -> None:
        kind = wrote.place.kind[1]
        if kind in {"Lease", "Event"}:
            self._tells_no_secret(wrote)
            return
        self.written += 1
        self._tells_no_secret(wrote)
        if wrote.place.subresource == "status":
            self._status(wrote)
        elif not wrote.by and kind not in {"MLPipelineRun", "GitSync"}:
            self.says(f"tenancy: {kind} {wrote.place.name} was written by the operator itself")
        if wrote.verb == "PATCH" and wrote.place.kind == SERVICE:
            self._asked(wrote.before, wrote.body, _of_service)
        if wrote.verb == "PATCH" and wrote.place.kind == ROUTE:
            self._asked(wrote.before, wrote.body, _of_route)

    def _tells_no_secret(self, wrote: Wrote) -> None:
        if SECRET in json.dumps(wrote.body) and wrote.place.kind[1] != "Secret":
            self.says(f"tenancy: a secret was told in {wrote.place.kind[1]} {wrote.place.name}")

    def _status(self, wrote: Wrote) -> None:
        ref, status = wrote.place.ref, wrote.body[1]["value"]
        if not wrote.changed and not self.world.faults.lost and self.world.faults.longest_lag == 0:
            self.says(f"quiet: the same status was written again to {ref}")
        trial = status.get("trial") or {}
        if ref.kind == "ModelDeployment" and trial.get("phase") in {"Passed", "Promoted"}:
            self.passed.add(str(trial["version"]))

    def _asked(self, before: Thing | None, after: Thing, read: Callable[[Thing], Mapping[str, int]]) -> None:
        """A change of what is asked of KServe, or of the gateway."""
        old, new = read(before) if before else {}, read(after)
        if sum(new.values()) != 100 or min(new.values()) < 0:
            self.says(f"safety: weights are {dict(new)}")
        users = self.world.traffic.weights
        for name in old.keys() - new.keys():
            taken = any(part in f"wine-{name}-" for part in self.deleted_by_hand)
            if users.get(f"wine-{name}-predictor") and self._is_up(name) and not taken:
                self.says(f"safety: {name} was removed while it had {users[f'wine-{name}-predictor']} %")
        for name, weight in new.items():
            if old and weight > old.get(name, 0) and name != _main(after):
                for why in self._against(name):
                    self.says(f"safety: {name} was raised from {old.get(name, 0)} to {weight} % {why}")

    def _against(self, name: str) -> Iterator[str]:
        """Why this predictor must not be given more."""
        version = name.removeprefix("v").partition("-")[0]
        live = self.world.get("ModelDeployment")
        spec = live["spec"] if live else {}
        if self.held(f"unready {version}") and not self._is_up(name):
            yield "unready"
        if (spec.get("stable") or {}).get("version") == version:
            return  # Git has said the last word
        yield from (why for why in ("suspended", f"rejected {version}", f"aborted {version}") if self.held(why))
        if self.held("unmeasured", BLIND):
            yield "unmeasured"
        trial = ((live or {}).get("status") or {}).get("trial") or {}
        if not self.world.several and trial.get("version") == version and trial.get("phase") in {"Failed", "Reverted"}:
            yield f"after it was {trial['phase']}"

    def _is_up(self, name: str) -> bool:
        live = self.world.store.get(ObjectRef(*DEPLOYMENT, NAMESPACE, f"wine-{name}-predictor"))
        return bool(((live or {}).get("status") or {}).get("availableReplicas"))

    # Each push

    def on_push(self, commit: Commit) -> None:
        self.pushed.append(commit)
        if commit.author == KANARIA:
            for why in self._against_push(commit):
                self.says(f"no loss: {why} in {commit.message.partition(chr(10))[0]!r}")

    def _against_push(self, commit: Commit) -> Iterator[str]:
        before = self.world.remote.commits[commit.parent]
        changed = {n for n in {*before.files, *commit.files} if before.files.get(n) != commit.files.get(n)}
        for name in changed:
            old, new = before.files.get(name, ""), commit.files.get(name, "")
            if name == RECORD and not old:
                continue  # which cluster writes here is recorded by its first commit
            if not old or not new:
                yield f"{name} came or went"
            elif _notes(old) != _notes(new):
                yield f"comments of {name} were lost"
        old_spec, new_spec = spec_in(before) or {}, spec_in(commit) or {}
        differing = {k for k in {*old_spec, *new_spec} if old_spec.get(k) != new_spec.get(k)}
        if not differing <= MAY_CHANGE:
            yield f"{sorted(differing - MAY_CHANGE)} changed"
        stable = (new_spec.get("stable") or {}).get("version")
        if stable != (old_spec.get("stable") or {}).get("version") and stable not in self.passed:
            yield f"{stable} was promoted, which never passed"
        if self._again(commit):
            yield "the same edit was made again, and nobody asked for it"

    def _again(self, commit: Commit) -> bool:
        """Whether Kanaria made the very same change since the last commit of a person."""
        for known in reversed(self.pushed[:-1]):
            if known.author == PERSON:
                return False
            if known.message == commit.message and known.files == commit.files:
                return True
        return False

    # At rest

    def at_rest(self) -> list[str]:
        """What is wrong, once all that was wrong with the world is healed and time has passed."""
        for law in (*self._served(), *self._true(), *self.world.wrong):
            self.says(law)
        return self.broken

    def _served(self) -> Iterator[str]:
        self.world.traffic.count()
        for backend, missed in self.world.traffic.unserved.items():
            if missed > 1 and not any(part in backend for part in self.deleted_by_hand):
                yield f"safety: {missed:.0f} requests to {backend} found no server"

    def _true(self) -> Iterator[str]:
        """Git is true: what stands there is live, and what serves, or something says why not."""
        world = self.world
        wanted, live, sync = world.people.deployment, world.get("ModelDeployment"), world.get("GitSync", "team")
        told = _ready(sync)
        if told[0] != "True":
            yield f"truth: the GitSync is not ready though all is healed: {told[1]}: {told[2]}"
            return
        if (wanted is None) != (live is None):
            yield f"truth: the ModelDeployment is {'there' if live else 'not there'}, in Git it is otherwise"
        if wanted is None or live is None:
            return
        keys = {*wanted["spec"], *live["spec"]}
        differing = sorted(key for key in keys if live["spec"].get(key) != wanted["spec"].get(key))
        if differing:
            yield f"truth: the live spec is not Git's: {differing}"
        yield from self._serves(live)

    def _serves(self, live: Thing) -> Iterator[str]:
        status, reason, message = _ready(live)
        spec, users = live["spec"], {n: w for n, w in self.world.traffic.weights.items() if w}
        if status == "True" and spec.get("suspend"):
            if len(users) != 1 or f"-v{message.rpartition(' version ')[2].partition(' ')[0]}-" not in next(iter(users)):
                yield f"truth: Ready says {message!r}, and users get {users}"
        elif status == "True":
            version = (spec.get("stable") or {}).get("version")
            if spec.get("candidate") or len(users) != 1 or not next(iter(users)).startswith(f"wine-v{version}-"):
                yield f"truth: Ready says {message!r}, while Git asks for {spec.get('candidate')} and users get {users}"
            named = self.world.registry.aliases.get("champion-cellar-wine")
            if named != version:
                yield f"truth: the alias names {named}, and {version} serves"
        elif reason in {"InternalError", "ProgressingWithRetry"} or not message:
            yield f"truth: it does not come to rest, and says only {reason}: {message}"

    @property
    def trial_runs(self) -> bool:
        """Whether a candidate is being tried: then its evidence is written once a minute."""
        live = self.world.get("ModelDeployment") or {}
        trial = (live.get("status") or {}).get("trial") or {}
        return trial.get("phase") in ACTIVE


def _of_service(thing: Thing) -> Mapping[str, int]:
    """Percents by predictor, as KServe is asked for them."""
    others = {each["predictor"]["name"]: each["trafficPercent"] for each in thing["spec"].get("canary") or ()}
    main = thing["spec"]["predictor"].get("name") or ""
    return {main: 100 - sum(others.values()), **others}


def _of_route(thing: Thing) -> Mapping[str, int]:
    references = thing["spec"]["rules"][-1]["backendRefs"]
    named = ((r["name"].removeprefix("wine-").removesuffix("-predictor"), r["weight"]) for r in references)
    return dict(named)


def _main(thing: Thing) -> str:
    """The predictor that gets what the others leave."""
    return next(iter(_of_route(thing) if "rules" in thing["spec"] else _of_service(thing)))


def _notes(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith(("# note", BY_HAND))]


def _ready(thing: Thing | None) -> tuple[str, str, str]:
    conditions: list[Any] = ((thing or {}).get("status") or {}).get("conditions") or []
    found = next((c for c in conditions if c["type"] == "Ready"), {})
    return found.get("status", ""), found.get("reason", ""), found.get("message", "")
