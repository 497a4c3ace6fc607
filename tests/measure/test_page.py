"""What a Prometheus text page says of some metrics."""

import time
from collections.abc import Callable

import pytest
from prometheus_client.parser import text_string_to_metric_families

from kanaria.measure.page import Page

PAGE = """\
# HELP rq_total Requests.
# TYPE rq_total counter
rq_total{cluster="a"} 10
rq_total{cluster="b",pod="1"} 3
rq_total{pod="2",cluster="b"} 1.2e+03
rq_total_other{cluster="a"} 99
rq_xx{class="5",cluster="a"} 2 1700000000000
rq_plain 7
odd{cluster="a",path="/v1/{id}",quote="say \\"hi\\"\\nback\\\\slash"} 5
# TYPE declared counter
"""


@pytest.mark.parametrize(
    ("metric", "value", "expected"),
    [
        pytest.param("rq_total", "a", [({"cluster": "a"}, 10)], id="one series"),
        pytest.param(
            "rq_total",
            "b",
            [({"cluster": "b", "pod": "1"}, 3), ({"cluster": "b", "pod": "2"}, 1200)],
            id="two series, in any order of labels, and a float",
        ),
        pytest.param("rq_xx", "a", [({"class": "5", "cluster": "a"}, 2)], id="with a timestamp"),
        pytest.param("rq_total", "c", [], id="another backend"),
        pytest.param("nothing", "a", [], id="another metric"),
        pytest.param(
            "odd",
            "a",
            [({"cluster": "a", "path": "/v1/{id}", "quote": 'say "hi"\nback\\slash'}, 5)],
            id="braces and escapes in values",
        ),
    ],
)
def test_series_are_found_by_metric_and_label(metric: str, value: str, expected: list[tuple[dict[str, str], int]]):
    assert Page(PAGE).series(metric, "cluster", value) == expected


@pytest.mark.parametrize(
    ("metric", "known"),
    [("rq_total", True), ("rq_plain", True), ("declared", True), ("rq", False), ("missing", False)],
)
def test_a_page_knows_a_metric_by_a_line_or_by_its_type(metric: str, known: bool):  # noqa: FBT001 # a table's column
    assert Page(PAGE).knows(metric) is known


def test_a_page_is_read_many_times_faster_than_by_parsing_all_of_it():
    text = "".join(f'm{i % 20}{{cluster="c{i}",pod="p{i}",code="200"}} {i}\n' for i in range(200))

    ours = shortest(lambda: Page(text).series("m7", "cluster", "c7"))

    # A ratio, by the same clock on the same machine: idle it is 1 to 50.
    assert ours * 5 < shortest(lambda: list(text_string_to_metric_families(text)))


def shortest(work: Callable[[], object], tries: int = 20) -> float:
    """The seconds that the work took at its quickest."""
    took = []
    for _ in range(tries):
        start = time.perf_counter()
        work()
        took.append(time.perf_counter() - start)
    return min(took)
