"""What the chart says of metrics: only names, labels and results that the operator tells."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from prometheus_client import CollectorRegistry

from kanaria.reconcile.gauges import Gauges
from kanaria.reconcile.meters import Meters
from kanaria.reconcile.operator import Operator
from rendered_chart import Manifest, of_kind, rendered

METRICS = ("metrics.serviceMonitor.enabled=true", "metrics.rules.enabled=true", "metrics.dashboard.enabled=true")
OF_HISTOGRAMS = re.compile(r"_(bucket|sum|count)$")


class StandsBy:
    """An operator that does not lead."""

    term = None

    def may_write(self) -> bool:
        return False


def told() -> set[str]:
    """The names of all metrics of the operator."""
    registry = CollectorRegistry()
    assert Meters(registry)
    gauges = Gauges(cast("Operator", StandsBy()), lambda: datetime(2026, 1, 1, tzinfo=UTC))
    families = [*registry.collect(), *gauges.collect()]
    ending = {"counter": "_total", "info": "_info"}
    return {family.name + ending.get(family.type, "") for family in families}


def alerts() -> list[Manifest]:
    (rules,) = of_kind(rendered(*METRICS), "PrometheusRule")
    return [rule for group in rules["spec"]["groups"] for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    (found,) = of_kind(rendered(*METRICS), "ConfigMap")
    (text,) = found["data"].values()
    dashboard: dict[str, Any] = json.loads(text)
    return list(dashboard["panels"])


def expressions() -> Iterator[str]:
    yield from (alert["expr"] for alert in alerts())
    yield from (target["expr"] for panel in panels() for target in panel["targets"])


def test_all_metrics_that_are_asked_for_are_told():
    asked = {OF_HISTOGRAMS.sub("", name) for text in expressions() for name in re.findall(r"\bkanaria_\w+", text)}

    assert asked - told() == set()


def test_the_dashboard_shows_every_metric_but_the_version():
    shown = " ".join(target["expr"] for panel in panels() for target in panel["targets"])

    assert {name for name in told() if name not in shown} == {"kanaria_info"}


@pytest.mark.parametrize("pair", ["()", "[]", "{}"])
def test_every_bracket_of_an_expression_is_closed(pair: str):
    assert [text for text in expressions() if text.count(pair[0]) != text.count(pair[1])] == []


def test_every_alert_says_how_grave_it_is_and_what_is_the_matter():
    for alert in alerts():
        assert alert["labels"]["severity"] in {"info", "warning", "critical"}
        assert alert["annotations"]["summary"].endswith((".", "?"))


def test_panels_do_not_lie_on_each_other():
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels()]

    assert len(set(places)) == len(places) == len({panel["id"] for panel in panels()})


def test_the_monitor_reads_the_port_of_the_pods():
    objects = rendered(*METRICS)

    (monitor,), (service,) = of_kind(objects, "ServiceMonitor"), of_kind(objects, "Service")
    (container,) = of_kind(objects, "Deployment")[0]["spec"]["template"]["spec"]["containers"]
    (port,) = service["spec"]["ports"]
    assert monitor["spec"]["endpoints"][0]["port"] == port["name"]
    assert port["targetPort"] in {each["name"] for each in container["ports"]}
    assert monitor["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()


def test_nothing_of_it_is_there_unless_it_is_asked_for():
    kinds = {each["kind"] for each in rendered()}

    assert kinds.isdisjoint({"ServiceMonitor", "PrometheusRule", "ConfigMap", "Service"})
