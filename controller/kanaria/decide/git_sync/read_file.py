"""Which objects a file of the repository asks for, and what is wrong with it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from kanaria.api import KINDS
from kanaria.api.resource import API_VERSION, GROUP, Resource
from kanaria.decide.wrong_fields import FieldPath, WrongField, wrong_fields
from kanaria.vocabulary import ObjectRef, marks
from kanaria.vocabulary.documents import Document, DocumentError, documents, line_of
from kanaria.vocabulary.objects import Manifest, content_hash

ENDINGS = (".yaml", ".yml", ".json")
_OURS: Mapping[str, type[Resource]] = {kind.model_fields["kind"].default: kind for kind in KINDS}
SIZE_MAX = 4 * 1024 * 1024
"""Bytes that a file may have."""
_PLACED = 10
_LFS = "version https://git-lfs.github.com/spec/"
# What the API server keeps of an object is not Git's to say.
_SERVERS = {"uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "selfLink"}
_CLUSTER_WIDE = {
    "APIService",
    "CSIDriver",
    "CertificateSigningRequest",
    "CustomResourceDefinition",
    "FlowSchema",
    "GatewayClass",
    "IngressClass",
    "MutatingWebhookConfiguration",
    "Namespace",
    "Node",
    "PersistentVolume",
    "PriorityClass",
    "PriorityLevelConfiguration",
    "ResourceFlavor",
    "RuntimeClass",
    "StorageClass",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
    "ValidatingWebhookConfiguration",
    "VolumeAttachment",
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """An object as a document asks for it; `manifest` is what is applied, `digest` tells two contents apart."""

    ref: ObjectRef
    manifest: Manifest
    path: str
    line: int
    digest: str

    @property
    def place(self) -> str:
        """File and line."""
        return f"{self.path}, line {self.line}"


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a file: place, fact and remedy. `line` counts from 1, or is 0 where it is not known."""

    path: str
    line: int
    sentence: str

    def __str__(self) -> str:
        place = f"{self.path}, line {self.line}" if self.line else self.path
        return f"{place}: {self.sentence}"


@dataclass(frozen=True, slots=True)
class FileRead:
    """The objects of one file, and what is wrong with it."""

    objects: tuple[Wanted, ...] = ()
    faults: tuple[Fault, ...] = ()


_TOO_LARGE = (
    f"it is larger than the {SIZE_MAX // 1024} KiB that a manifest may have: divide it, or move it out of the path"
)


class _FaultError(Exception):
    """What is wrong with a document."""

    def __init__(self, *wrong: WrongField) -> None:
        super().__init__("; ".join(map(str, wrong)))
        self.wrong = wrong


def _fault(sentence: str, field: FieldPath = ()) -> _FaultError:
    return _FaultError(WrongField(field, sentence))


def is_manifest(path: str) -> bool:
    """Whether a file is read."""
    return path.endswith(ENDINGS) and not is_hidden(path)


def is_hidden(path: str) -> bool:
    """Whether a path leads through a hidden folder or to a hidden file: they are for other tools."""
    return "/." in f"/{path}"


def read_file(path: str, content: bytes, sync: ObjectRef, variables: Mapping[str, str] | None = None) -> FileRead:
    """Read a file strictly: a fault names file, line, fact and remedy; the other documents are read.

    A sync without a namespace takes objects of every namespace: so files are read that no sync applies yet.
    """
    if len(content) > SIZE_MAX:
        return FileRead(faults=(Fault(path, 0, _TOO_LARGE),))
    try:
        text = content.decode()
        if text.startswith(_LFS):
            sentence = "it is a Git LFS pointer, which Kanaria does not follow: commit the file"
            return FileRead(faults=(Fault(path, 0, sentence),))
        found = documents(text, variables)
    except UnicodeDecodeError:
        return FileRead(faults=(Fault(path, 0, "it is no UTF-8 text: save it as UTF-8"),))
    except DocumentError as error:
        return FileRead(faults=(Fault(path, error.line, str(error)),))
    objects: list[Wanted] = []
    faults: list[Fault] = []
    for document in found:
        try:
            objects.append(_wanted(path, document, sync))
        except _FaultError as error:
            faults += (_placed(path, text, document, wrong, exactly=len(faults) < _PLACED) for wrong in error.wrong)
    return FileRead(tuple(objects), tuple(faults))


def _placed(path: str, text: str, document: Document, wrong: WrongField, *, exactly: bool) -> Fault:
    """The fault with its line: looking for one reads the file again, so of many only the first are looked for."""
    line = line_of(text, document.line, wrong.field) if wrong.field and exactly else document.line
    return Fault(path, line, wrong.sentence)


def marked(manifest: Manifest, ref: ObjectRef, sync: ObjectRef) -> dict[str, Any]:
    """The manifest with its namespace and the label of the sync."""
    metadata = {key: value for key, value in manifest["metadata"].items() if key != "namespace"}
    labels = {**(metadata.get("labels") or {}), marks.GIT_SYNC: marks.git_sync_label(sync, ref.namespace)}
    named = {"namespace": ref.namespace} if ref.namespace else {}
    return {**manifest, "metadata": {**metadata, **named, "labels": labels}}


def _wanted(path: str, document: Document, sync: ObjectRef) -> Wanted:
    value = document.value
    ref = _identity(value, sync)
    if ref.group == GROUP:
        _check_ours(value, ref)
    metadata = {key: item for key, item in value["metadata"].items() if key not in _SERVERS}
    manifest = marked({**value, "metadata": metadata}, ref, sync)
    manifest.pop("status", None)
    return Wanted(ref, manifest, path, document.line, content_hash(manifest, 16))


def _identity(value: Any, sync: ObjectRef) -> ObjectRef:
    if not isinstance(value, Mapping):
        raise _fault("it is no object: a manifest begins with apiVersion and kind")
    for key in ("apiVersion", "kind"):
        if not isinstance(value.get(key), str) or not value[key]:
            raise _fault(f"{key} is missing: every manifest names its apiVersion and kind", (key,))
    if (value["apiVersion"], value["kind"]) == ("v1", "List"):
        raise _fault("a List is not read: write its items as documents, with --- between them")
    metadata = value.get("metadata")
    if not isinstance(metadata, Mapping) or not isinstance(metadata.get("name"), str) or not metadata["name"]:
        raise _fault(f"metadata.name of this {value['kind']} is missing: name it", ("metadata", "name"))
    if not isinstance(metadata.get("labels") or {}, Mapping):
        raise _fault("metadata.labels must be a mapping of texts", ("metadata", "labels"))
    _check_prune(metadata)
    named = ObjectRef.of(value)
    if named.namespace and sync.namespace and named.namespace != sync.namespace:
        raise _fault(
            f"{named} is of another namespace; this GitSync applies to {sync.namespace} only: "
            f"move it to a path that a GitSync of {named.namespace} applies",
            ("metadata", "namespace"),
        )
    wide = named.kind in _CLUSTER_WIDE or named.kind.startswith("Cluster")
    return ObjectRef(named.api_version, named.kind, "" if wide else sync.namespace or named.namespace, named.name)


def _check_prune(metadata: Mapping[str, Any]) -> None:
    """What is meant to be kept must not be lost to a slip of the pen."""
    annotations = metadata.get("annotations") or {}
    said = annotations.get(marks.PRUNE) if isinstance(annotations, Mapping) else None
    if said not in (None, "disabled"):
        where = ("metadata", "annotations", marks.PRUNE)
        raise _fault(f"the annotation {marks.PRUNE} knows one value: write disabled, or leave it out", where)


def _check_ours(value: Mapping[str, Any], ref: ObjectRef) -> None:
    if ref.api_version != API_VERSION:
        raise _fault(f"apiVersion {ref.api_version} is not known here: use {API_VERSION}", ("apiVersion",))
    if ref.kind not in _OURS:
        raise _fault(f"{GROUP} has no kind {ref.kind}; its kinds are {', '.join(_OURS)}", ("kind",))
    try:
        _OURS[ref.kind].parse(value)
    except ValidationError as error:
        raise _FaultError(*wrong_fields(error)) from error
