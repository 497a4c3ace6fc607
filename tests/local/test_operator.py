"""The operator beside a town is one process, found again by whoever asks."""

from pathlib import Path

from kanaria.local.operator import Operator
from kanaria.local.settings import TownInfo
from waiting import eventually_now


def a_town_without_parts(home: Path) -> TownInfo:
    file = home / "kubeconfig"
    file.write_text("{}")
    return TownInfo(home, pid=1, kubeconfig=file, operator_kubeconfig=file, api_url="", secure_url="", token="")


def test_an_operator_that_was_never_started_is_not_running(tmp_path: Path):
    operator = Operator(a_town_without_parts(tmp_path))

    operator.end()

    assert not operator.running


def test_an_operator_that_ends_leaves_its_last_words(tmp_path: Path):
    operator = Operator(a_town_without_parts(tmp_path))

    operator.start()

    eventually_now(lambda: not operator.running)
    assert "kubeconfig" in operator.last_words()


def test_a_second_look_finds_the_process_and_can_end_it(tmp_path: Path):
    first, second = (Operator(a_town_without_parts(tmp_path)) for _ in range(2))
    first.start()
    found = second.running

    second.end(at_once=True)

    assert found
    eventually_now(lambda: not first.running)
