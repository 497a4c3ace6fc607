"""A pipeline's code that is tested before it trains, by its own tests and by training on a sample, on a cluster."""

import sys
from typing import Any

import pytest
import yaml

from registry import Registry
from suite_operator import SuiteOperator
from synced_team import API_VERSION, RUNS, SyncedTeam, condition
from waiting import eventually_now

OVER = {"Succeeded", "Failed"}
TRAIN = """\
import os
from mlflow import MlflowClient

epochs, rate = int(os.environ["EPOCHS"]), float(os.environ["RATE"])
weight, client = 1.0, MlflowClient()
for epoch in range(epochs):
    client.log_metric(os.environ["MLFLOW_RUN_ID"], "loss", weight * weight, step=epoch)
    weight -= rate * 2 * weight
client.log_metric(os.environ["MLFLOW_RUN_ID"], "rows", float("nan") if rate < 0 else 64.0)
"""
TESTS = """\
def test_that_passes():
    assert True

def test_that_tells(broken=BROKEN):
    assert not broken
"""


def pipeline(url: str) -> str:
    python, parameter = sys.executable, "${parameters."
    variables = ("epochs", "rate")
    env = [{"name": name.upper(), "value": f"{parameter}{name}}}"} for name in variables]
    unit = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--junit-xml=report.xml", "test_it.py"]
    sample = {"step": "train", "parameters": [{"name": "epochs", "value": "20"}]}
    spec = {
        "source": {
            "git": {"url": url, "path": "training", "interval": "1s"},
            "tests": [
                {"name": "unit", "command": unit, "junit": "report.xml"},
                {"name": "sample", **sample, "converge": {"minDecrease": 0.9}, "finite": {}},
            ],
        },
        "parameters": [{"name": "epochs", "value": "2"}, {"name": "rate", "value": "0.25"}],
        "triggers": [{"name": "code", "source": {}}],
        "steps": [{"name": "train", "command": [python, "train.py"], "env": env}],
    }
    metadata = {"name": "wine"}
    return yaml.safe_dump({"apiVersion": API_VERSION, "kind": "MLPipeline", "metadata": metadata, "spec": spec})


def over(team: SyncedTeam, number: int) -> dict[str, Any]:
    """The n-th run, once it is over."""

    def found() -> Any:
        runs = team.background.all(RUNS, team.namespace)
        ended = [run for run in runs if run.get("status", {}).get("phase") in OVER]
        return next((run for run in ended if run["spec"]["number"] == number), None)

    run: dict[str, Any] = eventually_now(found)
    return run


def steps(run: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {step["name"]: step for step in run["status"]["steps"]}


@pytest.mark.slow
def test_code_trains_once_its_tests_passed_and_it_was_seen_to_learn(
    team: SyncedTeam, operator: SuiteOperator, registry: Registry
):
    if team.cluster.name != "local":
        pytest.skip("no fake kubelet runs tests")
    assert operator.tracking_uri
    files = {"deploy/pipeline.yaml": pipeline(team.repository.url), "training/train.py": TRAIN}
    team.repository.commit({**files, "training/test_it.py": TESTS.replace("BROKEN", "False")})
    team.follow().applied(team.repository.head())

    good = over(team, 1)

    assert good["status"]["phase"] == "Succeeded", condition(good, "Ready")
    assert steps(good)["source-test-unit"]["tests"] == {"passed": 2, "failed": 0, "skipped": 0, "failures": []}
    sample = steps(good)["source-test-sample"]["trackingRun"]
    logged = [
        len(registry.client.get_metric_history(run, "loss")) for run in (sample, good["status"]["tracking"]["runId"])
    ]
    assert logged == [20, 2]
    assert registry.client.get_run(sample).info.status == "FINISHED"

    team.commit({"deploy/pipeline.yaml": pipeline(team.repository.url).replace("0.25", "-0.01")})
    team.commit({"training/test_it.py": TESTS.replace("BROKEN", "True")})
    bad = over(team, 2)

    found = steps(bad)
    assert found["source-test-unit"]["tests"]["failures"] == ["test_it.test_that_tells"]
    assert "1 of 2 tests failed: test_it.test_that_tells" in condition(bad, "Ready")["message"]
    assert "training does not converge: loss: it was 1 and came to" in found["source-test-sample"]["message"]
    assert found["train"]["phase"] == "Skipped"
