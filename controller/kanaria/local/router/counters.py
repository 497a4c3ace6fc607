"""How many requests went where and how they ended, in Envoy's words.

Envoy Gateway gives a rule one Envoy cluster, `httproute/<namespace>/<route>/rule/<n>`, and one per backend,
`…/backend/<index>`, as soon as a backendRef has a filter (envoyproxy/gateway#5269; asked for as the default in #7017).
The index is that in the route, backends without weight counted in. Here it is always one per backend, filters or not.

Like Envoy's router these count `upstream_rq_xx` once per request of a client, by its final answer (a 503 that the
router had to give included), `upstream_rq_total` once per request sent to a Pod, `upstream_rq_retry` per second try.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field

BUCKETS = (
    0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 30000, 60000, 300000, 600000, 1800000, 3600000,
)  # fmt: skip
CLASSES = "12345"
PLAIN = ("upstream_cx_connect_fail", "upstream_cx_none_healthy", "upstream_rq_retry", "upstream_rq_total")


@dataclass(slots=True)
class Cluster:
    """The counts of one backend since the router started; they only ever rise."""

    answers: dict[str, int] = field(default_factory=lambda: dict.fromkeys(CLASSES, 0))
    plain: dict[str, int] = field(default_factory=lambda: dict.fromkeys(PLAIN, 0))
    buckets: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS) + 1))
    milliseconds: float = 0.0

    def answered(self, status: int) -> None:
        """A client has been given the head of its answer."""
        self.answers[str(status // 100)] += 1

    def took(self, milliseconds: float) -> None:
        """A Pod has answered in full, this long after its request began."""
        self.buckets[bisect_left(BUCKETS, milliseconds)] += 1
        self.milliseconds += milliseconds

    def add(self, name: str) -> None:
        """One more of a plain counter."""
        self.plain[name] += 1


class Counters:
    """The counts of all backends, made when a backend is first routed to, kept until the router ends."""

    def __init__(self) -> None:
        self._clusters: dict[str, Cluster] = {}

    def of(self, cluster: str) -> Cluster:
        """The counts of one backend."""
        return self._clusters.setdefault(cluster, Cluster())

    def page(self) -> str:
        """All counts in the text format of Prometheus, as Envoy's `/stats/prometheus` has them."""
        return "".join(f"{line}\n" for line in self._lines())

    def _lines(self) -> Iterator[str]:
        clusters = sorted(self._clusters.items())
        yield "# TYPE envoy_cluster_upstream_rq_xx counter"
        for name, cluster in clusters:
            for digit, count in cluster.answers.items():
                label = f'envoy_response_code_class="{digit}",envoy_cluster_name="{name}"'
                yield f"envoy_cluster_upstream_rq_xx{{{label}}} {count}"
        for counter in PLAIN:
            yield f"# TYPE envoy_cluster_{counter} counter"
            for name, cluster in clusters:
                yield f'envoy_cluster_{counter}{{envoy_cluster_name="{name}"}} {cluster.plain[counter]}'
        yield "# TYPE envoy_cluster_upstream_rq_time histogram"
        for name, cluster in clusters:
            yield from _histogram(name, cluster)


def _histogram(name: str, cluster: Cluster) -> Iterator[str]:
    metric, label, below = "envoy_cluster_upstream_rq_time", f'envoy_cluster_name="{name}"', 0
    for bound, count in zip((*BUCKETS, "+Inf"), cluster.buckets, strict=True):
        below += count
        yield f'{metric}_bucket{{{label},le="{bound}"}} {below}'
    yield f"{metric}_sum{{{label}}} {cluster.milliseconds:.3f}"
    yield f"{metric}_count{{{label}}} {below}"
