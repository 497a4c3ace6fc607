"""A counter asks a gateway for the answers given by both arms."""

from datetime import timedelta

import pytest
from pydantic import ValidationError

from kanaria.sources.counter import PRESETS, Counter
from kanaria.sources.kind import Arm, Arms
from kanaria.vocabulary import CountersQueried, Selected

ASKED = Counter.model_validate({"interval": "5s"}).ask("http://gateway/metrics", "c", "s")


def test_it_asks_once_in_each_window():
    assert ASKED.every == timedelta(seconds=5)


def test_both_arms_are_told_apart_by_envoys_label():
    assert (ASKED.label, ASKED.candidate, ASKED.stable) == ("envoy_cluster_name", "c", "s")


def test_bad_answers_are_counted_among_all_answers():
    """One metric for both: a request that never reached a server is bad, and would not be in a count of tries."""
    assert ASKED.total[0] == ASKED.bad[0] == "envoy_cluster_upstream_rq_xx"
    assert (ASKED.total[1], ASKED.bad[1]) == ((), (("envoy_response_code_class", "5"),))


def test_slow_answers_are_what_is_left_of_those_within_the_bucket():
    asked = Counter.model_validate({"slowerThan": 250}).ask("http://gateway/metrics", "c", "s")

    assert asked.total == ("envoy_cluster_upstream_rq_time_count", ())
    assert (asked.bad, asked.bad_is_rest) == (("envoy_cluster_upstream_rq_time_bucket", (("le", "250"),)), True)


ARMS = Arms("cellar", "wine", Arm("8", "wine-v8-predictor", "c"), Arm("7", "wine-v7-predictor", "s"))
FROM = {"from": "prometheus", "serverRef": {"name": "main"}}


def test_a_server_is_asked_for_each_arm_by_selectors():
    found = Counter.model_validate({**FROM, "interval": "30s"}).query(ARMS)

    def selected(backend: str) -> Selected:
        one = f'envoy_cluster_upstream_rq_xx{{envoy_cluster_name="{backend}"'
        return Selected(total=f"{one}}}", bad=f'{one},envoy_response_code_class="5"}}')

    assert found == CountersQueried(timedelta(seconds=30), "main", "cellar", selected("c"), selected("s"))
    assert Counter().query(ARMS) is None


@pytest.mark.parametrize(
    ("value", "pattern"), [(250, "250([.]0)?"), (0.25, "0[.]25"), (2.5, "2[.]5"), (1000000, "1e[+]06([.]0)?")]
)
def test_a_bucket_is_found_however_its_bound_is_written(value: float, pattern: str):
    found = Counter.model_validate({**FROM, "slowerThan": value}).query(ARMS)

    assert found is not None
    assert found.candidate.good.endswith(f',le=~"{pattern}"}}')


@pytest.mark.parametrize("preset", PRESETS)
def test_each_preset_tells_the_arms_apart(preset: str):
    found = Counter.model_validate({**FROM, "preset": preset}).query(ARMS)

    assert found is not None
    assert found.candidate != found.stable
    assert "{{" not in repr(found)


CUSTOM = {"total": 'all{app="{{variant}}"}', "bad": 'bad{app="{{variant}}"}'}


@pytest.mark.parametrize(
    ("source", "said"),
    [
        pytest.param({"from": "prometheus"}, "serverRef is needed with from: prometheus", id="no server"),
        pytest.param({"serverRef": {"name": "main"}}, "and only there", id="a server that is not asked"),
        pytest.param({"preset": "istio"}, "istio is read with from: prometheus", id="not on the gateway's page"),
        pytest.param({**FROM, "preset": "custom"}, "custom is needed with preset: custom", id="no selectors"),
        pytest.param({**FROM, "custom": CUSTOM}, "and only there", id="selectors beside a preset"),
        pytest.param({**FROM, "preset": "triton", "slowerThan": 9}, "triton has no histogram", id="no histogram"),
        pytest.param(
            {**FROM, "preset": "custom", "custom": CUSTOM | {"bad": 'bad{app="wine"}'}},
            "must name {{variant}}, {{version}} or {{backend}}",
            id="selectors that do not tell the arms apart",
        ),
        pytest.param(
            {**FROM, "preset": "custom", "custom": CUSTOM | {"bad": 'a{x="{{variant}}"} or b{x="y"}'}},
            "a counter is selected by its name and labels",
            id="more than a selector",
        ),
        pytest.param(
            {**FROM, "preset": "custom", "custom": CUSTOM | {"bad": 'a{x="{{pod}}"}'}},
            "{{pod}} is no variable",
            id="an unknown variable",
        ),
    ],
)
def test_a_counter_that_makes_no_sense_is_told(source: dict[str, object], said: str):
    with pytest.raises(ValidationError) as raised:
        Counter.model_validate(source)

    assert said in str(raised.value)
