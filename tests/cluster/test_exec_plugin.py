"""Credentials from a program that the kubeconfig names, as clouds have them: what it is told, and what it gives."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from kanaria.cluster.exec_plugin import Given, PluginError, asked

V1 = "client.authentication.k8s.io/v1"
CLUSTER = {"server": "https://here", "certificate-authority-data": "Y2E=", "extensions": [{"name": "x"}]}

SAY = f"""import json, os, sys
def say(**status): print(json.dumps({{"apiVersion": {V1!r}, "kind": "ExecCredential", "status": status}}))
"""


def a_program(folder: Path, body: str) -> dict[str, Any]:
    """A plugin that runs some Python; `say(status)` prints what a plugin prints."""
    script = folder / "login"
    script.write_text(f"#!{sys.executable}\n{SAY}{body}\n")
    script.chmod(0o755)
    return {"apiVersion": V1, "command": "./login"}


def test_a_token_is_given(tmp_path: Path):
    assert asked(a_program(tmp_path, "say(token='t')"), CLUSTER, tmp_path) == Given("t")


def test_a_certificate_is_given_with_its_key(tmp_path: Path):
    plugin = a_program(tmp_path, "say(clientCertificateData='c', clientKeyData='k')")

    assert asked(plugin, CLUSTER, tmp_path) == Given("", "c", "k")


def test_it_is_told_its_arguments_its_environment_and_the_cluster(tmp_path: Path):
    told = "json.dumps([sys.argv[1:], os.environ['PROFILE'], json.loads(os.environ['KUBERNETES_EXEC_INFO'])])"
    plugin = a_program(tmp_path, f"say(token={told})")
    plugin |= {"args": ["get-token"], "env": [{"name": "PROFILE", "value": "team"}], "provideClusterInfo": True}

    arguments, profile, info = json.loads(asked(plugin, CLUSTER, tmp_path).token)

    cluster = {"server": "https://here", "certificate-authority-data": "Y2E="}
    assert (arguments, profile) == (["get-token"], "team")
    assert info == {"apiVersion": V1, "kind": "ExecCredential", "spec": {"interactive": False, "cluster": cluster}}


def test_what_it_gives_is_not_shown_by_its_value():
    assert repr(Given("t0ken", "cert", "k3y")) == "Given()"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        pytest.param("sys.exit('you are logged out')", "you are logged out; run it by hand", id="it fails"),
        pytest.param("sys.exit(3)", "exit code 3.*it said nothing", id="it fails silently"),
        pytest.param("print('hello')", "no ExecCredential", id="it says something else"),
        pytest.param("print([1])", "no ExecCredential", id="it says a list"),
        pytest.param("say(expirationTimestamp='x')", "neither a token nor a certificate", id="it gives nothing"),
        pytest.param("say(clientCertificateData='c')", "neither a token nor", id="a certificate without its key"),
        pytest.param("print(json.dumps({'apiVersion': 'v9', 'status': {}}))", "speaks v9", id="another version"),
    ],
)
def test_what_is_wrong_with_it_is_told(tmp_path: Path, body: str, told: str):
    with pytest.raises(PluginError, match=told):
        asked(a_program(tmp_path, body), CLUSTER, tmp_path)


def test_a_program_that_is_not_there_is_named_with_how_to_install_it(tmp_path: Path):
    plugin = {"apiVersion": V1, "command": "no-such-login", "installHint": "See https://example.com/login."}

    with pytest.raises(PluginError, match="'no-such-login', which is not there: See https://example"):
        asked(plugin, CLUSTER, tmp_path)
