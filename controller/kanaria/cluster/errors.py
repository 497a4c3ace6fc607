"""How the API server can let us down.

ClusterError
├── UnreachableError            no answer in time, a broken connection, 5xx: time helps
│   ├── TooManyRequestsError    429, with the time the server asks us to wait
│   └── LapsedError             nothing was sent: this replica does not lead, or is not sure to
├── UnauthorizedError           401, also after a new login
├── ForbiddenError              403: the account may not do it
├── NotFoundError               404: no such object
│   └── UnknownKindError        the server does not serve the kind: its CRD is missing
├── ConflictError               409: it exists already, has changed since, or another manager owns a field
├── GoneError                   410: a watch or a page began too long ago, list again
└── InvalidError                400, 413, 415, 422, and what is refused under 500: the server refuses what was sent
"""

import json
from collections.abc import Mapping
from typing import Any

MESSAGE_MAX = 1024


class ClusterError(Exception):
    """The API server did not do what it was asked; the text is a sentence without secrets."""


class UnreachableError(ClusterError):
    """No answer in time, a broken connection, or a fault of the server's own."""


class TooManyRequestsError(UnreachableError):
    """The server asks for `retry_after` seconds of patience."""

    def __init__(self, message: str, retry_after: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class LapsedError(UnreachableError):
    """Nothing was sent: this replica does not lead, or could not renew its Lease in time."""


class UnauthorizedError(ClusterError):
    """The server does not know who asks."""


class ForbiddenError(ClusterError):
    """The account may not do it."""


class NotFoundError(ClusterError):
    """There is no such object."""


class UnknownKindError(NotFoundError):
    """The server does not serve the kind."""


class ConflictError(ClusterError):
    """The object exists already, has changed since it was read, or another manager owns a field.

    `fields` are the fields that others own, each with the manager's name.
    """

    def __init__(self, message: str, fields: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(message)
        self.fields = fields


class GoneError(ClusterError):
    """The watch or the page began too long ago."""


class InvalidError(ClusterError):
    """The server refuses what was sent."""


_BY_STATUS: Mapping[int, type[ClusterError]] = {
    401: UnauthorizedError,
    403: ForbiddenError,
    404: NotFoundError,
    410: GoneError,
}
# Refusals that the API server tells as faults of its own: an unknown field or a wrong type in a server-side apply of a
# custom resource, and an object that is larger than etcd takes. Time does not help.
_REFUSED_AS_FAULT = ("failed to create typed patch object", "etcdserver: request is too large")


def refusal(status: int, body: str, retry_after: str | None = None) -> ClusterError:
    """The error that an answer of 400 or more stands for."""
    message = _message(body) or f"the API server answered {status}"
    if status == 429:
        return TooManyRequestsError(message, _seconds(retry_after))
    if status == 409:
        return ConflictError(message, _fields_of_others(body))
    if status >= 500 and not message.startswith(_REFUSED_AS_FAULT):
        return UnreachableError(message)
    return _BY_STATUS.get(status, InvalidError)(message)


def told_in_watch(status: Mapping[str, Any]) -> ClusterError:
    """The error that a watch's ERROR event stands for."""
    return refusal(int(status.get("code") or 500), json.dumps(status))


def _message(body: str) -> str:
    try:
        said = json.loads(body)
    except ValueError:
        return body.strip()[:MESSAGE_MAX]
    return str(said.get("message") or "")[:MESSAGE_MAX] if isinstance(said, dict) else ""


def _fields_of_others(body: str) -> tuple[tuple[str, str], ...]:
    """Manager and field of each cause; the manager stands in quotes."""
    try:
        causes = json.loads(body)["details"]["causes"]
        owned = [each for each in causes if each["reason"] == "FieldManagerConflict"]
        return tuple((str(each["message"]).split('"')[1], str(each["field"]).lstrip(".")) for each in owned)
    except (ValueError, LookupError, TypeError):
        return ()


def _seconds(retry_after: str | None) -> float:
    """Dates are not used by the API server: what is no number reads as one second."""
    return float(retry_after) if retry_after and retry_after.isdecimal() else 1.0
