"""Request counters of a gateway, for both arms of a canary."""

from datetime import timedelta
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from kanaria.sources.kind import SourceKind
from kanaria.vocabulary.durations import Duration, duration_of
from kanaria.vocabulary.question import CountersAsked

LABEL = {"envoyGateway": "envoy_cluster_name"}
"""Which label tells the backends apart, by preset."""
ENVOY_TOTAL = ("envoy_cluster_upstream_rq_xx", ())  # answers, not tries: a retried request counts once, as bad ones do
ENVOY_BAD = ("envoy_cluster_upstream_rq_xx", (("envoy_response_code_class", "5"),))


class Counter(SourceKind):
    """Request counters of a gateway, for both arms of a canary."""

    key: ClassVar[str] = "counter"
    offline: ClassVar[bool] = False

    origin: Annotated[Literal["gateway"], Field(alias="from")] = "gateway"
    """Where the counters are read: the gateway that the platform team configured."""
    preset: Literal["envoyGateway"] = "envoyGateway"
    """Whose names the counters bear; a bad request is one answered with 5xx."""
    interval: Duration = "15s"
    """How often they are read: one window of evidence."""

    def ask(self, url: str, candidate: str, stable: str) -> CountersAsked:
        """What to read: `candidate` and `stable` are the gateway's names of the two backends."""
        return CountersAsked(
            every=self.window,
            url=url,
            label=LABEL[self.preset],
            candidate=candidate,
            stable=stable,
            total=ENVOY_TOTAL,
            bad=ENVOY_BAD,
        )

    @property
    def window(self) -> timedelta:
        """The interval as a span."""
        return duration_of(self.interval)
