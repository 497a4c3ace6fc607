"""A run with credentials in it, that goes well and then does not: no secret is in what all tell of it."""

import base64
from collections.abc import Iterator

import pytest
import yaml

from in_background import Background
from kanaria.local.git_http import serve_git
from registry import Registry
from served_model import ServedModel
from suite_operator import PLANTED, SuiteOperator
from synced_team import API_VERSION, SYNC, SyncedTeam, condition
from synced_team import GIT_SYNCS as SYNCS
from team_repository import git
from waiting import eventually_now

PASSWORD, WRONG = "open-sesame-of-the-suite", "wr0ng-word-of-the-suite"
KINDS = "gitsyncs,mlpipelines,mlpipelineruns,metricpolicies,modeldeployments,inferenceservices,deployments,events"


@pytest.fixture
def url(team: SyncedTeam, background: Background) -> Iterator[str]:
    """Where the team's repository is served to those who know the password."""
    served = serve_git(team.repository.bare.parent, password=PASSWORD)
    yield f"{background.do(served.__aenter__())}/{team.repository.bare.name}"
    background.do(served.__aexit__(None, None, None))


def keep(team: SyncedTeam, password: str) -> None:
    """The team's Secret for Git, now with this password."""
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "git"}}
    said = team.cluster.apply(
        {**secret, "stringData": {"username": "ann", "password": password}}, namespace=team.namespace
    )
    assert said.code == 0, said.err


def test_nobody_tells_a_secret(team: SyncedTeam, operator: SuiteOperator, registry: Registry, kserve: None, url: str):
    assert kserve is None
    keep(team, PASSWORD)
    wine = ServedModel(team, registry)
    version = registry.register(wine.model)
    team.repository.commit(wine.file(candidate=version))
    spec = {"url": url, "path": "deploy", "interval": "1s", "secretRef": {"name": "git"}}
    sync = {"apiVersion": API_VERSION, "kind": "GitSync", "metadata": {"name": SYNC}, "spec": spec}
    team.cluster.apply(sync, namespace=team.namespace)
    wine.serves(version)  # by a commit that was pushed with the password
    keep(team, WRONG)
    said = eventually_now(lambda: refused(team), within=60)

    everything = "\n".join(
        [said, operator.said(), of_the_cluster(team), git(team.repository.bare, "log", "-p", "--all")]
    )

    assert "Promote wine" in everything
    pairs = [base64.b64encode(f"ann:{each}".encode()).decode() for each in (PASSWORD, WRONG)]
    for secret in (PASSWORD, WRONG, PLANTED, *pairs, *tokens(operator)):
        assert secret not in everything


def refused(team: SyncedTeam) -> str:
    """What the GitSync says of the wrong password, once it does."""
    said = str(condition(team.get(SYNCS, SYNC), "Reconciling").get("message", ""))
    return said if "refuses the credentials" in said or "asks for credentials" in said else ""


def of_the_cluster(team: SyncedTeam) -> str:
    return team.cluster.kubectl("get", KINDS, "-n", team.namespace, "-oyaml").out


def tokens(operator: SuiteOperator) -> list[str]:
    """The operator's own, by which it is known to the API server."""
    for file in operator.log.parent.glob("*kubeconfig*"):
        users = yaml.safe_load(file.read_text())["users"]
        return [each["user"]["token"] for each in users if "token" in each["user"]]
    return []
