"""Who we are to the API server."""

import base64
from pathlib import Path

import kopf
import pytest
import yaml

from kanaria.handlers.login import NoClusterError, access
from kanaria.local.kubeconfig import api_from


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


LOGIN = """#!/bin/sh
echo '{"apiVersion": "client.authentication.k8s.io/v1", "status": {"token": "of a program"}}'
"""


def with_a_program(folder: Path, command: str = "./login") -> Path:
    """A kubeconfig as clouds write them."""
    path = kubeconfig(folder, "http://127.0.0.1:1")
    config = yaml.safe_load(path.read_text())
    config["users"][0]["user"] = {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": command}}
    path.write_text(yaml.safe_dump(config))
    (folder / "login").write_text(LOGIN)
    (folder / "login").chmod(0o755)
    return path


def test_a_program_of_the_kubeconfig_is_asked_as_kubectl_asks_it(elsewhere: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("KUBECONFIG", str(with_a_program(elsewhere)))

    assert access(kopf.OperatorSettings()).headers == {"Authorization": "Bearer of a program"}


async def test_the_local_parts_ask_it_too(elsewhere: Path):
    async with api_from(with_a_program(elsewhere)) as api:
        assert api.headers["Authorization"] == "Bearer of a program"


def test_a_program_that_is_not_there_is_told(elsewhere: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("KUBECONFIG", str(with_a_program(elsewhere, "no-such-login")))

    with pytest.raises(NoClusterError, match="no-such-login', which is not there: install it, or give a kubeconfig"):
        access(kopf.OperatorSettings())


@pytest.mark.usefixtures("elsewhere")
def test_without_a_cluster_it_is_said_how_to_name_one():
    with pytest.raises(NoClusterError, match="set KUBECONFIG"):
        access(kopf.OperatorSettings())


def test_a_kubeconfig_that_is_not_there_is_named(elsewhere: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("KUBECONFIG", str(elsewhere / "nowhere"))

    with pytest.raises(NoClusterError, match=r"nowhere, which is not there: correct it"):
        access(kopf.OperatorSettings())
