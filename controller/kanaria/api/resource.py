"""What all five kinds have in common: metadata, conditions, and how a live object is read."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field

from kanaria.vocabulary.kinds import Part
from kanaria.vocabulary.objects import ObjectName, ObjectRef

GROUP = "kanaria.dev"
VERSION = "v1alpha1"
API_VERSION = f"{GROUP}/{VERSION}"

Name = Annotated[str, Field(min_length=1, max_length=63, pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")]
"""A DNS label."""
Text = Annotated[str, Field(max_length=2048)]
"""A sentence or a URL."""
Version = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][-A-Za-z0-9_.]*$")]
"""A version of a registered model, e.g. "7"."""


class ObjectMeta(Part):
    """The parts of an object's metadata that Kanaria reads."""

    name: str
    namespace: str = ""
    uid: str = ""
    generation: int = 0
    resource_version: str = ""
    labels: Mapping[str, str] = {}
    annotations: Mapping[str, str] = {}
    creation_timestamp: datetime | None = None
    deletion_timestamp: datetime | None = None
    finalizers: tuple[str, ...] = ()


class Condition(Part):
    """A statement about the object, as Kubernetes writes it."""

    type: Annotated[str, Field(max_length=64)]
    """What it speaks of."""
    status: Literal["True", "False", "Unknown"]
    """Whether it holds."""
    reason: Annotated[str, Field(max_length=64)]
    """Why, in one word of the API."""
    message: Annotated[str, Field(max_length=2048)] = ""
    """Why, in a sentence: place, fact, remedy."""
    observed_generation: int | None = None
    """The generation of the spec it was made for."""
    last_transition_time: datetime
    """When the status last changed."""


class ObjectReference(Part):
    """A reference to an object of the same namespace."""

    name: Name
    """Name of the object."""


class ResourceStatus(Part):
    """The part of the status that all kinds share."""

    conditions: Annotated[tuple[Condition, ...], Field(max_length=16)] = ()
    """Ready, and Reconciling or Stalled while they hold."""
    observed_generation: int | None = None
    """The generation of the spec that the controller last acted on."""


class Resource(Part):
    """One of the five kinds. `column` names a printer column: (header, jsonPath, type, priority)."""

    kind: str
    api_version: str = API_VERSION
    metadata: ObjectMeta

    plural: ClassVar[str]
    short_name: ClassVar[str]
    columns: ClassVar[tuple[tuple[str, str, str, int], ...]]
    rules: ClassVar[tuple[tuple[str, str], ...]] = ()
    """CEL rules of the spec: (expression, message). The model refuses the same with the same sentence."""

    @property
    def name(self) -> ObjectName:
        """Namespace and name."""
        return ObjectName(self.metadata.namespace, self.metadata.name)

    @property
    def ref(self) -> ObjectRef:
        """The identity across kinds."""
        return ObjectRef(API_VERSION, self.kind, self.metadata.namespace, self.metadata.name)

    @classmethod
    def read(cls, body: Mapping[str, Any]) -> Self:
        """Read a live object; fields this version does not know are ignored.

        Raises:
            pydantic.ValidationError: if a field that it knows is wrong.
        """
        return cls.model_validate(body, extra="ignore")

    @classmethod
    def parse(cls, manifest: Mapping[str, Any]) -> Self:
        """Read a manifest from Git, strictly: an unknown field is an error.

        Raises:
            pydantic.ValidationError: naming every wrong field.
        """
        known = {k: v for k, v in manifest.items() if k != "status"}
        metadata = {k: v for k, v in (manifest.get("metadata") or {}).items() if k in _META_FIELDS}
        return cls.model_validate({**known, "metadata": metadata})


_META_FIELDS = {field.alias or name for name, field in ObjectMeta.model_fields.items()}
