"""The metrics page speaks Envoy's language and counts exactly."""

from __future__ import annotations

import pytest

from kanaria.local.router.counters import Counters

NAME = "httproute/cellar/wine/rule/0/backend/0"


def test_a_backend_is_on_the_page_from_the_start_with_zeros():
    counters = Counters()
    counters.of(NAME)

    page = counters.page()
    assert f'envoy_cluster_upstream_rq_xx{{envoy_response_code_class="5",envoy_cluster_name="{NAME}"}} 0\n' in page
    assert f'envoy_cluster_upstream_rq_time_count{{envoy_cluster_name="{NAME}"}} 0\n' in page


@pytest.mark.parametrize(("status", "digit"), [(200, 2), (204, 2), (404, 4), (500, 5), (503, 5), (302, 3)])
def test_answers_are_counted_by_class(status: int, digit: int):
    counters = Counters()
    counters.of(NAME).answered(status)

    label = f'envoy_response_code_class="{digit}",envoy_cluster_name="{NAME}"'
    assert f"envoy_cluster_upstream_rq_xx{{{label}}} 1\n" in counters.page()


@pytest.mark.parametrize(
    ("milliseconds", "first"),
    [
        pytest.param(0.2, "0.5", id="below the first bound"),
        pytest.param(5.0, "5", id="exactly at a bound"),
        pytest.param(5.1, "10", id="just above a bound"),
        pytest.param(9e9, "+Inf", id="beyond the last bound"),
    ],
)
def test_a_time_is_counted_in_all_buckets_that_hold_it(milliseconds: float, first: str):
    counters = Counters()
    counters.of(NAME).took(milliseconds)

    lines = [line for line in counters.page().splitlines() if "_time_bucket" in line]
    assert next(line for line in lines if line.endswith(" 1")).split('le="')[1].startswith(f'{first}"')
    assert lines[-1].endswith('le="+Inf"} 1')


def test_sum_and_count_follow_the_times():
    counters = Counters()
    for milliseconds in (1.5, 2.5):
        counters.of(NAME).took(milliseconds)

    page = counters.page()
    assert f'envoy_cluster_upstream_rq_time_sum{{envoy_cluster_name="{NAME}"}} 4.000' in page
    assert f'envoy_cluster_upstream_rq_time_count{{envoy_cluster_name="{NAME}"}} 2' in page


def test_each_metric_says_its_type_once():
    counters = Counters()
    counters.of("a")
    counters.of("b")

    types = [line for line in counters.page().splitlines() if line.startswith("# TYPE")]
    assert len(types) == len(set(types)) == 6
