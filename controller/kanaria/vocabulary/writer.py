"""Which cluster commits to a path of a repository: a file beside the path says so, written with the first commit."""

from dataclasses import dataclass

_CLUSTER = "cluster: "
_HEAD = "# The one cluster whose Kanaria commits to this path. Remove this file if that cluster is gone.\n"


@dataclass(frozen=True, slots=True)
class Writer:
    """The record of a path, and the cluster that means to stand in it."""

    path: str
    cluster: str
    sync: str

    @property
    def text(self) -> str:
        """What the record says."""
        return f"{_HEAD}{_CLUSTER}{self.cluster}\ngitSync: {self.sync}\n"


def record_of(path: str) -> str:
    """Where the record of a path stands: hidden, so that nobody reads it as a manifest."""
    plain = "/".join(part for part in path.split("/") if part not in {"", "."})
    return f".kanaria/{plain}.writer"


def cluster_in(text: str) -> str:
    """The cluster that a record names; empty where it names none."""
    lines = (line.strip() for line in text.splitlines())
    return next((line.removeprefix(_CLUSTER).strip() for line in lines if line.startswith(_CLUSTER)), "")
