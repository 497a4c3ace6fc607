"""How a kubeconfig's credentials are had from a program: `users[].user.exec`, as clouds write it.

    found = asked(plugin, cluster)       # Given(token="…"), or a client certificate with its key

`kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins` is the protocol. The
program is run each time: what it gives may be good for minutes only, and it keeps what it can itself.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PATIENCE = 60.0
SAID_MAX = 300


class PluginError(Exception):
    """A program gave no credentials; the text is a sentence without secrets."""


@dataclass(frozen=True, slots=True)
class Given:
    """Credentials; empty is what was not given."""

    token: str = field(default="", repr=False)
    certificate: str = field(default="", repr=False)
    key: str = field(default="", repr=False)


def asked(plugin: Mapping[str, Any], cluster: Mapping[str, Any], folder: Path) -> Given:
    """What the program gives; blocking. `folder` is that of the kubeconfig, from where its path may be told.

    Raises:
        PluginError: if it is not there, fails, or gives nothing that can be used.
    """
    command = str(plugin.get("command") or "")
    try:
        done = subprocess.run(  # noqa: S603 # the kubeconfig of whoever starts us names it, as for kubectl
            [_program(command, plugin, folder), *map(str, plugin.get("args") or ())],
            env=_environment(plugin, cluster),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=PATIENCE,
        )
    except subprocess.TimeoutExpired as late:
        raise PluginError(f"{command} of the kubeconfig gave no credentials within {PATIENCE:g} s") from late
    except OSError as error:
        raise PluginError(f"{command} of the kubeconfig cannot be run: {error.strerror}") from error
    if done.returncode != 0:
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        raise PluginError(
            f"{command} of the kubeconfig gave no credentials (exit code {done.returncode}): "
            f"{(lines or ['it said nothing'])[-1][:SAID_MAX]}; run it by hand, e.g. to log in anew"
        )
    return _given(command, plugin, done.stdout)


def _program(command: str, plugin: Mapping[str, Any], folder: Path) -> str:
    found = shutil.which(str(folder / command) if os.sep in command else command)
    if found is None:
        hint = str(plugin.get("installHint") or "").strip()
        remedy = hint[:SAID_MAX] or "install it, or give a kubeconfig with a token"
        raise PluginError(f"the kubeconfig has its credentials from {command!r}, which is not there: {remedy}")
    return found


def _environment(plugin: Mapping[str, Any], cluster: Mapping[str, Any]) -> dict[str, str]:
    spec: dict[str, Any] = {"interactive": False}
    if plugin.get("provideClusterInfo"):
        spec["cluster"] = {key: value for key, value in cluster.items() if key != "extensions"}
    info = {"apiVersion": plugin.get("apiVersion"), "kind": "ExecCredential", "spec": spec}
    own = {str(each["name"]): str(each["value"]) for each in plugin.get("env") or ()}
    return {**os.environ, **own, "KUBERNETES_EXEC_INFO": json.dumps(info)}


def _given(command: str, plugin: Mapping[str, Any], said: bytes) -> Given:
    try:
        told = json.loads(said)
        status: Mapping[str, Any] = told.get("status") or {}
        version = told.get("apiVersion")
    except (ValueError, AttributeError) as error:
        raise PluginError(f"{command} of the kubeconfig gave no ExecCredential, but something else") from error
    if version != plugin.get("apiVersion"):
        raise PluginError(
            f"{command} of the kubeconfig speaks {version}, and {plugin.get('apiVersion')} is asked for: "
            "bring the program, or the kubeconfig, up to date"
        )
    given = Given(
        *(str(status.get(key) or "") for key in ("token", "clientCertificateData", "clientKeyData")),
    )
    if not given.token and not (given.certificate and given.key):
        raise PluginError(f"{command} of the kubeconfig gave neither a token nor a certificate with its key")
    return given
