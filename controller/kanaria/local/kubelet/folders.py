"""Where on this machine a Pod, its containers and its claims have their files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Folders:
    """The kubelet's folders below one home."""

    home: Path

    @property
    def pods(self) -> Path:
        """One folder per Pod, named by its UID."""
        return self.home / "pods"

    def pod(self, uid: str) -> Path:
        """Everything of one Pod; removed with it."""
        return self.pods / uid

    def volume(self, uid: str, name: str) -> Path:
        """A volume that lives as long as the Pod."""
        return self.pod(uid) / "volumes" / name

    def claim(self, namespace: str, name: str) -> Path:
        """What a persistentVolumeClaim holds; it outlives Pods."""
        return self.home / "claims" / namespace / name

    def container(self, uid: str, name: str) -> Path:
        """A container's own files: HOME, TMPDIR, working folder, termination message."""
        return self.pod(uid) / "containers" / name

    def log(self, uid: str, container: str, *, previous: bool = False) -> Path:
        """What a container writes, or what it wrote before its last restart."""
        return self.pod(uid) / "logs" / f"{container}{'.previous' if previous else ''}.log"

    def mark(self, uid: str, container: str) -> str:
        """What every process of a container bears in its environment."""
        return f"TMPDIR={self.container(uid, container)}/"
