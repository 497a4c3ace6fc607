"""MetricPolicy: metrics with their bounds, for offline gates and online analysis alike."""

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from kanaria.api.resource import Resource, ResourceStatus
from kanaria.gates import GATES, GateUnion
from kanaria.sources import SOURCES, SourceUnion
from kanaria.vocabulary.kinds import Part, union_of


class MetricUnion(SourceUnion, GateUnion):
    """A metric: where its number comes from (one source), and what it must be (one gate)."""

    name: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$")]
    """Name of the metric, unique in the policy."""

    @model_validator(mode="after")
    def _source_suits_gate(self) -> "MetricUnion":
        source, gate = self.source, self.gate
        if source.key not in gate.takes:
            raise ValueError(
                f"metric {self.name!r}: {gate.key} does not judge {source.key}; "
                f"it judges: {', '.join(sorted(gate.takes))}"
            )
        return self


if TYPE_CHECKING:
    Metric = MetricUnion
else:
    Metric = union_of("Metric", MetricUnion, source=SOURCES, gate=GATES)


class MetricPolicySpec(Part):
    """The metrics of the policy; all must pass."""

    metrics: Annotated[tuple[Metric, ...], Field(min_length=1, max_length=32)]
    """The metrics."""

    @model_validator(mode="after")
    def _names_differ(self) -> "MetricPolicySpec":
        names = [metric.name for metric in self.metrics]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"spec.metrics names {name!r} twice; give each metric its own name")
        return self


class MetricPolicyStatus(ResourceStatus):
    """Whether the policy can be used."""

    metrics: Annotated[str, Field(max_length=512)] | None = None
    """Names of the metrics."""


class MetricPolicy(Resource):
    """Metrics with their bounds."""

    kind: Literal["MetricPolicy"] = "MetricPolicy"
    spec: MetricPolicySpec
    status: MetricPolicyStatus = MetricPolicyStatus()

    plural: ClassVar = "metricpolicies"
    short_name: ClassVar = "mp"
    columns: ClassVar = (
        ("Ready", '.status.conditions[?(@.type=="Ready")].status', "string", 0),
        ("Metrics", ".status.metrics", "string", 0),
        ("Age", ".metadata.creationTimestamp", "date", 0),
        ("Message", '.status.conditions[?(@.type=="Ready")].message', "string", 1),
    )
