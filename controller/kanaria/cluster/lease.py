"""Who leads, by what the Lease says and since when it says so: decided without asking anyone.

All times are seconds of the replica's own monotonic clock. The times that stand in a Lease are for people: clocks of
two machines differ, and may be set. Why no two replicas write at once, as long as the writes end when they must:

    a renewal is sent at t; the Lease shows it at t or later
    its holder starts writes until t + 5 s, and each ends within 4 s: none after t + 9 s
    another sees it at t or later, and takes the Lease only 10 s after that
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

ADDRESS = "kanaria.dev/webhooks"
LASTS = 10.0
"""Seconds that a Lease must have stood unchanged before another replica takes it."""
RENEW_EVERY = 2.0
LOOK_EVERY = 1.0
FRESH_FOR = 5.0
"""Seconds after a renewal in which writes may start."""
WRITE_WITHIN = 4.0
"""Seconds that one write may take."""


@dataclass(frozen=True, slots=True)
class Lease:
    """What a Lease says; `holder` is empty where it was released."""

    holder: str
    lasts: float
    transitions: int
    version: str
    address: str = ""
    """Where the holder takes what is sent to any replica; empty where it says nothing."""

    @classmethod
    def of(cls, manifest: Mapping[str, Any]) -> "Lease":
        """Read a live object."""
        spec = manifest.get("spec") or {}
        return cls(
            holder=str(spec.get("holderIdentity") or ""),
            # Never sooner than we promise to our own writes, whatever somebody wrote there.
            lasts=max(LASTS, float(spec.get("leaseDurationSeconds") or 0)),
            transitions=int(spec.get("leaseTransitions") or 0),
            version=str(manifest["metadata"].get("resourceVersion", "")),
            address=str((manifest["metadata"].get("annotations") or {}).get(ADDRESS, "")),
        )


@dataclass(frozen=True, slots=True)
class Standing:
    """What a replica knows: the Lease as it was seen last, since when it is so, and when its own renewal was sent."""

    identity: str
    lease: Lease | None = None
    since: float = 0.0
    renewed: float | None = None

    @property
    def holds(self) -> bool:
        """Whether this replica leads, as far as it knows: it may have been stopped since."""
        return self.renewed is not None

    def may_write(self, now: float) -> bool:
        """Whether a write that starts now ends before any other replica may lead."""
        return self.renewed is not None and now - self.renewed < FRESH_FOR

    def may_take(self, now: float) -> bool:
        """Whether nobody else can be leading."""
        lease = self.lease
        return lease is None or lease.holder in {"", self.identity} or now - self.since >= lease.lasts

    def saw(self, lease: Lease | None, now: float) -> "Standing":
        """The Lease was read: who had it has it no longer where another took it since."""
        if lease == self.lease:
            return self
        return replace(self, lease=lease, since=now, renewed=self.renewed if self._same_term(lease) else None)

    def wrote(self, lease: Lease, sent: float) -> "Standing":
        """The Lease was taken or renewed by a request sent then: it counts from there, not from the answer."""
        return replace(self, lease=lease, since=sent, renewed=sent)

    def _same_term(self, lease: Lease | None) -> bool:
        return (
            lease is not None
            and self.lease is not None
            and lease.holder == self.identity
            and lease.transitions == self.lease.transitions
        )
