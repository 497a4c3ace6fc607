"""A counter asks a gateway for the answers given by both arms."""

from datetime import timedelta

from kanaria.sources.counter import Counter

ASKED = Counter.model_validate({"interval": "5s"}).ask("http://gateway/metrics", "c", "s")


def test_it_asks_once_in_each_window():
    assert ASKED.every == timedelta(seconds=5)


def test_both_arms_are_told_apart_by_envoys_label():
    assert (ASKED.label, ASKED.candidate, ASKED.stable) == ("envoy_cluster_name", "c", "s")


def test_bad_answers_are_counted_among_all_answers():
    """One metric for both: a request that never reached a server is bad, and would not be in a count of tries."""
    assert ASKED.total[0] == ASKED.bad[0] == "envoy_cluster_upstream_rq_xx"
    assert (ASKED.total[1], ASKED.bad[1]) == ((), (("envoy_response_code_class", "5"),))
