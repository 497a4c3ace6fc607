"""A version that a run registered and Kanaria proposed, followed back: while the run is kept, and once it is gone."""

import json
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from fake_kubelet import a_step
from kanaria.cli import app as command_line
from registry import Registry
from suite_operator import SuiteOperator
from synced_team import API_VERSION, DEPLOYMENTS, RUNS, SyncedTeam
from waiting import eventually_now

GATE = {"name": "accuracy", "mlflow": {"key": "accuracy"}, "threshold": {"min": 0.9}}


def manifest(kind: str, spec: dict[str, Any], **metadata: Any) -> str:
    metadata = {"name": "wine", **metadata}
    return yaml.safe_dump({"apiVersion": API_VERSION, "kind": kind, "metadata": metadata, "spec": spec})


def files(team: SyncedTeam, model: str, step: dict[str, Any]) -> dict[str, str | None]:
    pipeline = {
        "source": {"git": {"url": team.repository.url, "path": "training"}},
        "steps": [step],
        "model": {"name": model, "step": "train"},
        "gates": [{"policyRef": {"name": "wine"}}],
        "promote": [{"modelDeployment": {"name": "wine"}}],
    }
    deployment = {
        "model": {"name": model},
        "predictor": {"model": {"modelFormat": {"name": "sklearn"}}},
        "strategy": {"canary": {"steps": [{"setWeight": 10}]}},
        "suspend": True,
    }
    return {
        "training/train.py": "print(1)\n",
        "deploy/policy.yaml": manifest("MetricPolicy", {"metrics": [GATE]}),
        "deploy/deployment.yaml": manifest("ModelDeployment", deployment),
        "deploy/pipeline.yaml": manifest("MLPipeline", pipeline, annotations={"kanaria.dev/run": "1"}),
    }


def candidate(team: SyncedTeam) -> str | None:
    version: str | None = team.get(DEPLOYMENTS, "wine").get("spec", {}).get("candidate", {}).get("version")
    return version


def tracked(team: SyncedTeam) -> dict[str, Any] | None:
    runs = team.background.all(RUNS, team.namespace)
    return next((run for run in runs if run.get("status", {}).get("tracking")), None)


def followed(name: str, team: SyncedTeam) -> dict[str, dict[str, Any]]:
    """The links by name, as the command tells them: it finds no data, and on such clusters no image with a digest."""
    said = CliRunner().invoke(command_line.app, ["trace", name, "-n", team.namespace, "-o", "json"])
    assert said.exit_code == 1, said.output
    return {link["name"]: link for link in json.loads(said.stdout)["links"]}


def test_a_proposed_version_is_followed_back_to_its_run_and_once_that_is_gone_to_its_tags(
    team: SyncedTeam, operator: SuiteOperator, registry: Registry, monkeypatch: pytest.MonkeyPatch
):
    model, go_on = f"wine-{team.namespace}", team.repository.bare.parent / "go-on"
    # Where the step runs on this machine it waits for what is registered; a fake kubelet can only be told a time.
    step = a_step("train", until=go_on) if team.cluster.name == "local" else a_step("train", runs="5s")
    code = team.repository.commit(files(team, model, step))
    team.follow().applied(code)
    run = eventually_now(lambda: tracked(team))
    version = registry.register(model, run["status"]["tracking"]["runId"], {"accuracy": 0.95})
    go_on.touch()
    eventually_now(lambda: candidate(team) == version)
    told = f"kanaria.proposed.{team.namespace}.wine"
    eventually_now(lambda: told in registry.client.get_model_version(model, version).tags)
    monkeypatch.setenv("KUBECONFIG", str(team.cluster.kubeconfig))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", operator.tracking_uri)

    kept = followed("wine", team)
    assert team.cluster.kubectl("delete", "mlpipelinerun", "--all", "-n", team.namespace).code == 0
    gone = followed(f"models:/{model}/{version}", team)

    name = f"{team.namespace}/{run['metadata']['name']}"
    assert kept["run"]["facts"]["run"] == gone["run"]["facts"]["run"] == name
    assert (kept["run"]["origin"], gone["run"]["origin"]) == (f"MLPipelineRun {name}", "the version's tags in MLflow")
    assert kept["code"]["facts"] == gone["code"]["facts"] == {"commit": code, "repository": team.repository.url}
    assert kept["proposed"]["facts"] == {f"{team.namespace}/wine": team.repository.head()}
    assert list(gone["proposed"]["facts"].values()) == [team.repository.head()]
    assert [list(links["gates"]["facts"]) for links in (kept, gone)] == [["wine/accuracy"], ["wine.accuracy"]]
    assert [name for name, link in kept.items() if link["missing"]] == ["data", "images", "promoted"]
