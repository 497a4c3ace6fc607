"""How the server says no: the Status a client gets, and the code it comes with."""

from collections.abc import Sequence
from typing import Any, Self

Object = dict[str, Any]


def status_of(code: int, reason: str, message: str, details: Object | None = None) -> Object:
    """A Status object, of success or of failure."""
    body: Object = {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success" if code < 400 else "Failure",
    }
    optional: Object = {"message": message or None, "reason": reason or None, "details": details}
    optional["code"] = code if code >= 400 else None
    return body | {key: value for key, value in optional.items() if value is not None}


class RefusedError(Exception):
    """A request the server does not carry out; the Status says why."""

    def __init__(self, code: int, reason: str, message: str, details: Object | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.status = status_of(code, reason, message, details)

    @classmethod
    def not_found(cls, group: str, plural: str, name: str) -> Self:
        """Nothing of this name."""
        return cls(404, "NotFound", f'{_of(group, plural)} "{name}" not found', _details(group, plural, name))

    @classmethod
    def no_such_path(cls) -> Self:
        """Nothing is served here."""
        return cls(404, "NotFound", "the server could not find the requested resource", {})

    @classmethod
    def exists(cls, group: str, plural: str, name: str) -> Self:
        """The name is taken."""
        message = f'{_of(group, plural)} "{name}" already exists'
        return cls(409, "AlreadyExists", message, _details(group, plural, name))

    @classmethod
    def conflict(cls, group: str, plural: str, name: str, why: str) -> Self:
        """The object is not as the client believed."""
        message = f'Operation cannot be fulfilled on {_of(group, plural)} "{name}": {why}'
        return cls(409, "Conflict", message, _details(group, plural, name))

    @classmethod
    def forbidden(cls, group: str, plural: str, name: str, why: str, causes: Sequence[Object]) -> Self:
        """It may not be done now."""
        details = _details(group, plural, name) | {"causes": list(causes)}
        return cls(403, "Forbidden", f'{_of(group, plural)} "{name}" is forbidden: {why}', details)

    @classmethod
    def bad_request(cls, message: str) -> Self:
        """The request itself makes no sense."""
        return cls(400, "BadRequest", message)

    @classmethod
    def gone(cls, message: str) -> Self:
        """The client must list again."""
        return cls(410, "Expired", message)

    @classmethod
    def invalid(cls, group: str, kind: str, name: str, causes: Sequence[Object]) -> Self:
        """The object breaks rules; each cause names a field."""
        said = [f"{cause['field']}: {cause['message']}" for cause in causes]
        listed = said[0] if len(said) == 1 else f"[{', '.join(said)}]"
        details = _details(group, kind, name) | {"causes": list(causes)}
        return cls(422, "Invalid", f'{_of(group, kind)} "{name}" is invalid: {listed}', details)


def cause(reason: str, field: str, message: str) -> Object:
    """One broken rule, as Status.details.causes lists it."""
    return {"reason": reason, "message": message, "field": field}


def _of(group: str, plural: str) -> str:
    return f"{plural}.{group}" if group else plural


def _details(group: str, plural: str, name: str) -> Object:
    return {key: value for key, value in (("name", name), ("group", group), ("kind", plural)) if value}
