"""Who we are to the API server."""

import os

import kopf

from kanaria.cluster.connection import Access
from kanaria.cluster.exec_plugin import PluginError
from kanaria.handlers.plugin import with_plugin


class NoClusterError(Exception):
    """Nothing tells where a cluster is."""


def credentials(settings: kopf.OperatorSettings) -> kopf.ConnectionInfo:
    """From the kubeconfig that $KUBECONFIG names, else the Pod's service account, else ~/.kube/config.

    Raises:
        NoClusterError: if there is none of them, the file that is named is not there, or a program that the kubeconfig
            has its credentials from gives none.
    """
    ways = (kopf.login_with_service_account, kopf.login_with_kubeconfig)
    named = os.environ.get("KUBECONFIG")
    for login in reversed(ways) if named else ways:
        try:
            found: kopf.ConnectionInfo | None = login(settings=settings)
        except FileNotFoundError as error:
            raise NoClusterError(f"KUBECONFIG names {named}, which is not there: correct it, or unset it") from error
        if found is not None:
            return _with_plugin(found) if login is kopf.login_with_kubeconfig else found
    raise NoClusterError(
        "there is no cluster: give --kubeconfig, set KUBECONFIG, or run in a Pod with a service account"
    )


def _with_plugin(found: kopf.ConnectionInfo) -> kopf.ConnectionInfo:
    try:
        return with_plugin(found)
    except PluginError as error:
        raise NoClusterError(str(error)) from error


def of_a_person() -> tuple[Access, str]:
    """What the kubeconfig of who types says: the way in, and the namespace that they are in.

    Raises:
        NoClusterError: if nothing tells where a cluster is.
    """
    settings = kopf.OperatorSettings()
    return access(settings), credentials(settings).default_namespace or "default"


def access(settings: kopf.OperatorSettings) -> Access:
    """The same, as our own connection wants it; read anew at every call, so that rotated tokens are found."""
    found = credentials(settings)
    tls = found.as_ssl_context() if found.server.startswith("https") else True
    return Access(found.server, found.as_http_headers(), tls, found.proxy_url)
