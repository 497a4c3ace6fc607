"""A Kubernetes API on loopback, for trying and for tests: kubectl, kopf and the Python client use it unchanged."""

from kanaria.local.apiserver.serving import ApiServer, ApiServerSettings, serve

__all__ = ["ApiServer", "ApiServerSettings", "serve"]
