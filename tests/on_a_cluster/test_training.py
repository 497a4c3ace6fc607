"""A pipeline on a cluster: what starts a run, how its steps go, what is kept, and what comes of a good model."""

import json
from datetime import datetime
from typing import Any

import pytest
import yaml

from fake_kubelet import a_step
from kanaria.local.api_client import JOBS
from registry import Registry
from synced_team import API_VERSION, DEPLOYMENTS, PIPELINES, RUNS, SyncedTeam, condition
from waiting import eventually_now

OVER = {"Succeeded", "Failed"}
PIPELINE = "deploy/pipeline.yaml"


def a_pipeline(*steps: dict[str, Any], run: str | None = None, **spec: Any) -> str:
    annotations = {} if run is None else {"kanaria.dev/run": run}
    metadata = {"name": "wine", "annotations": annotations}
    whole = {"steps": list(steps) or [a_step("train")], **spec}
    return yaml.safe_dump({"apiVersion": API_VERSION, "kind": "MLPipeline", "metadata": metadata, "spec": whole})


def a_deployment(model: str) -> str:
    spec = {
        "model": {"name": model},
        "predictor": {"model": {"modelFormat": {"name": "sklearn"}}},
        "strategy": {"canary": {"steps": [{"setWeight": 10}]}},
        "suspend": True,
    }
    metadata = {"name": "wine"}
    return yaml.safe_dump({"apiVersion": API_VERSION, "kind": "ModelDeployment", "metadata": metadata, "spec": spec})


def started(team: SyncedTeam, files: dict[str, str | None]) -> SyncedTeam:
    team.repository.commit(files)
    team.follow().applied(team.repository.head())
    return team


def runs(team: SyncedTeam) -> list[dict[str, Any]]:
    """The team's runs in order."""
    found = team.background.all(RUNS, team.namespace)
    return sorted(found, key=lambda run: run["spec"]["number"])


def over(team: SyncedTeam, number: int = 1) -> dict[str, Any]:
    """The n-th run, once it is over."""

    def is_over() -> Any:
        return next((r for r in runs(team) if r["spec"]["number"] == number and phase(r) in OVER), None)

    found: dict[str, Any] = eventually_now(is_over)
    return found


def phase(thing: dict[str, Any]) -> str | None:
    told: str | None = thing.get("status", {}).get("phase")
    return told


def test_an_annotation_in_git_makes_a_run_whose_steps_go_in_order(team: SyncedTeam):
    started(team, {PIPELINE: a_pipeline(a_step("train", "prepare"), a_step("prepare"), run="1")})

    run = over(team)

    steps = {step["name"]: step for step in run["status"]["steps"]}
    assert (phase(run), run["spec"]["cause"]["trigger"]) == ("Succeeded", "on-demand")
    assert moment(steps["prepare"]["finishedAt"]) <= moment(steps["train"]["startedAt"])
    jobs = {job["metadata"]["name"]: job for job in team.background.all(JOBS, team.namespace)}
    assert jobs.keys() == {step["job"] for step in steps.values()}


def test_jobs_are_applied_as_the_account_of_the_team(team: SyncedTeam):
    started(team, {PIPELINE: a_pipeline(run="1")})
    over(team)

    made = [w for w in team.cluster.writes() if w.resource == "jobs.batch" and w.namespace == team.namespace]

    account = f"system:serviceaccount:{team.namespace}:kanaria-runner"
    assert {write.impersonated for write in made if write.program == "kanaria"} == {account}


def test_a_commit_to_the_code_makes_a_run_and_one_beside_it_does_not(team: SyncedTeam):
    source = {"git": {"url": team.repository.url, "path": "training", "interval": "1s"}}
    triggers = [{"name": "code", "source": {}}]
    code = {"training/train.py": "print(1)\n"}
    started(team, {PIPELINE: a_pipeline(source=source, triggers=triggers), **code})
    over(team)

    team.commit({"README": "told\n"})
    changed = team.commit({"training/train.py": "print(2)\n"})
    eventually_now(lambda: len(runs(team)) > 1)

    assert [run["spec"]["revision"] for run in runs(team)][1:] == [changed]


def test_a_step_that_fails_fails_the_run_with_a_message(team: SyncedTeam):
    started(team, {PIPELINE: a_pipeline(a_step("prepare", exits=3), a_step("train", "prepare"), run="1")})

    run = over(team)

    ready = condition(run, "Ready")
    assert (phase(run), ready["reason"]) == ("Failed", "StepFailed")
    assert "prepare" in ready["message"]
    assert [step["phase"] for step in run["status"]["steps"]] == ["Failed", "Skipped"]


def test_old_runs_go_with_their_jobs(team: SyncedTeam):
    started(team, {PIPELINE: a_pipeline(run="1", successfulRunsHistoryLimit=1)})
    for number in (1, 2):
        over(team, number)
        team.commit({PIPELINE: a_pipeline(run=str(number + 1), successfulRunsHistoryLimit=1)})
    over(team, 3)

    eventually_now(lambda: [run["spec"]["number"] for run in runs(team)] == [3])
    eventually_now(lambda: len(team.background.all(JOBS, team.namespace)) == 1)


def test_a_suspended_pipeline_makes_no_run_until_it_goes_on(team: SyncedTeam):
    started(team, {PIPELINE: a_pipeline(run="1", suspend=True)})
    eventually_now(lambda: phase(team.get(PIPELINES, "wine")) == "Suspended")
    assert runs(team) == []

    team.commit({PIPELINE: a_pipeline(run="1")})

    assert phase(over(team)) == "Succeeded"


@pytest.mark.parametrize("accuracy", [0.95, 0.5], ids=["good", "bad"])
def test_the_model_of_a_run_is_proposed_by_a_commit_if_it_passes_its_gates(
    team: SyncedTeam, registry: Registry, accuracy: float
):
    gate = {"name": "accuracy", "mlflow": {"key": "accuracy"}, "threshold": {"min": 0.9}}
    policy = {"apiVersion": API_VERSION, "kind": "MetricPolicy", "metadata": {"name": "p"}, "spec": {"metrics": [gate]}}
    model = f"wine-{team.namespace}"
    # Where the step runs on this machine it waits for what is registered; a fake kubelet can only be told a time.
    go_on = team.repository.bare.parent / "go-on"
    step = a_step("train", until=go_on) if team.cluster.name == "local" else a_step("train", runs="5s")
    pipeline = a_pipeline(
        step,
        run="1",
        model={"name": model, "step": "train"},
        gates=[{"policyRef": {"name": "p"}}],
        promote=[{"modelDeployment": {"name": "wine"}}],
    )
    deployment = "deploy/deployment.yaml"
    started(team, {PIPELINE: pipeline, "deploy/policy.json": json.dumps(policy), deployment: a_deployment(model)})
    run_id = eventually_now(lambda: next((r["status"]["tracking"]["runId"] for r in tracked(team)), None))
    version = registry.register(model, run_id, {"accuracy": accuracy})
    go_on.touch()

    run = over(team)

    expected = ("Succeeded", "Passed") if accuracy > 0.9 else ("Failed", "Failed")
    assert (phase(run), run["status"]["verdict"]) == expected
    if accuracy > 0.9:
        eventually_now(lambda: proposed(team) == version)
        assert team.repository.subjects()[0] == f"Propose wine version {version}"
    else:
        assert f"{accuracy}" in condition(run, "Ready")["message"]
        assert (proposed(team), len(team.repository.subjects())) == (None, 1)


def tracked(team: SyncedTeam) -> list[dict[str, Any]]:
    return [run for run in runs(team) if run.get("status", {}).get("tracking")]


def proposed(team: SyncedTeam) -> str | None:
    version: str | None = team.get(DEPLOYMENTS, "wine").get("spec", {}).get("candidate", {}).get("version")
    return version


def moment(written: str) -> datetime:
    return datetime.fromisoformat(written)
