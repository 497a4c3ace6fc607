"""Which rule a request belongs to, and in what shares backends are chosen."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any

import pytest

from kanaria.local.api_client import Thing
from kanaria.local.router.routes import Backend, Rule, table_of


def a_route(name: str = "wine", *, host: str = "wine-cellar.example.com", path: Any = None, **meta: Any) -> Thing:
    rule: Thing = {"backendRefs": [{"name": f"{name}-predictor", "weight": 90}, {"name": f"{name}-v8", "weight": 10}]}
    if path:
        rule["matches"] = [{"path": {"type": path[0], "value": path[1]}}]
    return {
        "metadata": {"name": name, "namespace": "cellar", **meta},
        "spec": {"hostnames": [host], "rules": [rule]},
    }


def a_rule(*weights: int) -> Rule:
    return Rule((), tuple(Backend("cellar", f"s{index}", weight, "") for index, weight in enumerate(weights)))


@pytest.mark.parametrize(
    ("host", "target", "passed_on"),
    [
        pytest.param("wine-cellar.example.com", "/v2/models/wine/infer", "/v2/models/wine/infer", id="host"),
        pytest.param("WINE-cellar.example.com:8081", "/x", "/x", id="host with port and capitals"),
        pytest.param("127.0.0.1:8081", "/serving/cellar/wine/v2/x?a=1", "/v2/x?a=1", id="prefix"),
        pytest.param("127.0.0.1", "/serving/cellar/wine", "/", id="prefix alone"),
        pytest.param("127.0.0.1", "/serving/cellar/wine?a=1", "/?a=1", id="prefix and query"),
        pytest.param("127.0.0.1", "/serving/cellar/wine/a%2Fb", "/a%2Fb", id="escapes are left alone"),
    ],
)
def test_a_request_finds_its_route_by_host_or_by_prefix(host: str, target: str, passed_on: str):
    rule, rest = table_of([a_route()]).find(host, target)

    assert rule is not None
    assert rest == passed_on


@pytest.mark.parametrize(
    ("host", "target"),
    [
        pytest.param("beer-cellar.example.com", "/", id="another host"),
        pytest.param("127.0.0.1", "/serving/cellar/beer/x", id="another route"),
        pytest.param("wine-cellar.example.com", "/serving/attic/wine/x", id="the prefix beats the host"),
        pytest.param("127.0.0.1", "/v2/models/wine/infer", id="neither"),
    ],
)
def test_a_request_without_a_route_finds_none(host: str, target: str):
    assert table_of([a_route()]).find(host, target)[0] is None


@pytest.mark.parametrize(
    ("kind", "value", "path", "holds"),
    [
        pytest.param("RegularExpression", "^/.*$", "/v2/x", True, id="any path"),
        pytest.param("RegularExpression", "/v1/.*", "/v2/x", False, id="another version"),
        pytest.param("PathPrefix", "/v2", "/v2/x", True, id="prefix"),
        pytest.param("PathPrefix", "/v2", "/v22", False, id="a prefix ends at a slash"),
        pytest.param("PathPrefix", "/", "/v2", True, id="root"),
        pytest.param("Exact", "/v2", "/v2", True, id="exact"),
        pytest.param("Exact", "/v2", "/v2/x", False, id="more than exact"),
    ],
)
def test_a_rule_matches_paths_as_the_gateway_api_says(kind: str, value: str, path: str, *, holds: bool):
    rule, _ = table_of([a_route(path=(kind, value))]).find("wine-cellar.example.com", path)

    assert (rule is not None) == holds


def test_of_two_routes_for_a_host_the_older_one_has_it():
    older = a_route("wine", creationTimestamp="2026-01-01T00:00:00Z")
    younger = a_route("beer", creationTimestamp="2026-01-02T00:00:00Z")

    rule, _ = table_of([younger, older]).find("wine-cellar.example.com", "/")

    assert rule is not None
    assert rule.backends[0].service == "wine-predictor"


def test_a_cluster_is_called_by_route_rule_and_place():
    rule, _ = table_of([a_route()]).find("wine-cellar.example.com", "/")

    assert rule is not None
    assert rule.backends[1].cluster == "httproute/cellar/wine/rule/0/backend/1"


def test_a_backend_may_set_headers_of_its_answers():
    route = a_route()
    setting = {"set": [{"name": "kanaria-version", "value": "v8"}]}
    route["spec"]["rules"][0]["backendRefs"][1]["filters"] = [
        {"type": "ResponseHeaderModifier", "responseHeaderModifier": setting}
    ]

    rule, _ = table_of([route]).find("wine-cellar.example.com", "/")

    assert rule is not None
    assert [backend.headers for backend in rule.backends] == [(), (("kanaria-version", "v8"),)]


@pytest.mark.parametrize(
    ("weights", "chance", "chosen"),
    [
        pytest.param((90, 10), 0.0, 0, id="the first share's begin"),
        pytest.param((90, 10), 0.8999, 0, id="the first share's end"),
        pytest.param((90, 10), 0.9, 1, id="the second share's begin"),
        pytest.param((90, 10), 0.9999, 1, id="the second share's end"),
        pytest.param((0, 100), 0.0, 1, id="no weight, no request"),
        pytest.param((100, 0), 0.9999, 0, id="no weight at the end"),
        pytest.param((1, 1, 2), 0.5, 2, id="shares of the sum"),
    ],
)
def test_a_backend_is_chosen_by_its_share(weights: tuple[int, ...], chance: float, chosen: int):
    backend = a_rule(*weights).choose(chance)

    assert backend is not None
    assert backend.service == f"s{chosen}"


@pytest.mark.parametrize("weights", [pytest.param((), id="no backend"), pytest.param((0, 0), id="no weight")])
def test_where_nothing_has_weight_nothing_is_chosen(weights: tuple[int, ...]):
    assert a_rule(*weights).choose(0.5) is None


def test_shares_come_out_as_weights_say():
    rule, random = a_rule(80, 20), Random(7)  # noqa: S311 - shares, no secret

    counts = Counter(backend.service for _ in range(10_000) if (backend := rule.choose(random.random())))

    assert counts["s1"] == pytest.approx(2000, abs=160)


def test_a_backend_without_a_weight_weighs_one():
    route = a_route()
    route["spec"]["rules"][0]["backendRefs"] = [{"name": "a"}, {"name": "b", "weight": 3, "namespace": "attic"}]

    rule, _ = table_of([route]).find("wine-cellar.example.com", "/")

    assert rule is not None
    assert [(b.namespace, b.weight) for b in rule.backends] == [("cellar", 1), ("attic", 3)]


def a_selecting_route() -> Thing:
    """The weights first, then a rule for testers, then one for testers of a team."""
    route = a_route()
    tester = {"name": "X-Tester", "value": "yes"}
    team = {"type": "RegularExpression", "name": "X-Team", "value": "a|b"}
    route["spec"]["rules"] += [
        {"matches": [{"headers": headers}], "backendRefs": [{"name": name}]}
        for headers, name in (([tester], "testers"), ([tester, team], "team"))
    ]
    return route


@pytest.mark.parametrize(
    ("headers", "backend"),
    [
        pytest.param({}, "wine-predictor", id="no header"),
        pytest.param({"X-Tester": "no"}, "wine-predictor", id="another value"),
        pytest.param({"X-Tester": "yes"}, "testers", id="one header"),
        pytest.param({"X-Tester": "yes", "X-Team": "b"}, "team", id="more headers win"),
        pytest.param({"X-Tester": "yes", "X-Team": "bb"}, "testers", id="a regular expression fits the whole value"),
    ],
)
def test_the_rule_that_asks_for_most_headers_wins(headers: dict[str, str], backend: str):
    rule, _ = table_of([a_selecting_route()]).find("wine-cellar.example.com", "/", headers)

    assert rule is not None
    assert rule.backends[0].service == backend


def test_a_service_is_reached_by_its_name_past_all_routes():
    rule, target = table_of([a_route()]).find("127.0.0.1", "/services/cellar/wine-v8-predictor/v2/x?a=1")

    assert rule is not None
    assert (rule.backends, target) == (
        (Backend("cellar", "wine-v8-predictor", 1, "service/cellar/wine-v8-predictor"),),
        "/v2/x?a=1",
    )
