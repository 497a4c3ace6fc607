"""Who we are to the API server."""

import base64
from pathlib import Path

import kopf
import pytest
import yaml

from kanaria.handlers.login import NoClusterError, access


def kubeconfig(folder: Path, server: str, **user: str) -> Path:
    path = folder / "kubeconfig"
    content = {
        "current-context": "here",
        "contexts": [{"name": "here", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": server}}],
        "users": [{"name": "u", "user": user}],
    }
    with path.open("w") as file:
        yaml.safe_dump(content, file)
    return path


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home without any cluster."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("KUBECONFIG", raising=False)
    return tmp_path


def test_a_kubeconfig_is_used_with_its_token(elsewhere: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig(elsewhere, "http://127.0.0.1:1", token="t")))
    found = access(kopf.OperatorSettings())

    assert found.server == "http://127.0.0.1:1"
    assert found.headers == {"Authorization": "Bearer t"}


def test_a_user_with_a_password_is_shown_as_such(elsewhere: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig(elsewhere, "http://127.0.0.1:1", username="a", password="b")))

    assert access(kopf.OperatorSettings()).headers == {"Authorization": f"Basic {base64.b64encode(b'a:b').decode()}"}


def test_a_rotated_token_is_read_anew(elsewhere: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig(elsewhere, "http://127.0.0.1:1", token="old")))
    access(kopf.OperatorSettings())
    kubeconfig(elsewhere, "http://127.0.0.1:1", token="new")

    assert access(kopf.OperatorSettings()).headers == {"Authorization": "Bearer new"}


@pytest.mark.usefixtures("elsewhere")
def test_without_a_cluster_it_is_said_how_to_name_one():
    with pytest.raises(NoClusterError, match="set KUBECONFIG"):
        access(kopf.OperatorSettings())


def test_a_kubeconfig_that_is_not_there_is_named(elsewhere: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("KUBECONFIG", str(elsewhere / "nowhere"))

    with pytest.raises(NoClusterError, match=r"nowhere, which is not there: correct it"):
        access(kopf.OperatorSettings())
