"""What the team has in Git, and what people commit: each change is made upon what stands at the head."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import yaml

from simulation.repository import Commit, Remote
from simulation.store import Thing

API = "kanaria.dev/v1alpha1"
NAMESPACE = "cellar"
PERSON = "a person"
FOLDER = "deploy"
DEPLOYMENT, PIPELINE, POLICIES = (f"{FOLDER}/{name}.yaml" for name in ("deployment", "pipeline", "policies"))
BY_HAND = "# kept by hand"
PREDICTOR = {"model": {"modelFormat": {"name": "sklearn"}}, "minReplicas": 1}
JUDGED = {"policies": [{"name": "online"}], "warmup": "5s"}
WATCHED = {"policies": [{"name": "online"}, {"name": "bound"}], "warmup": "5s"}
ROUTING = {"gatewayRef": {"name": "edge", "namespace": "gateways"}, "hostnames": ["wine.example.com"]}


def canary(*steps: Thing, **more: Any) -> Thing:
    return {"canary": {"steps": list(steps), "maxDuration": "10m", **more}}


TWO_STEPS = canary({"setWeight": 10}, {"pause": {"duration": "20s"}}, {"setWeight": 50}, {"pause": {"duration": "20s"}})
ONE_STEP = canary({"setWeight": 25}, {"pause": {"duration": "15s"}}, onInconclusive="Pause")


def a_policy(name: str, /, **metric: Any) -> Thing:
    metadata = {"name": name}
    return {"apiVersion": API, "kind": "MetricPolicy", "metadata": metadata, "spec": {"metrics": [metric]}}


ONLINE = a_policy(
    "online", name="errors", counter={"interval": "10s"}, sequential={"promoteBelow": 2.0, "acceptBelow": 0.05}
)
BOUND = a_policy(
    "bound",
    name="latency",
    prometheus={"serverRef": {"name": "main"}, "query": 'p99{service="{{variant}}"}'},
    interval="10s",
    threshold={"max": 0.25},
)
OFFLINE = a_policy("offline", name="accuracy", mlflow={"key": "accuracy"}, threshold={"min": 0.9})


def a_deployment(**spec: Any) -> Thing:
    whole = {
        "model": {"name": "wine-quality"},
        "stable": {"version": "7"},
        "predictor": PREDICTOR,
        "strategy": TWO_STEPS,
        "analysis": JUDGED,
        "rollbackWindow": {"keepWarm": "1m"},
        **spec,
    }
    return {"apiVersion": API, "kind": "ModelDeployment", "metadata": {"name": "wine"}, "spec": whole}


def a_pipeline() -> Thing:
    step = {"name": "train", "image": "train:1", "command": ["python", "train.py"]}
    spec = {
        "steps": [step],
        "model": {"name": "wine-quality", "step": "train"},
        "gates": [{"policyRef": {"name": "offline"}}],
        "promote": [{"modelDeployment": {"name": "wine"}}],
        "activeDeadlineSeconds": 120,
    }
    return {"apiVersion": API, "kind": "MLPipeline", "metadata": {"name": "wine"}, "spec": spec}


def a_sync() -> Thing:
    spec = {"url": "https://git.example.com/team/wine.git", "path": FOLDER, "interval": "5m"}
    metadata = {"name": "team", "namespace": NAMESPACE}
    return {"apiVersion": API, "kind": "GitSync", "metadata": metadata, "spec": spec}


@lru_cache(maxsize=4096)
def written(document: str) -> str:
    """A document as a person writes it."""
    return f"{BY_HAND}\n{yaml.dump(json.loads(document), Dumper=yaml.CSafeDumper, sort_keys=False)}"


@lru_cache(maxsize=4096)
def _read(text: str) -> str:
    return json.dumps(yaml.load(text, Loader=yaml.CSafeLoader))


def read(text: str) -> Thing:
    """The document of a file, to be changed at will."""
    found: Thing = json.loads(_read(text))
    return found


@dataclass
class People:
    """They push to the branch; `pushed` tells the forge, which may tell the operator."""

    remote: Remote
    pushed: Callable[[], None]
    specs: list[Thing] = field(default_factory=list)
    """Specs of the ModelDeployment that Git has held."""

    def start(self, deployment: Thing, *, pipeline: bool) -> None:
        files = {DEPLOYMENT: _text(deployment), POLICIES: _many(ONLINE, BOUND, OFFLINE)}
        if pipeline:
            files[PIPELINE] = _text(a_pipeline())
        self.remote.push(files, PERSON, "Begin\n")

    @property
    def deployment(self) -> Thing | None:
        """The ModelDeployment at the head, wherever it stands."""
        return next((read(text) for _, text in _of(self.remote.files, "kind: ModelDeployment\n")), None)

    def change(self, **spec: Any) -> None:
        """Change fields of the ModelDeployment's spec; None removes one."""

        def changed(document: Thing) -> Thing:
            whole = {**document["spec"], **spec}
            return {**document, "spec": {key: value for key, value in whole.items() if value is not None}}

        self._edit("kind: ModelDeployment\n", changed, f"Set {', '.join(spec)}")

    def annotate(self, kind: str, key: str, value: str) -> None:
        def changed(document: Thing) -> Thing:
            known = document["metadata"].get("annotations") or {}
            return {**document, "metadata": {**document["metadata"], "annotations": {**known, key: value}}}

        self._edit(f"kind: {kind}\n", changed, f"Annotate {kind}")

    def revert(self, pick: Callable[[list[Thing]], Thing]) -> None:
        """Bring back a spec that Git has held."""
        if self.specs:
            chosen = pick(self.specs)
            self._edit("kind: ModelDeployment\n", lambda document: {**document, "spec": chosen}, "Revert")

    def delete(self) -> None:
        self._push({n: t for n, t in self.remote.files.items() if "kind: ModelDeployment\n" not in t}, "Delete wine")

    def recreate(self, deployment: Thing) -> None:
        if self.deployment is None:
            self._push({**self.remote.files, DEPLOYMENT: _text(deployment)}, "Bring wine back")

    def move(self) -> None:
        """Move files without changing them."""
        moved = {_elsewhere(name): text for name, text in self.remote.files.items()}
        self._push(moved, "Move files")

    def break_file(self) -> None:
        """A commit that is no YAML."""
        self._push({**self.remote.files, f"{FOLDER}/notes.yaml": "a: [1,\n"}, "Break a file")

    def mend_file(self) -> None:
        files = {name: text for name, text in self.remote.files.items() if not name.endswith("notes.yaml")}
        self._push(files, "Mend the file")

    def note(self, number: int) -> None:
        """A commit beside everything: a comment in the deployment's file."""
        for name, text in _of(self.remote.files, "kind: ModelDeployment\n"):
            self._push({**self.remote.files, name: f"{text}# note {number}\n"}, f"Note {number}")

    def empty(self) -> None:
        self._push({"README.md": "gone\n"}, "Empty the repository")

    def restore(self) -> None:
        """Take back an emptied repository, or a deletion."""
        if not any(name.endswith(".yaml") for name in self.remote.files):
            full = next(c for c in self.remote.history if any(name.endswith(".yaml") for name in c.files))
            self._push(full.files, "Restore all")

    def _edit(self, marker: str, changed: Callable[[Thing], Thing], said: str) -> None:
        for name, text in _of(self.remote.files, marker):
            document = read(text)
            if document["kind"] == "ModelDeployment":
                self.specs.append(document["spec"])
            self._push({**self.remote.files, name: _text(changed(document))}, said)

    def _push(self, files: Mapping[str, str], said: str) -> None:
        if dict(files) != dict(self.remote.files):
            self.remote.push(files, PERSON, f"{said}\n")
            self.pushed()


def spec_in(commit: Commit) -> Thing | None:
    """The ModelDeployment's spec in a commit."""
    found = next((read(text) for _, text in _of(commit.files, "kind: ModelDeployment\n")), None)
    return None if found is None else found["spec"]


def _of(files: Mapping[str, str], marker: str) -> Iterator[tuple[str, str]]:
    return iter([(name, text) for name, text in files.items() if marker in text and name.startswith(FOLDER)])


def _elsewhere(name: str) -> str:
    folder, _, file = name.rpartition("/")
    return f"{FOLDER}/{file}" if folder.endswith("/moved") else f"{folder}/moved/{file}"


def _text(document: Thing) -> str:
    return written(json.dumps(document))


def _many(*documents: Thing) -> str:
    return "---\n".join(_text(document) for document in documents)
