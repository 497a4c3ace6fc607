"""What the loop costs: one status write for each transition, none at rest, and no restart without a reason."""

from pathlib import Path

import pytest

from measured_loop import Measured, a_town, measure

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Measured:
    home: Path = tmp_path_factory.mktemp("quiet") / "town"
    with a_town(home) as info:
        return measure(info)


def test_nothing_is_written_at_rest(measured: Measured):
    assert measured.at_rest == []


def test_each_status_write_tells_something_new(measured: Measured):
    assert measured.status_writes
    assert measured.status_writes - measured.statuses == {}


def test_commits_that_change_nothing_that_serves_restart_no_model_server(measured: Measured):
    before, after = measured.servers

    assert before
    assert after == before
