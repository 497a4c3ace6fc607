"""What the image is built from, and as whom it runs. No Docker is needed: the file is read."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from rendered_chart import ROOT, of_kind, rendered

TOO_HEAVY = {"pandas", "kserve", "scikit-learn", "mlflow", "kubernetes", "numpy"}


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions in order, with their lines joined."""
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in lines)]


def last_stage() -> list[tuple[str, str]]:
    """What the image itself is made by."""
    told = instructions()
    return told[max(n for n, (word, _) in enumerate(told) if word == "FROM") :]


def test_the_images_are_made_in_two_stages_each_of_the_same_python():
    stages = [rest for word, rest in instructions() if word == "FROM"]

    assert stages == [
        "python:3.11-slim AS built",
        "built AS built-data",
        "python:3.11-slim AS data",
        "python:3.11-slim",
    ]


def test_the_image_that_reads_data_has_what_reads_and_no_installer():
    told = instructions()
    begin, end = (told.index(("FROM", stage)) for stage in ("python:3.11-slim AS data", "python:3.11-slim"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]

    assert "p['data'] + p['clouds']" in " ".join(rest for _, rest in told[:begin])
    assert {Requirement(each).name for each in project["data"]} == {"fsspec", "numpy", "pyarrow"}
    assert ("COPY", "--from=built-data /kanaria /kanaria") in told[begin:end]
    assert any("pip uninstall" in rest for _, rest in told[begin:end])
    assert ("USER", "65532:65532") in told[begin:end]


def test_the_image_runs_as_the_user_that_the_chart_names():
    (user,) = [rest for word, rest in last_stage() if word == "USER"]

    spec = of_kind(rendered(), "Deployment")[0]["spec"]["template"]["spec"]
    assert user == f"{spec['securityContext']['runAsUser']}:{spec['securityContext']['runAsGroup']}"


def test_versions_are_those_that_are_tested():
    (installs,) = [
        [rest for word, rest in instructions() if word == "RUN" and "pip" in rest and " install" in rest][:2]
    ]

    assert "-c constraints.txt -r needs.txt" in installs[0]
    assert "--no-deps" in installs[1]


def test_the_core_has_nothing_heavy():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    core = {Requirement(each).name for each in project["dependencies"]}
    assert core & TOO_HEAVY == set()


def test_git_is_there_and_no_installer_stays():
    said = " ".join(rest for word, rest in last_stage() if word == "RUN")

    assert re.search(r"install .*\bgit\b", said)
    assert "pip uninstall" in said


@pytest.mark.parametrize("copied", [rest for word, rest in instructions() if word == "COPY" and "--from" not in rest])
def test_what_is_copied_is_there_and_not_ignored(copied: str):
    allowed = {line[1:].rstrip("/") for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] == "!"}

    for name in copied.split()[:-1]:
        assert Path(ROOT, name).exists()
        assert name in allowed


def test_no_link_leads_out_of_what_the_image_is_built_from():
    ignored = {line for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] not in {"", "!", "#"}}
    links = [path.relative_to(ROOT) for path in (ROOT / "controller").rglob("*") if path.is_symlink()]

    assert links
    assert [str(path) for path in links if not any(path.match(pattern) for pattern in ignored - {"*"})] == []
