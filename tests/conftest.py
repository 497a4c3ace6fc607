"""Fixtures that all rooms' tests share: the cluster that `--cluster` chooses."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from any_cluster import AnyCluster, controlplane, local, named
from installed_chart import team

ROOT = Path(__file__).parents[1]
# How long an example takes says how busy the machine is, and the same examples are tried by everyone.
settings.register_profile("kanaria", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("kanaria")


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("kanaria")
    group.addoption(
        "--cluster",
        choices=("local", "controlplane", "kubeconfig"),
        default="local",
        help="what tests marked `cluster` run on: the local cluster, a real control plane, or the one of $KUBECONFIG",
    )
    group.addoption(
        "--controlplane",
        type=Path,
        default=ROOT.parent / "shared/controlplane/controlplane",
        help="the program that starts a real control plane",
    )


@pytest.fixture(scope="session")
def cluster(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AnyCluster]:
    """The chosen cluster, with the CRDs of Kanaria, of KServe and of the Gateway API."""
    chosen = request.config.getoption("--cluster")
    if chosen == "local":
        with local(tmp_path_factory.mktemp("cluster")) as found:
            yield found
    elif chosen == "controlplane":
        with controlplane(request.config.getoption("--controlplane")) as found:
            yield found
    else:
        with named() as found:
            yield found


@pytest.fixture
def namespace(cluster: AnyCluster, request: pytest.FixtureRequest) -> Iterator[str]:
    """A namespace of the test's own, with the accounts and rights that a team is given."""
    with team(cluster, request.node.name) as name:
        yield name


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.config.getoption("--cluster") != "local" and "cluster" not in item.keywords:
        pytest.skip("runs on no cluster: the default suite has it")
