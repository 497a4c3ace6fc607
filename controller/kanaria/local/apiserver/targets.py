"""What a request is about, and what comes of it."""

from dataclasses import dataclass

from kanaria.local.apiserver.refusals import Object
from kanaria.local.apiserver.resources import Resource


@dataclass(frozen=True, slots=True)
class Target:
    """A resource, or one object of it."""

    resource: Resource
    namespace: str = ""
    name: str = ""
    subresource: str = ""


@dataclass(frozen=True, slots=True)
class Options:
    """How a write is meant."""

    manager: str = ""
    dry_run: bool = False
    strictness: str = "Warn"  # of unknown fields: Strict, Warn or Ignore
    force: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a write answers."""

    body: Object
    code: int = 200
    warnings: tuple[str, ...] = ()
