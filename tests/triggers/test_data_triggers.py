"""When new data, and data that drifted, are due."""

from datetime import UTC, datetime, timedelta

import pytest

from kanaria.triggers.data import DataTrigger
from kanaria.triggers.drift import DriftTrigger
from kanaria.triggers.kind import Firing, Found, NotYet, Seen

NOON = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
QUIET = DataTrigger(name="wine", quiet_period="10m")


def found(since: datetime, **more: object) -> Found:
    return Found("sha256:b", since, **more)  # type: ignore[arg-type]  # fields by name


@pytest.mark.parametrize(
    ("seen", "due"),
    [
        (Seen(NOON), None),
        (Seen(NOON, found=found(NOON - timedelta(minutes=10))), True),
        (Seen(NOON, found=found(NOON - timedelta(minutes=9))), NOON + timedelta(minutes=1)),
        (Seen(NOON, acted_on="sha256:b", found=found(NOON - timedelta(hours=1))), None),
        (Seen(NOON, acted_on="sha256:a", found=found(NOON - timedelta(hours=1))), True),
        (Seen(NOON, read={"wine": "sha256:b"}, found=found(NOON - timedelta(hours=1))), None),
        (Seen(NOON, read={"other": "sha256:b"}, found=found(NOON - timedelta(hours=1))), True),
    ],
    ids=["nothing seen", "quiet", "not quiet yet", "acted on", "another acted on", "read by a run", "other data read"],
)
def test_new_data_is_due_once_it_is_quiet(seen: Seen, due: datetime | bool | None):  # noqa: FBT001 - a table's column
    answer = QUIET.due(seen, NOON)

    assert isinstance(answer, Firing) is (due is True)
    if isinstance(answer, NotYet):
        assert answer.until == due


@pytest.mark.parametrize(
    ("score", "acted_on", "due"),
    [
        (None, None, False),
        (0.2, None, False),
        (0.21, None, True),
        (0.21, "sha256:b@7", False),
        (0.21, "sha256:a@7", True),
        (0.21, "sha256:b@6", True),
    ],
    ids=["unmeasured", "at the threshold", "above it", "acted on", "other data", "another stable version"],
)
def test_a_drift_is_due_above_its_threshold(score: float | None, acted_on: str | None, due: bool):  # noqa: FBT001 - likewise
    seen = Seen(NOON, acted_on=acted_on, found=found(NOON, score=score, column="alcohol", reference="7"))

    assert isinstance(DriftTrigger(data="wine").due(seen, NOON), Firing) is due
