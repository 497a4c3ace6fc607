"""Whether the kubeconfig has its credentials from a program, as those of clouds have, and what that gives.

kopf reads a kubeconfig without such programs, and would come as nobody.
"""

import base64
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import kopf
import yaml

from kanaria.cluster.exec_plugin import asked


@dataclass(frozen=True, slots=True)
class Plugin:
    """The `exec` of the current context's user, its cluster, and the folder of the kubeconfig."""

    said: Mapping[str, Any]
    cluster: Mapping[str, Any]
    folder: Path


def with_plugin(found: kopf.ConnectionInfo) -> kopf.ConnectionInfo:
    """What kopf read of the kubeconfig, with the program's credentials where a program has them; blocking.

    Raises:
        PluginError: if the program gives none.
    """
    if found.token or found.username or found.certificate_path or found.certificate_data:
        return found
    plugin = _plugin(os.environ.get("KUBECONFIG") or "~/.kube/config")
    if plugin is None:
        return found
    given = asked(plugin.said, plugin.cluster, plugin.folder)
    certificate, key = (base64.b64encode(each.encode()).decode() for each in (given.certificate, given.key))
    return replace(
        found,
        token=given.token or None,
        certificate_data=certificate or None,
        private_key_data=key or None,
    )


def _plugin(kubeconfig: str) -> Plugin | None:
    """Of several files the first that names a thing is right, as for kubectl."""
    known: dict[str, dict[str, tuple[Mapping[str, Any], Path]]] = {"contexts": {}, "clusters": {}, "users": {}}
    current = None
    for path in (Path(part).expanduser() for part in kubeconfig.split(os.pathsep) if part.strip()):
        config = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        current = current or config.get("current-context")
        for kind, entries in known.items():
            for entry in config.get(kind) or ():
                entries.setdefault(entry["name"], (entry.get(kind[:-1]) or {}, path.absolute().parent))
    context, _ = known["contexts"].get(current or "", ({}, Path()))
    cluster, _ = known["clusters"].get(context.get("cluster", ""), ({}, Path()))
    user, folder = known["users"].get(context.get("user", ""), ({}, Path()))
    return Plugin(user["exec"], cluster, folder) if user.get("exec") else None
