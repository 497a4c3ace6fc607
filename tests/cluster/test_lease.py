"""Who leads: tables over what the Lease says and how long ago that was, by each replica's own clock."""

from dataclasses import replace

import pytest

from kanaria.cluster.lease import FRESH_FOR, LASTS, RENEW_EVERY, WRITE_WITHIN, Lease, Standing

OTHERS = Lease("b", LASTS, 3, "20")
MINE = Lease("a", LASTS, 4, "21")
LEADING = Standing("a").saw(OTHERS, 0.0).wrote(MINE, 100.0)


@pytest.mark.parametrize(
    ("lease", "age", "free"),
    [
        pytest.param(None, 0.0, True, id="there is none"),
        pytest.param(replace(OTHERS, holder=""), 0.0, True, id="it was released"),
        pytest.param(replace(OTHERS, holder="a"), 0.0, True, id="our own, whose answer was lost"),
        pytest.param(OTHERS, 0.0, False, id="just seen"),
        pytest.param(OTHERS, LASTS - 0.01, False, id="not renewed for a little less than it lasts"),
        pytest.param(OTHERS, LASTS, True, id="not renewed for as long as it lasts"),
        pytest.param(replace(OTHERS, lasts=60.0), LASTS, False, id="its holder said that it lasts longer"),
    ],
)
def test_a_lease_is_taken_when_nobody_else_can_be_leading(lease: Lease | None, age: float, free: bool):  # noqa: FBT001 # a table's column
    assert Standing("a").saw(lease, 50.0).may_take(50.0 + age) is free


@pytest.mark.parametrize(
    ("standing", "age", "may"),
    [
        pytest.param(LEADING, 0.0, True, id="just renewed"),
        pytest.param(LEADING, FRESH_FOR - 0.01, True, id="renewed a while ago"),
        pytest.param(LEADING, FRESH_FOR, False, id="not renewed for too long"),
        pytest.param(LEADING, 20.0, False, id="stopped for 20 s, and gone on"),
        pytest.param(LEADING.saw(replace(MINE, holder="b", version="22"), 101.0), 1.0, False, id="stolen"),
        pytest.param(LEADING.saw(replace(MINE, holder="", version="22"), 101.0), 1.0, False, id="released by a hand"),
        pytest.param(LEADING.saw(None, 101.0), 1.0, False, id="deleted by a hand"),
        pytest.param(LEADING.saw(replace(MINE, version="22"), 101.0), 1.0, True, id="a renewal whose answer was lost"),
        pytest.param(
            LEADING.saw(replace(MINE, transitions=6, version="22"), 101.0), 1.0, False, id="another led in between"
        ),
        pytest.param(Standing("a"), 0.0, False, id="just started"),
        pytest.param(Standing("a").saw(MINE, 100.0), 0.0, False, id="read, and not written"),
    ],
)
def test_a_write_starts_only_while_the_lease_is_surely_held(standing: Standing, age: float, may: bool):  # noqa: FBT001 # a table's column
    assert standing.may_write(100.0 + age) is may


def test_a_lease_that_was_only_read_gives_no_more_time():
    again = LEADING.saw(replace(MINE, version="22"), 104.0)

    assert again.renewed == LEADING.renewed


def test_a_renewal_counts_from_its_request_not_from_its_answer():
    assert LEADING.wrote(replace(MINE, version="22"), sent=102.0).renewed == 102.0


def test_seeing_the_same_lease_again_does_not_make_it_younger():
    assert Standing("a").saw(OTHERS, 1.0).saw(OTHERS, 8.0).since == 1.0


def test_a_renewed_lease_is_young_again():
    assert Standing("a").saw(OTHERS, 1.0).saw(replace(OTHERS, version="21"), 8.0).since == 8.0


@pytest.mark.parametrize("skew", [-1e6, 0.0, 3.5, 1e6], ids=lambda skew: f"clocks {skew:g} s apart")
@pytest.mark.parametrize("delay", [0.0, 0.3, 2.0], ids=lambda delay: f"an answer takes {delay:g} s")
def test_of_two_that_both_believe_to_lead_only_one_writes(skew: float, delay: float):
    """The holder is stopped right after a renewal; the other sees that renewal as late as it can."""
    renewed = 1000.0
    seen = Standing("b").saw(replace(MINE, version="30"), renewed + skew + delay)
    takes = next(t for t in (renewed + tick / 10 for tick in range(400)) if seen.may_take(t + skew + delay))
    stopped = LEADING.wrote(replace(MINE, version="30"), renewed)
    last_start = max(t for t in (renewed + tick / 10 for tick in range(400)) if stopped.may_write(t))

    assert stopped.holds
    assert last_start + WRITE_WITHIN < takes


def test_two_renewals_may_fail_before_writes_stop():
    assert 2 * RENEW_EVERY < FRESH_FOR
    assert FRESH_FOR + WRITE_WITHIN < LASTS


@pytest.mark.parametrize(
    ("spec", "lease"),
    [
        pytest.param({}, Lease("", LASTS, 0, "7"), id="empty"),
        pytest.param({"holderIdentity": None, "leaseDurationSeconds": None}, Lease("", LASTS, 0, "7"), id="nulls"),
        pytest.param({"holderIdentity": "b", "leaseDurationSeconds": 1}, Lease("b", LASTS, 0, "7"), id="too short"),
        pytest.param(
            {"holderIdentity": "b", "leaseDurationSeconds": 15, "leaseTransitions": 2, "renewTime": "2001-01-01"},
            Lease("b", 15.0, 2, "7"),
            id="another program's",
        ),
    ],
)
def test_whatever_stands_in_a_lease_is_read(spec: dict[str, object], lease: Lease):
    assert Lease.of({"metadata": {"resourceVersion": "7"}, "spec": spec}) == lease
