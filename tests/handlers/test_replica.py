"""Which replica this is, and by which Lease it leads."""

from pathlib import Path

import pytest

from kanaria.cluster.leadership import LEASE
from kanaria.handlers.replica import LeaseNameError, identity, lease_of
from kanaria.vocabulary import ObjectRef

IN_POD = {"KUBERNETES_SERVICE_HOST": "10.0.0.1"}


@pytest.fixture
def pod(tmp_path: Path) -> Path:
    """The file that tells a Pod its namespace."""
    file = tmp_path / "namespace"
    file.write_text("ml\n")
    return file


@pytest.mark.parametrize(
    ("given", "environment", "lease"),
    [
        pytest.param("a/b", {}, "a/b", id="as said"),
        pytest.param("a/b", IN_POD, "a/b", id="as said, also in a Pod"),
        pytest.param(None, IN_POD, "ml/kanaria", id="in a Pod"),
        pytest.param(None, {}, None, id="on somebody's machine"),
        pytest.param(None, IN_POD | {"KUBECONFIG": "/k"}, None, id="in a Pod, for another cluster"),
    ],
)
def test_a_replica_leads_by_the_lease_that_is_named_or_of_its_pod(
    pod: Path, given: str | None, environment: dict[str, str], lease: str | None
):
    found = lease_of(given, environment, pod)

    assert found == (ObjectRef(*LEASE, *lease.split("/")) if lease else None)


def test_without_a_service_account_there_is_no_lease(tmp_path: Path):
    assert lease_of(None, IN_POD, tmp_path / "none") is None


@pytest.mark.parametrize("given", ["", "kanaria", "/kanaria", "ml/", "a/b/c"])
def test_what_names_no_lease_says_how_to_name_one(given: str):
    with pytest.raises(LeaseNameError, match=r"write it as NAMESPACE/NAME, e\.g\. kanaria-system/kanaria"):
        lease_of(given, {})


def test_a_replica_is_another_after_each_start():
    assert identity() != identity()
