"""Request counters, for both arms of a canary: how many requests, and how many of them bad."""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from kanaria.sources.kind import OF_THE_ARM, Arm, Arms, ServerReference, SourceKind, filled, variables
from kanaria.vocabulary.durations import Duration, duration_of
from kanaria.vocabulary.kinds import Part
from kanaria.vocabulary.question import CountersAsked, CountersQueried, Selected

LABEL = "envoy_cluster_name"
"""Which label tells the backends apart on the gateway's own page."""
ENVOY_TOTAL = ("envoy_cluster_upstream_rq_xx", ())  # answers, not tries: a retried request counts once, as bad ones do
ENVOY_BAD = ("envoy_cluster_upstream_rq_xx", (("envoy_response_code_class", "5"),))
ENVOY_TIME = "envoy_cluster_upstream_rq_time"
_SELECTOR = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*\{([^{}]|\{\{[^{}]*\}\})*\}")


@dataclass(frozen=True, slots=True)
class Preset:
    """The counters of a gateway or model server, as selectors; `time` is its histogram of times, where it has one."""

    selected: Selected
    time: str = ""
    of_one: str = ""
    """The labels that select one model's series of the histogram."""


_ENVOY = f'{LABEL}="{{{{backend}}}}"'
# The proxy that sends a request counts it, so what never reached a server counts too. Each request has one sender.
_ISTIO = 'reporter="source",destination_workload_namespace="{{namespace}}",destination_workload="{{variant}}"'
# Model servers count themselves; whose Pod it is, Prometheus writes onto each series.
_POD = 'namespace="{{namespace}}",pod=~"{{variant}}-.*"'
PRESETS = {
    "envoyGateway": Preset(
        Selected(
            total=f"envoy_cluster_upstream_rq_xx{{{_ENVOY}}}",
            bad=f'envoy_cluster_upstream_rq_xx{{{_ENVOY},envoy_response_code_class="5"}}',
        ),
        ENVOY_TIME,
        _ENVOY,
    ),
    "istio": Preset(
        Selected(
            total=f"istio_requests_total{{{_ISTIO}}}",
            bad=f'istio_requests_total{{{_ISTIO},response_code=~"5.."}}',
        ),
        "istio_request_duration_milliseconds",
        _ISTIO,
    ),
    "triton": Preset(
        Selected(
            good=f"nv_inference_request_success{{{_POD}}}",
            bad=f"nv_inference_request_failure{{{_POD}}}",
        )
    ),
    "mlserver": Preset(
        Selected(
            good=f"model_infer_request_success_total{{{_POD}}}",
            bad=f"model_infer_request_failure_total{{{_POD}}}",
        )
    ),
}


class CustomCounts(Part):
    """Selectors of your own counters."""

    total: Annotated[str, Field(min_length=1, max_length=1024)]
    """All requests of one model, e.g. http_requests_total{app="{{variant}}"}."""
    bad: Annotated[str, Field(min_length=1, max_length=1024)]
    """The bad ones among them."""

    @field_validator("total", "bad")
    @classmethod
    def _selects_one_model(cls, selector: str) -> str:
        if not _SELECTOR.fullmatch(selector):
            raise ValueError('a counter is selected by its name and labels, e.g. requests_total{app="{{variant}}"}')
        if not variables(selector) & OF_THE_ARM:
            raise ValueError(
                "a selector must name {{variant}}, {{version}} or {{backend}}: it counts one of two models"
            )
        return selector


class Counter(SourceKind):
    """Request counters of a gateway or a model server, for both arms of a canary."""

    key: ClassVar[str] = "counter"
    offline: ClassVar[bool] = False

    origin: Annotated[Literal["gateway", "prometheus"], Field(alias="from")] = "gateway"
    """Where the counters are read: the page of the gateway that the platform team configured, or a Prometheus."""
    server_ref: ServerReference | None = None
    """The server, with from: prometheus."""
    preset: Literal["envoyGateway", "istio", "triton", "mlserver", "custom"] = "envoyGateway"
    """Whose names the counters bear; a bad request is one answered with 5xx, or one that the model server failed."""
    custom: CustomCounts | None = None
    """The selectors, with preset: custom."""
    slower_than: Annotated[float, Field(gt=0, le=1e9)] | None = None
    """A request slower than this bound of the histogram's buckets is bad instead; in its unit, ms with both presets."""
    interval: Duration = "15s"
    """How often they are read: one window of evidence."""

    @model_validator(mode="after")
    def _fits(self) -> "Counter":
        if (self.origin == "prometheus") != (self.server_ref is not None):
            raise ValueError("counter.serverRef is needed with from: prometheus, and only there")
        if (self.preset == "custom") != (self.custom is not None):
            raise ValueError("counter.custom is needed with preset: custom, and only there")
        if self.origin == "gateway" and self.preset != "envoyGateway":
            raise ValueError(
                f"counter.preset {self.preset} is read with from: prometheus; the gateway's page is Envoy's"
            )
        if self.slower_than is not None and (self.preset == "custom" or not PRESETS[self.preset].time):
            raise ValueError(
                f"counter.slowerThan: {self.preset} has no histogram of times; envoyGateway and istio have"
            )
        return self

    def ask(self, url: str, candidate: str, stable: str) -> CountersAsked:
        """What to read of the gateway's page: `candidate` and `stable` are its names of the two backends."""
        slow = self.slower_than is not None
        within = (f"{ENVOY_TIME}_bucket", (("le", f"{self.slower_than:g}"),)) if slow else ENVOY_BAD
        return CountersAsked(
            every=self.window,
            url=url,
            label=LABEL,
            candidate=candidate,
            stable=stable,
            total=(f"{ENVOY_TIME}_count", ()) if slow else ENVOY_TOTAL,
            bad=within,
            bad_is_rest=slow,
        )

    def query(self, arms: Arms) -> CountersQueried | None:
        """What to ask of the server; None where the gateway's page is read."""
        if self.server_ref is None:
            return None
        candidate, stable = (self._selected(arms, arm) for arm in (arms.candidate, arms.stable))
        return CountersQueried(self.window, self.server_ref.name, arms.namespace, candidate, stable)

    def _selected(self, arms: Arms, arm: Arm) -> Selected:
        wanted = self._selectors
        total, bad, good = (filled(each, arms, arm) for each in (wanted.total, wanted.bad, wanted.good))
        return Selected(total, bad, good)

    @property
    def _selectors(self) -> Selected:
        if self.custom is not None:
            return Selected(total=self.custom.total, bad=self.custom.bad)
        preset = PRESETS[self.preset]
        if self.slower_than is None:
            return preset.selected
        labels = f'{preset.of_one},le=~"{_bound(self.slower_than)}"'
        return Selected(total=f"{preset.time}_count{{{preset.of_one}}}", good=f"{preset.time}_bucket{{{labels}}}")

    @property
    def by_pod(self) -> bool:
        """Whether each series is one Pod of the model: servers that count themselves, by what Prometheus scraped."""
        return self.origin == "prometheus" and self.preset in {"triton", "mlserver"}

    @property
    def window(self) -> timedelta:
        """The interval as a span."""
        return duration_of(self.interval)


def _bound(value: float) -> str:
    """A bucket's bound as a pattern: Prometheus 3 writes 250.0 where it was 250 before."""
    text = f"{value:g}".replace(".", "[.]").replace("+", "[+]")
    return text if "." in text else f"{text}([.]0)?"
