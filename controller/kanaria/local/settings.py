"""Where a town lives, what it consists of, and what it tells about itself."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

Part = Literal["workloads", "kubelet", "kserve", "router", "mlflow", "git"]
ALL_PARTS: frozenset[Part] = frozenset(("workloads", "kubelet", "kserve", "router", "mlflow", "git"))
DEFAULT_NAME = "kanaria"


def default_home(name: str = DEFAULT_NAME) -> Path:
    """`~/.local/share/kanaria/<name>`, or below XDG_DATA_HOME."""
    data = os.environ.get("XDG_DATA_HOME")
    return (Path(data) if data else Path.home() / ".local" / "share") / "kanaria" / name


@dataclass(frozen=True, slots=True)
class Host:
    """A cluster whose API server and controllers a town uses instead of its own, and the one namespace it keeps to."""

    kubeconfig: Path  # of an administrator
    namespace: str


@dataclass(frozen=True, slots=True)
class TownSettings:
    """How a town is started; the API server is always part of it, unless it has a host."""

    home: Path
    parts: frozenset[Part] = ALL_PARTS
    backoff: float = 1.0  # the first pause before a failed Pod or container is tried again
    git_password: str = ""  # what the http Git server asks for; empty: nothing
    host: Host | None = None

    @property
    def kubeconfig(self) -> Path:
        """An administrator's kubeconfig file: the one that `up` writes, or the host's."""
        return self.host.kubeconfig if self.host else self.home / "kubeconfig"

    @property
    def operator_kubeconfig(self) -> Path:
        """The operator's kubeconfig file; a town of its own knows no rights, and so but one user."""
        return self.home / "operator.kubeconfig" if self.host else self.kubeconfig


@dataclass(frozen=True, slots=True)
class TownInfo:
    """What others need to use a running town; an empty address means that the part is not there."""

    home: Path
    pid: int
    kubeconfig: Path
    operator_kubeconfig: Path
    api_url: str  # plain http, for clients that send the token without TLS; a host's as its kubeconfig says
    secure_url: str  # https, as the kubeconfig says; kept from one start to the next
    token: str = field(repr=False)  # empty with a host
    router_url: str = ""
    mlflow_url: str = ""
    git_url: str = ""  # http; repositories are <git_url>/<name>.git
    repository: Path = Path()  # the bare repository "team"; also <git_url>/team.git

    @property
    def log(self) -> Path:
        """What the town writes while it runs."""
        return self.home / "town.log"

    def write(self) -> None:
        """Keep it in `town.json`: for others now, and for the next start, which takes the same ports if it can."""
        told = {name: str(value) if isinstance(value, Path) else value for name, value in asdict(self).items()}
        file = self.home / "town.json"
        fresh = file.with_suffix(".tmp")
        fresh.touch(mode=0o600)
        fresh.write_text(json.dumps(told, indent=2) + "\n")
        fresh.replace(file)


def read_info(home: Path) -> TownInfo | None:
    """What the last town of this home told, if there was one."""
    try:
        told: dict[str, Any] = json.loads((home / "town.json").read_text())
        told |= {name: Path(told[name]) for name in ("home", "kubeconfig", "operator_kubeconfig", "repository")}
        return TownInfo(**told)
    except (OSError, ValueError, TypeError, KeyError):
        return None
