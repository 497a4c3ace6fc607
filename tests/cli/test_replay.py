"""A replay is asked for by a commit of a person's own, and compared once it is over."""

import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kanaria.cli.manifests import ManifestError
from kanaria.cli.replay import Asked, NoReplayError, came_of, committed
from kanaria.cluster.connection import Access
from pipelines import a_run
from scripted_api import ScriptedApi, a_scripted_api

GROUP = "/apis/kanaria.dev/v1alpha1"
RUNS = f"{GROUP}/namespaces/wine/mlpipelineruns"
SERVED = {"resources": [{"name": "mlpipelineruns", "kind": "MLPipelineRun", "namespaced": True}]}
MANIFEST = """\
apiVersion: kanaria.dev/v1alpha1
kind: MLPipeline
metadata: {name: wine}   # the team's
spec:
  steps:
    - {name: train, command: [python, train.py]}
"""
FIRST = "wine-1-abcde"
ASKED = Asked(FIRST, "wine", 0.01, (), timedelta(0))


def git(folder: Path, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    folder = tmp_path / "wine"
    git(tmp_path, "init", "-q", "-b", "main", "wine")
    for key, value in (("user.name", "Hana"), ("user.email", "hana@example.com"), ("commit.gpgsign", "false")):
        git(folder, "config", key, value)
    (folder / "wine.yaml").write_text(MANIFEST)
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "Train")
    return folder


def a_body(number: int, *, replays: dict[str, Any] | None = None, **status: Any) -> dict[str, Any]:
    body: dict[str, Any] = a_run(number=number).model_dump(mode="json", by_alias=True, exclude_none=True)
    body["spec"] |= {"replays": {"run": FIRST, "request": FIRST, **replays}} if replays is not None else {}
    return {**body, "status": {"phase": "Succeeded", **status}}


def a_cluster(api: ScriptedApi, *runs: dict[str, Any]) -> Access:
    api.answers[GROUP] = [SERVED]
    api.answers[RUNS] = [{"items": list(runs)}]
    for run in runs:
        api.answers[f"{RUNS}/{run['metadata']['name']}"] = [run]
    return Access(api.url)


async def test_the_commit_is_of_the_manifest_and_names_the_run(copy: Path):
    async with a_scripted_api() as api:
        asked = await committed(a_cluster(api, a_body(1)), ASKED, copy, push=False)

    assert asked.request.startswith(f"{FIRST}#20")
    assert git(copy, "log", "-1", "--format=%an: %s") == f"Hana: Replay run {FIRST}"
    text = (copy / "wine.yaml").read_text()
    assert f"kanaria.dev/replay: {asked.request}" in text.replace('"', "")
    assert "# the team's" in text


async def test_a_run_that_did_not_succeed_is_not_asked_for(copy: Path):
    async with a_scripted_api() as api:
        with pytest.raises(NoReplayError, match="run wine-1-abcde is Failed: only one that succeeded can be repeated"):
            await committed(a_cluster(api, a_body(1, phase="Failed")), ASKED, copy, push=False)


async def test_a_manifest_that_is_elsewhere_is_told(copy: Path):
    (copy / "wine.yaml").write_text(MANIFEST.replace("name: wine", "name: beer"))
    git(copy, "commit", "-q", "-am", "Another")
    async with a_scripted_api() as api:
        with pytest.raises(ManifestError, match="holds no MLPipeline wine"):
            await committed(a_cluster(api, a_body(1)), ASKED, copy, push=False)


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [
        pytest.param(
            {"metrics": {"auc": 0.9001}}, 0, ["✓ auc  was 0.9, is 0.9001", "1 metrics as before"], id="as before"
        ),
        pytest.param({"metrics": {"auc": 0.8}}, 1, ["✗ auc  was 0.9, is 0.8", "1 of 1 metrics differ"], id="another"),
        pytest.param({"phase": "Failed"}, 1, ["✗ run wine-2-abcde Failed: "], id="failed"),
    ],
)
async def test_the_exit_code_tells_whether_it_came_out_as_before(
    status: dict[str, Any], code: int, said: list[str], capsys: pytest.CaptureFixture[str]
):
    async with a_scripted_api() as api:
        found = await came_of(a_cluster(api, a_body(1), a_body(2, replays={"metrics": {"auc": 0.9}}, **status)), ASKED)

    told = capsys.readouterr().out
    assert found == code
    assert "run wine-2-abcde repeats wine-1-abcde" in told
    assert [each for each in said if each not in told] == []


@pytest.mark.parametrize(
    ("runs", "said"),
    [
        pytest.param([a_body(1)], "no run that repeats wine-1-abcde began within 0s", id="no replay"),
        pytest.param([a_body(2, replays={}, phase="Running")], "run wine-2-abcde was not over within 0s", id="it runs"),
        pytest.param([a_body(2, replays={"run": "wine-9"})], "no run that repeats wine-1-abcde", id="of another run"),
    ],
)
async def test_what_does_not_come_in_time_is_told(runs: list[dict[str, Any]], said: str):
    async with a_scripted_api() as api:
        with pytest.raises(NoReplayError, match=said):
            await came_of(a_cluster(api, *runs), ASKED)
