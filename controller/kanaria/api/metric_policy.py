"""MetricPolicy: metrics with their bounds, for offline gates and online analysis alike."""

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field, model_validator
from pydantic.alias_generators import to_camel

from kanaria.api.resource import Resource, ResourceStatus
from kanaria.gates import GATES, GateUnion
from kanaria.gates.kind import NumberGate
from kanaria.gates.sequential import Sequential
from kanaria.sources import SOURCES, SourceUnion
from kanaria.sources.kind import OnlineSource
from kanaria.vocabulary.durations import Duration, duration_of
from kanaria.vocabulary.kinds import Part, union_of

Limit = Annotated[int, Field(ge=-1, le=1000)]
SHORTEST = timedelta(seconds=5)


class MetricUnion(SourceUnion, GateUnion):
    """A metric: where its number comes from (one source), and what it must be (one gate)."""

    name: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$")]
    """Name of the metric, unique in the policy."""
    interval: Duration | None = None
    """How often it is measured while a candidate has traffic; 30s where absent."""
    initial_delay: Duration | None = None
    """For this long after the candidate first got traffic it is not measured; 0s where absent."""
    count: Annotated[int, Field(ge=1, le=100000)] | None = None
    """How many measurements are taken; where absent, as many as fit into the trial."""
    failure_limit: Limit | None = None
    """More failed measurements than this fail the candidate; 0 where absent, -1 never."""
    inconclusive_limit: Limit | None = None
    """More inconclusive measurements than this leave it unproven; 0 where absent, -1 never."""
    consecutive_error_limit: Limit | None = None
    """More measurements in a row than this that cannot be taken stop its traffic; 4 where absent, -1 never."""
    consecutive_success_limit: Annotated[int, Field(ge=0, le=1000)] | None = None
    """So many good measurements in a row are needed; 0 where absent: none beyond the first."""
    dry_run: bool | None = None
    """Whether it is only told, and decides nothing."""

    @model_validator(mode="after")
    def _source_suits_gate(self) -> "MetricUnion":
        fault = self.gate.misfit(self.source.key, self.source.address)
        if fault:
            raise ValueError(f"metric {self.name!r}: {fault}")
        return self

    @model_validator(mode="after")
    def _timing_suits_source(self) -> "MetricUnion":
        timed = [name for name in _TIMING if getattr(self, name) is not None]
        if timed and not (isinstance(self.source, OnlineSource) and isinstance(self.gate, NumberGate)):
            raise ValueError(
                f"metric {self.name!r}: {to_camel(timed[0])} is for metrics that are measured while a candidate has "
                f"traffic and judged by threshold or change; {self.source.key} with {self.gate.key} is not: remove it"
            )
        if self.dry_run and isinstance(self.gate, Sequential):
            raise ValueError(f"metric {self.name!r}: dryRun is not for sequential: without it nothing would be judged")
        if self.every < SHORTEST:
            raise ValueError(f"metric {self.name!r}: interval must be 5s or more, it is {self.interval}")
        return self

    @property
    def decides(self) -> bool:
        """Whether it says something of a candidate that has traffic."""
        measured = isinstance(self.source, OnlineSource) and isinstance(self.gate, NumberGate)
        return isinstance(self.gate, Sequential) or (measured and not self.dry_run)

    @property
    def every(self) -> timedelta:
        """How often it is measured."""
        return duration_of(self.interval or "30s")


_TIMING = (
    "interval",
    "initial_delay",
    "count",
    "failure_limit",
    "inconclusive_limit",
    "consecutive_error_limit",
    "consecutive_success_limit",
)


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
