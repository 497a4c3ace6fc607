"""What a protobuf body says: kubectl's generators send a few built-in kinds that way, and nothing else."""

import base64
from collections.abc import Iterator, Mapping
from typing import Any

from kanaria.local.apiserver.refusals import Object, RefusedError

MAGIC = b"k8s\x00"
# Field numbers as generated.proto of k8s.io/api and apimachinery state them. A value's form: s text, i number, b truth,
# y bytes (base64), ms map of text, my map of bytes, a name = that message; a star: many of it.
_ROWS: Mapping[str, str] = {
    "Unknown": "1 typeMeta TypeMeta, 2 raw raw, 3 contentEncoding s, 4 contentType s",
    "TypeMeta": "1 apiVersion s, 2 kind s",
    "Meta": "1 name s, 2 generateName s, 3 namespace s, 11 labels ms, 12 annotations ms",
    "Namespace": "1 metadata Meta",
    "ConfigMap": "1 metadata Meta, 2 data ms, 3 binaryData my, 4 immutable b",
    "Secret": "1 metadata Meta, 2 data my, 3 type s, 4 stringData ms, 5 immutable b",
    "Job": "1 metadata Meta, 2 spec JobSpec",
    "JobSpec": "1 parallelism i, 2 completions i, 3 activeDeadlineSeconds i, 6 template PodTemplate, 7 backoffLimit i"
    ", 8 ttlSecondsAfterFinished i, 10 suspend b",
    "PodTemplate": "1 metadata Meta, 2 spec PodSpec",
    "PodSpec": "2 containers *Container, 3 restartPolicy s, 4 terminationGracePeriodSeconds i",
    "Container": "1 name s, 2 image s, 3 command *s, 4 args *s, 5 workingDir s, 7 env *Env, 13 terminationMessagePath s"
    ", 14 imagePullPolicy s",
    "Env": "1 name s, 2 value s",
    "SelfSubjectAccessReview": "1 metadata Meta, 2 spec Review",
    "Review": "1 resourceAttributes Attributes, 2 nonResourceAttributes Other",
    "Attributes": "1 namespace s, 2 verb s, 3 group s, 4 version s, 5 resource s, 6 subresource s, 7 name s",
    "Other": "1 path s, 2 verb s",
}
_FORMS: Mapping[str, Mapping[int, tuple[str, str]]] = {
    form: {int(number): (name, kind) for number, name, kind in map(str.split, row.split(","))}
    for form, row in _ROWS.items()
}
_TOP = frozenset({"Namespace", "ConfigMap", "Secret", "Job", "SelfSubjectAccessReview"})
# Parts of these that are left out when empty; any other field is refused, so that nothing is lost unsaid.
_EMPTY_IS_NOTHING = frozenset(
    {"Meta", "Namespace", "ConfigMap", "Job", "JobSpec", "PodSpec", "Container", "SelfSubjectAccessReview"}
)


def decoded(data: bytes) -> Object:
    """The object in a protobuf envelope."""
    envelope = _message(data[len(MAGIC) :], "Unknown")
    kind = envelope["typeMeta"].get("kind", "")
    if kind not in _TOP:
        raise _unsupported(f"{kind} objects")
    types: Object = envelope["typeMeta"]
    return types | _message(envelope.get("raw", b""), kind)


def _unsupported(what: str) -> RefusedError:
    message = (
        f"the local cluster does not read {what} as protobuf; write the object to a file and use kubectl create -f"
    )
    return RefusedError(415, "UnsupportedMediaType", message)


def _message(data: bytes, form: str) -> Object:
    body: Object = {}
    for number, value in _fields(data):
        name, kind = _FORMS[form].get(number, ("", ""))
        if not name:
            if value in {b"", 0} or (form in _EMPTY_IS_NOTHING and _is_empty(value)):
                continue
            raise _unsupported(f"field {number} of {form}")
        if kind.startswith("*"):
            body.setdefault(name, []).append(_value(value, kind[1:]))
        elif kind in {"ms", "my"}:
            key, item = _entry(value, kind[1:])
            body.setdefault(name, {})[key] = item
        else:
            body[name] = _value(value, kind)
    return {name: value for name, value in body.items() if value not in ("", {}, None)}


def _is_empty(value: Any) -> bool:
    """Go writes every message it holds by value, also when nothing is in it."""
    if not isinstance(value, bytes):
        return not value
    try:
        return all(_is_empty(below) for _, below in _fields(value))
    except (IndexError, ValueError):
        return False


def _value(value: Any, kind: str) -> Any:
    if kind == "s":
        return value.decode()
    if kind == "y":
        return base64.b64encode(value).decode()
    if kind == "b":
        return bool(value)
    return value if kind in {"i", "raw"} else _message(value, kind)


def _entry(data: bytes, kind: str) -> tuple[str, Any]:
    found = dict(_fields(data))
    return found.get(1, b"").decode(), _value(found.get(2, b""), kind)


def _fields(data: bytes) -> Iterator[tuple[int, Any]]:
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        wire = tag & 7
        if wire == 0:
            value, at = _varint(data, at)
            yield tag >> 3, value
        elif wire == 2:
            size, at = _varint(data, at)
            if at + size > len(data):
                raise ValueError("truncated")
            yield tag >> 3, data[at : at + size]
            at += size
        else:
            raise ValueError(f"wire type {wire}")


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if not byte & 0x80:
            return value, at


def openapi_v2() -> bytes:
    """The one thing kubectl asks OpenAPI v2 for: whether a List (judged by Namespace) has its fields validated."""
    parameter = _nested((1, 2, 3), _field(2, b"query") + _field(4, b"fieldValidation"))
    kind = _field(1, b"x-kubernetes-group-version-kind")
    kind += _field(2, _field(2, b'{"group": "", "version": "v1", "kind": "Namespace"}'))
    operation = _field(8, parameter) + _field(13, kind)
    path = _field(1, b"/api/v1/namespaces/{name}") + _nested((2, 8), operation)
    return _nested((8, 2), path)


def _nested(numbers: tuple[int, ...], data: bytes) -> bytes:
    for number in reversed(numbers):
        data = _field(number, data)
    return data


def _field(number: int, data: bytes) -> bytes:
    size, spelled = len(data), b""
    while size > 0x7F:
        size, spelled = size >> 7, spelled + bytes([size & 0x7F | 0x80])
    return bytes([number << 3 | 2]) + spelled + bytes([size]) + data
