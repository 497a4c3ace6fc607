"""What the image holds: the Dockerfile's own steps, done in a folder, and the operator that comes of them.

No builder of images is needed, and none is enough: what a step downloads comes from the package index.
"""

import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from rendered_chart import ROOT

pytestmark = pytest.mark.slow
PATIENCE = 600
LARGEST = 260
"""MiB of packages with their bytecode left out; more than that needs a reason."""
# The local cluster, and what reads data, need extras: what uses them is imported when it is needed.
ALL_BUT_LOCAL = """
import importlib, pkgutil, sys, kanaria
found = pkgutil.walk_packages(kanaria.__path__, "kanaria.", onerror=lambda name: None)
apart = ("kanaria.local", "kanaria.data", "kanaria.__main__", "kanaria.cli.demo", "kanaria.cli.local")
names = [each.name for each in found if not each.name.startswith(apart)]
for name in names:
    importlib.import_module(name)
print(len(names), *sorted({"pandas", "kserve", "sklearn", "numpy", "kubernetes"} & set(sys.modules)))
"""


@dataclass(frozen=True)
class Image:
    """The folder that stands for /kanaria of the image."""

    prefix: Path

    def says(self, *words: str) -> str:
        """What a program of the image prints."""
        done = subprocess.run(
            [self.prefix / "bin" / words[0], *words[1:]],
            env={"PATH": f"{self.prefix}/bin:/usr/bin:/bin", "HOME": str(self.prefix), "COLUMNS": "200"},
            cwd=self.prefix,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    @property
    def megabytes(self) -> float:
        files = (path for path in self.prefix.rglob("*") if path.is_file() and path.suffix != ".pyc")
        return sum(path.stat().st_size for path in files) / 2**20


def steps() -> Iterator[tuple[str, str]]:
    """The first stage's instructions that make something."""
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    for line in text.splitlines():
        word, _, rest = line.partition(" ")
        if word == "FROM" and "AS" not in rest:
            return
        if word in {"RUN", "COPY"}:
            yield word, rest


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    home = tmp_path_factory.mktemp("image")
    python, work, prefix = home / "bin/python", home / "src", home / "kanaria"
    work.mkdir()
    python.parent.mkdir()
    python.symlink_to(Path(sys.base_prefix, "bin", "python3"))
    environment = {**os.environ, "PATH": f"{python.parent}:/usr/bin:/bin"}
    environment.pop("PYTHONPATH", None)
    for word, rest in steps():
        if word == "COPY":
            _copied(rest.split(), work)
            continue
        # Kept for the next time; an image keeps no cache.
        command = rest.replace("/kanaria", str(prefix)).replace("--no-cache-dir", "")
        done = subprocess.run(
            ["sh", "-ec", command],
            env=environment,
            cwd=work,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
        if "index" in done.stderr and "Could not find a version" in done.stderr:
            pytest.skip("the package index cannot be reached")
        assert done.returncode == 0, done.stderr
    return Image(prefix)


def _copied(words: list[str], work: Path) -> None:
    for name in words[:-1]:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, work / words[-1], ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, work / name)


def test_the_operator_can_be_started(image: Image):
    assert "--lease" in image.says("kanaria", "run", "--help")
    assert "--revision" in image.says("kanaria", "checkout", "--help")


def test_all_but_the_local_cluster_imports_with_nothing_heavy(image: Image):
    count, *heavy = image.says("python", "-c", ALL_BUT_LOCAL).split()

    assert int(count) > 150
    assert heavy == []


def test_versions_are_those_that_are_tested(image: Image):
    wanted = {line.split("==")[0]: line.split("==")[1].split()[0] for line in constraints()}
    installed = image.says(
        "python",
        "-c",
        "import importlib.metadata as m\nfor d in m.distributions(): print(d.metadata['Name'].lower(), d.version)",
    )

    pairs = dict(line.split() for line in installed.splitlines())
    pairs.pop("kanaria")
    assert {name: version for name, version in pairs.items() if wanted.get(name.replace("_", "-")) != version} == {}


def constraints() -> list[str]:
    return [line for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line]


def test_it_is_small(image: Image):
    assert image.megabytes < LARGEST


def test_it_is_this_version(image: Image):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    assert image.says("python", "-c", "import kanaria; print(kanaria.__version__)").strip() == project["version"]
