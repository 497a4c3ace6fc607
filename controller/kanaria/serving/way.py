"""What must every way of splitting traffic be able to say, so that the order of operations is the same for all?"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from kanaria.serving.arrangement import Arrangement
from kanaria.serving.kserve import Owner, Serving
from kanaria.vocabulary import ObjectRef
from kanaria.vocabulary.objects import Manifest


@dataclass(frozen=True, slots=True)
class Live:
    """The live objects by which a model is served.

    The InferenceService of the ModelDeployment's name, the others that are its own, the Deployments of all by name, and
    the HTTPRoute of its name.
    """

    service: Manifest | None = None
    beside: tuple[Manifest, ...] = ()
    deployments: Mapping[str, Manifest] = field(default_factory=dict)
    route: Manifest | None = None


NOTHING_LIVE = Live()


@dataclass(frozen=True, slots=True)
class Put:
    """An object to apply, unless the live one holds what is expected of it.

    `in_order`: what stands in lists whose order counts is as wanted.
    """

    manifest: Manifest
    expected: Manifest
    live: Manifest | None
    in_order: bool = True


Step = Put | ObjectRef
"""An object to apply, or one to delete."""


class Way(Protocol):
    """One way of splitting traffic."""

    @property
    def lays_over(self) -> bool:
        """Whether a candidate is laid over the main predictor, and so can unset none of its fields."""

    @property
    def selects(self) -> bool:
        """Whether requests can be sent past the weights: by their headers, or as copies."""

    @property
    def several_nodes(self) -> bool:
        """Whether KServe serves a model by several nodes in this way."""

    @property
    def writes_route(self) -> bool:
        """Whether the HTTPRoute of the ModelDeployment's name is Kanaria's own."""

    @property
    def uncounted(self) -> frozenset[str]:
        """Presets of counters that cannot see its backends."""

    def remedy(self, name: str) -> str:
        """What to do where the traffic is not split."""

    def steps(self, owner: Owner, arrangement: Arrangement, live: Live) -> tuple[Step, ...]:
        """What makes it so, in the order in which it is safe."""

    def removal(self, live: Live) -> tuple[ObjectRef, ...]:
        """What is to be deleted where nothing is served any more."""

    def observe(self, live: Live, known: str) -> Serving:
        """What is asked and what is so; `known` is the predictor recorded as the main one."""
