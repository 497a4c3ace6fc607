"""Who asked for what, how often: counters for budgets, and the last writes for an audit."""

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass

from kanaria.local.apiserver.store import to_json
from kanaria.local.apiserver.targets import Target

_LABELS = ("verb", "group", "resource", "subresource", "user_agent")
_WRITES = frozenset({"create", "update", "patch", "apply", "delete", "deletecollection"})
_AUDIT_SIZE = 10_000


@dataclass(frozen=True, slots=True)
class Request:
    """One answered request."""

    time: str
    verb: str
    target: Target | None
    code: int
    headers: Mapping[str, str]


class Bookkeeping:
    """Counts every request and remembers the writes."""

    def __init__(self) -> None:
        self._requests: Counter[tuple[str, ...]] = Counter()
        self._writes: deque[Request] = deque(maxlen=_AUDIT_SIZE)

    def note(self, request: Request) -> None:
        """Enter a request."""
        target = request.target
        place = (target.resource.group, target.resource.plural, target.subresource) if target else ("", "", "")
        self._requests[request.verb, *place, _program(request.headers)] += 1
        if target and request.verb in _WRITES:
            self._writes.append(request)

    def metrics(self) -> str:
        """The counters as Prometheus reads them."""
        lines = ["# HELP apiserver_requests_total Requests answered.", "# TYPE apiserver_requests_total counter"]
        for labels, count in sorted(self._requests.items()):
            named = ",".join(f'{name}="{value}"' for name, value in zip(_LABELS, labels, strict=True))
            lines.append(f"apiserver_requests_total{{{named}}} {count}")
        return "\n".join(lines) + "\n"

    def audit(self) -> str:
        """The last writes, one JSON object a line."""
        return "".join(to_json(_audited(write)) + "\n" for write in self._writes)


def _program(headers: Mapping[str, str]) -> str:
    return headers.get("User-Agent", "").replace('"', "").split("/")[0].split(" ")[0]


def _audited(write: Request) -> dict[str, object]:
    target = write.target
    where = (
        {}
        if target is None
        else {
            "resource": f"{target.resource.plural}.{target.resource.group}".rstrip("."),
            "namespace": target.namespace,
            "name": target.name,
            "subresource": target.subresource,
        }
    )
    impersonated = write.headers.get("Impersonate-User", "")
    who = {"time": write.time, "verb": write.verb, "user": "admin", "impersonated": impersonated}
    return who | where | {"code": write.code, "userAgent": write.headers.get("User-Agent", "")}
