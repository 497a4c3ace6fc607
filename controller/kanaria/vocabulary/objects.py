"""How an object of the cluster, and the account that writes it, are called."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Manifest = Mapping[str, Any]
"""A Kubernetes object as plain JSON."""

LABEL_MAX = 63


@dataclass(frozen=True, slots=True, order=True)
class ObjectName:
    """Namespace and name: what tells two objects of one kind apart."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True, order=True)
class ObjectRef:
    """The identity of an object across kinds; `namespace` is empty for cluster-scoped ones."""

    api_version: str
    kind: str
    namespace: str
    name: str

    @property
    def group(self) -> str:
        """The API group, empty for the core group."""
        return self.api_version.rpartition("/")[0]

    @property
    def object_name(self) -> ObjectName:
        """Namespace and name without the kind."""
        return ObjectName(self.namespace, self.name)

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"

    @classmethod
    def of(cls, manifest: Manifest) -> "ObjectRef":
        """Read the identity off a manifest; a missing part reads as empty."""
        metadata = manifest.get("metadata") or {}
        return cls(
            api_version=str(manifest.get("apiVersion", "")),
            kind=str(manifest.get("kind", "")),
            namespace=str(metadata.get("namespace") or ""),
            name=str(metadata.get("name") or ""),
        )


@dataclass(frozen=True, slots=True)
class Account:
    """A service account that the operator impersonates to write what a team declared."""

    namespace: str
    name: str

    @property
    def user(self) -> str:
        """The user name of the account, as the API server knows it."""
        return f"system:serviceaccount:{self.namespace}:{self.name}"


def content_hash(value: Any, length: int = 10) -> str:
    """A short, stable hash of plain JSON: the same content has the same name after every restart."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:length]


def label_safe(name: str, limit: int = LABEL_MAX) -> str:
    """A name that fits a label or a DNS label: cut where too long, and told apart by a hash then."""
    if len(name) <= limit:
        return name
    return f"{name[: limit - 11].rstrip('-.')}-{content_hash(name)}"
