"""The chart as helm renders it.

objects = rendered("rbac.namespaces[0].name=wine")
"""

import os
import shutil
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
CHART = ROOT / "charts/kanaria"
SYSTEM = "kanaria-system"
# A helm that is built by `go install` takes itself for one of Kubernetes 1.20.
KUBERNETES = "1.31.0"
A_TEAM = ("rbac.namespaces[0].name=wine", "rbac.namespaces[0].gitSecrets={git}")
Manifest = dict[str, Any]


def helm() -> str | None:
    """Where helm is: on the path, or where `make chart` put it."""
    cached = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"), "kanaria/bin/helm")
    return shutil.which("helm") or (str(cached) if cached.is_file() else None)


def helm_says(*words: str, given: str = "") -> subprocess.CompletedProcess[str]:
    """What helm answers; a test that needs helm is skipped where there is none."""
    program = helm()
    if program is None:
        pytest.skip("helm is not on this machine: `make chart` builds it where Go is")
    return subprocess.run([program, *words], input=given, capture_output=True, text=True, check=False, timeout=150)


def templated(*settings: str, values: Mapping[str, Any] | None = None) -> subprocess.CompletedProcess[str]:
    """What `helm template` says of the chart with these settings (--set), or these values."""
    sets = [word for setting in settings for word in ("--set", setting)]
    where = ["kanaria", str(CHART), "--namespace", SYSTEM, "--kube-version", KUBERNETES, "--values", "-"]
    return helm_says("template", *where, *sets, given=yaml.safe_dump(dict(values or {})))


@cache
def text_of(*settings: str) -> str:
    """All that the chart renders."""
    said = templated(*settings)
    assert said.returncode == 0, said.stderr
    return said.stdout


def rendered(*settings: str) -> list[Manifest]:
    """The same as objects."""
    return [document for document in yaml.safe_load_all(text_of(*settings)) if document]


def of_kind(objects: list[Manifest], kind: str, name: str | None = None) -> list[Manifest]:
    """The objects of the kind, with that name where it is given."""
    return [each for each in objects if each["kind"] == kind and name in {None, each["metadata"]["name"]}]


def rules_of(objects: list[Manifest]) -> list[tuple[Manifest, Manifest]]:
    """Each rule of RBAC with the Role or ClusterRole that it stands in."""
    return [(each, rule) for each in objects if each["kind"] in {"Role", "ClusterRole"} for rule in each["rules"]]
