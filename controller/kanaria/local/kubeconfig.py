"""How a kubeconfig becomes a client of its API server."""

from __future__ import annotations

import base64
import ssl
import tempfile
from pathlib import Path
from typing import Any

import yaml

from kanaria.cluster.exec_plugin import PluginError, asked
from kanaria.local.api_client import Api

FILES = {"certificate-authority", "client-certificate", "client-key"}


def api_from(kubeconfig: Path) -> Api:
    """A client for the current context: by token or by client certificate, and the cluster's own authority."""
    cluster, user = _current(kubeconfig)
    trust = _trust(cluster, user) if cluster["server"].startswith("https:") else True
    return Api(cluster["server"], token=user.get("token"), ssl=trust)


def server_of(kubeconfig: Path) -> str:
    """The address of the current context's API server."""
    server: str = _current(kubeconfig)[0]["server"]
    return server


def for_token(kubeconfig: Path, token: str) -> dict[str, Any]:
    """A kubeconfig for the same cluster and another user, who has this token."""
    cluster, _ = _current(kubeconfig)
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "one",
        "clusters": [{"name": "one", "cluster": cluster}],
        "users": [{"name": "one", "user": {"token": token}}],
        "contexts": [{"name": "one", "context": {"cluster": "one", "user": "one"}}],
    }


def _current(kubeconfig: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The cluster and the user of the current context; files named in them are made absolute."""
    config = yaml.safe_load(kubeconfig.read_text())
    context = _named(config["contexts"], config["current-context"])["context"]
    cluster = _named(config["clusters"], context["cluster"])["cluster"]
    user = _named(config["users"], context["user"])["user"]
    folder = kubeconfig.absolute().parent
    return _rooted(cluster, folder), _rooted(_with_plugin(user, cluster, folder), folder)


def _with_plugin(user: dict[str, Any], cluster: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The user with the credentials of the program that clouds name there; ValueError where it gives none."""
    if "exec" not in user:
        return user
    try:
        given = asked(user["exec"], cluster, folder)
    except PluginError as error:
        raise ValueError(str(error)) from error
    pair = {"client-certificate-data": _encoded(given.certificate), "client-key-data": _encoded(given.key)}
    return ({"token": given.token} if given.token else {}) | (pair if given.certificate and given.key else {})


def _rooted(entry: dict[str, Any], folder: Path) -> dict[str, Any]:
    return {key: str(folder / value) if key in FILES else value for key, value in entry.items()}


def _named(entries: list[dict[str, Any]], name: str) -> dict[str, Any]:
    for entry in entries:
        if entry["name"] == name:
            return entry
    raise LookupError(f"the kubeconfig has no entry named {name!r}")


def _trust(cluster: dict[str, Any], user: dict[str, Any]) -> ssl.SSLContext:
    context = ssl.create_default_context(
        cafile=cluster.get("certificate-authority"), cadata=_decoded(cluster.get("certificate-authority-data"))
    )
    if "client-certificate-data" in user:
        # Python reads client certificates from files only.
        with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
            file.write(f"{_decoded(user['client-certificate-data'])}\n{_decoded(user['client-key-data'])}")
            file.flush()
            context.load_cert_chain(file.name)
    elif "client-certificate" in user:
        context.load_cert_chain(user["client-certificate"], user["client-key"])
    return context


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _decoded(data: str | None) -> str | None:
    return base64.b64decode(data).decode() if data else None
