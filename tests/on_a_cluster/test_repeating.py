"""A run repeated by a commit, on a cluster: it proposes nothing, and its metrics are compared with the first one's."""

from typing import Any

import pytest
import yaml
from typer.testing import CliRunner, Result

from fake_kubelet import a_step
from kanaria.cli import app as command_line
from registry import Registry
from synced_team import API_VERSION, DEPLOYMENTS, RUNS, SyncedTeam
from team_repository import git
from waiting import eventually_now

OVER = {"Succeeded", "Failed"}
DEPLOYMENT = {
    "predictor": {"model": {"modelFormat": {"name": "sklearn"}}},
    "strategy": {"canary": {"steps": [{"setWeight": 10}]}},
    "suspend": True,
}


def manifest(kind: str, spec: dict[str, Any], **metadata: Any) -> str:
    metadata = {"name": "wine", **metadata}
    return yaml.safe_dump({"apiVersion": API_VERSION, "kind": kind, "metadata": metadata, "spec": spec})


def run(team: SyncedTeam, number: int) -> dict[str, Any]:
    """The n-th run as it is now, empty before it is there."""
    found = team.background.all(RUNS, team.namespace)
    return next((each for each in found if each["spec"]["number"] == number), {})


def trained(team: SyncedTeam, registry: Registry, model: str, number: int, accuracy: float) -> dict[str, Any]:
    """The n-th run, once it logged this accuracy, registered a version and was over."""
    go_on = team.repository.bare.parent / "go-on"
    go_on.unlink(missing_ok=True)
    tracking = eventually_now(lambda: run(team, number).get("status", {}).get("tracking"))
    registry.register(model, tracking["runId"], {"accuracy": accuracy})
    go_on.touch()
    eventually_now(lambda: run(team, number)["status"].get("phase") in OVER)
    return run(team, number)


def kanaria(*words: str) -> Result:
    return CliRunner().invoke(command_line.app, ["replay", *words])


def test_a_replay_is_compared_and_proposes_nothing(
    team: SyncedTeam, registry: Registry, monkeypatch: pytest.MonkeyPatch
):
    if team.cluster.name != "local":
        pytest.skip("the step waits for a file of this machine")
    monkeypatch.setenv("KUBECONFIG", str(team.cluster.kubeconfig))
    model = f"wine-{team.namespace}"
    step = a_step("train", until=team.repository.bare.parent / "go-on")
    promote = [{"modelDeployment": {"name": "wine"}}]
    pipeline = {"steps": [step], "model": {"name": model, "step": "train"}, "promote": promote}
    files = {
        "deploy/pipeline.yaml": manifest("MLPipeline", pipeline, annotations={"kanaria.dev/run": "1"}),
        "deploy/deployment.yaml": manifest("ModelDeployment", {"model": {"name": model}, **DEPLOYMENT}),
    }
    team.repository.commit(files)
    team.follow().applied(team.repository.head())
    first = trained(team, registry, model, 1, 0.95)
    eventually_now(lambda: "candidate" in team.get(DEPLOYMENTS, "wine")["spec"])
    clone, name = team.repository.clone, first["metadata"]["name"]
    git(clone, "pull", "-q", "origin", "main")
    git(clone, "config", "user.name", "ann")
    git(clone, "config", "user.email", "ann@example.com")

    asked = kanaria(name, "-n", team.namespace, "--path", str(clone))
    assert asked.exit_code == 0, asked.output
    git(clone, "push", "-q", "origin", "main")
    head = team.repository.head()
    team.applied(head)
    second = trained(team, registry, model, 2, 0.951)

    same, other = (kanaria(name, "-n", team.namespace, "--wait", "--tolerance", t) for t in ("0.01", "0.0001"))
    assert (same.exit_code, other.exit_code) == (0, 1), same.output + other.output
    assert "✓ accuracy  was 0.95, is 0.951" in same.output
    assert second["spec"]["replays"]["run"] == name
    assert (second["spec"]["pipeline"]["promote"], second["status"].get("proposals", [])) == ([], [])
    assert team.get(DEPLOYMENTS, "wine")["spec"]["candidate"]["version"] == first["status"]["model"]["version"]
    assert team.repository.head() == head
