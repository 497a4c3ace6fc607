"""Any cluster that the suite runs on, spoken to with kubectl as a person would."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from fake_kubelet import obeyed
from kanaria.local.crds import files
from kanaria.local.upkeep import down, up
from waiting import PATIENCE, eventually_now

ROOT = Path(__file__).parents[1]
ROLES = ("", "replicas", "story", "alone", "measured")
PORTS_OF_ONE = 8
READING = {"get", "list", "watch"}
LOCAL_PARTS = frozenset(("workloads", "kubelet"))


@dataclass(frozen=True, slots=True)
class Said:
    """What kubectl said."""

    code: int
    out: str
    err: str


@dataclass(frozen=True, slots=True)
class Write:
    """A write that an API server answered."""

    program: str
    verb: str
    resource: str  # jobs.batch, or events; gitsyncs.kanaria.dev/status
    namespace: str
    name: str
    impersonated: str


@dataclass(frozen=True, slots=True)
class AnyCluster:
    """A cluster by its kubeconfig; `name` is the word that `--cluster` was given."""

    name: str
    kubeconfig: Path

    def kubectl(self, *words: str, given: str | None = None, check: bool = True) -> Said:
        """Run kubectl; a refusal is an AssertionError unless it is asked for."""
        done = subprocess.run(
            ["kubectl", "--kubeconfig", str(self.kubeconfig), "--cache-dir", str(self.kubeconfig.parent / "c"), *words],
            input=given,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        said = Said(done.returncode, done.stdout, done.stderr)
        assert not check or said.code == 0, f"kubectl {' '.join(words)}: {said.err}"
        return said

    def get(self, kind: str, namespace: str, name: str = "") -> dict[str, Any]:
        """An object, or the list of all, as JSON."""
        found: dict[str, Any] = json.loads(
            self.kubectl("get", kind, "-n", namespace, *filter(None, [name]), "-ojson").out
        )
        return found

    def apply(self, *manifests: Mapping[str, Any], namespace: str = "default", dry_run: bool = False) -> Said:
        """Server-side apply, as a person; the refusal is told, not raised."""
        words = ["apply", "--server-side", "-n", namespace, "-f", "-", *(["--dry-run=server"] if dry_run else [])]
        return self.kubectl(*words, given=yaml.safe_dump_all(manifests), check=False)

    def writes(self) -> list[Write]:
        """All writes that were answered so far, the oldest first."""
        if self.name == "local":
            return [_locally(each) for each in self.audit()]
        return [_audited(each) for each in self.audit() if each["verb"] not in READING and "objectRef" in each]

    def audit(self) -> list[dict[str, Any]]:
        """What the API server tells of requests it answered: each cluster in its own words."""
        if self.name == "local":
            return [json.loads(line) for line in self.kubectl("get", "--raw", "/audit").out.splitlines()]
        log = self.kubeconfig.parent / "audit.log"
        if not log.exists():
            pytest.skip("this cluster keeps no audit log that the test can read")
        return [json.loads(line) for line in log.read_text().splitlines() if line.endswith("}")]

    def furnish(self) -> list[str]:
        """Install the CRDs that the suite needs and are not there, those of KServe as they are at hand; tells which."""
        there = set(self.kubectl("get", "crd", "-oname").out.split())
        wanted = {f"customresourcedefinition.apiextensions.k8s.io/{_name(path)}": path for path in _definitions()}
        paths = [path for name, path in wanted.items() if name not in there]
        if paths:
            self.kubectl("apply", "--server-side", *(word for path in paths for word in ("-f", str(path))))
        words = ("wait", "--for=condition=Established", "crd", "--all", "--timeout=30s")
        # A wait that comes before the server's first word of a CRD fails at once.
        eventually_now(lambda: self.kubectl(*words, check=False).code == 0)
        return sorted(wanted.keys() - there)


def _definitions() -> list[Path]:
    """The CRDs that the suite needs: our own, and those of KServe and the Gateway API, the real ones where they are."""
    real = Path(os.environ.get("KANARIA_REFERENCE_CRDS", ROOT.parent / "shared/crds"))
    used = ("inferenceservices", "httproutes")
    others = [path for path in sorted(real.glob("*.yaml")) if any(word in path.name for word in used)]
    return [*sorted((ROOT / "crds").glob("*.yaml")), *(others or (Path(str(path)) for path in files()))]


def _name(path: Path) -> str:
    name: str = yaml.safe_load(path.read_text())["metadata"]["name"]
    return name


def _locally(told: Mapping[str, Any]) -> Write:
    below = f"/{told['subresource']}" if told["subresource"] else ""
    where = (told["resource"] + below, told["namespace"], told["name"])
    return Write(told["userAgent"].partition("/")[0], told["verb"], *where, told["impersonated"])


def _audited(told: Mapping[str, Any]) -> Write:
    ref = told["objectRef"]
    kind = ".".join(filter(None, (ref["resource"], ref.get("apiGroup"))))
    where = ("/".join(filter(None, (kind, ref.get("subresource")))), ref.get("namespace", ""), ref.get("name", ""))
    as_whom = told.get("impersonatedUser", {}).get("username", "")
    return Write(told.get("userAgent", "").partition("/")[0], told["verb"], *where, as_whom)


def documents(example: str, team: str = "wine") -> list[dict[str, Any]]:
    """What stands in an example, for that team."""
    return list(yaml.safe_load_all((ROOT / "examples" / example).read_text().replace("wine", team)))


@contextmanager
def local(home: Path) -> Iterator[AnyCluster]:
    """The local cluster, with a kubelet and its controllers."""
    if shutil.which("kubectl") is None:
        pytest.skip("kubectl is not on this machine")
    info = up(home, with_parent=True, parts=LOCAL_PARTS)  # type: ignore[arg-type] # a set of the names of parts
    try:
        yield AnyCluster("local", info.kubeconfig)
    finally:
        down(home)


@contextmanager
def controlplane(program: Path, role: str = "") -> Iterator[AnyCluster]:
    """A real control plane, fresh, with what the suite needs."""
    with bare_controlplane(program, role) as made:
        made.furnish()
        said = made.apply(*obeyed())
        assert said.code == 0, said.err
        yield made


@contextmanager
def bare_controlplane(program: Path, role: str = "", **settings: str) -> Iterator[AnyCluster]:
    """A real control plane, fresh and empty; one in a role of its own runs beside the suite's."""
    # Two runs at once on one machine name theirs, by the program's own variables.
    name, port = os.environ.get("CONTROLPLANE_NAME", "kanaria"), int(os.environ.get("CONTROLPLANE_PORT", "16540"))
    place = {
        "CONTROLPLANE_NAME": "-".join(filter(None, (name, role))),
        "CONTROLPLANE_PORT": str(port + ROLES.index(role) * PORTS_OF_ONE),
        "CONTROLPLANE_AUDIT": "1",
    }
    environment = {**os.environ, **place, **settings}
    started = subprocess.run([program, "up"], env=environment, capture_output=True, text=True, check=False, timeout=300)
    try:
        assert started.returncode == 0, f"{program} up: {started.stderr}"
        yield AnyCluster("controlplane", Path(started.stdout.strip().splitlines()[-1]))
    finally:
        subprocess.run([program, "down"], env=environment, capture_output=True, check=True, timeout=120)


@contextmanager
def own(config: pytest.Config, home: Path, role: str) -> Iterator[AnyCluster]:
    """A cluster beside the suite's, of the chosen kind, in which no other operator acts."""
    chosen = config.getoption("--cluster")
    if chosen == "local":
        with local(home) as found:
            yield found
    elif chosen == "controlplane":
        with controlplane(config.getoption("--controlplane"), role) as found:
            yield found
    else:
        pytest.skip("another operator may act in a cluster that is not ours")


@contextmanager
def named() -> Iterator[AnyCluster]:
    """The cluster of $KUBECONFIG, as it is: what the suite needs there and is not there comes, and goes with it."""
    file = Path(os.environ.get("KUBECONFIG") or Path.home() / ".kube/config")
    assert file.is_file(), f"--cluster kubeconfig: there is no file {file}; set KUBECONFIG to that of the cluster"
    found = AnyCluster("kubeconfig", file.absolute())
    brought = found.furnish()
    # A fake kubelet needs the policies; where they cannot be had there is none.
    found.apply(*obeyed())
    try:
        yield found
    finally:
        policies = [f"{each['kind']}/{each['metadata']['name']}" for each in obeyed()]
        found.kubectl("delete", "--wait=false", "--ignore-not-found", *policies, *brought, check=False)
