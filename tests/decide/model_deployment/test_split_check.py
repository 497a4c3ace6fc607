"""A gateway that does not route as asked holds the step: no more weight, no promotion, until it does."""

import pytest

from deployments import canary, message, phase, reason, serving, trying, weight


@pytest.mark.parametrize(("sent", "told"), [(40.0, "40 %"), (0.0, "0 %")], ids=["too much", "nothing at all"])
def test_the_step_is_held_and_it_is_told_why(sent: float, told: str):
    world = serving()
    world.sent = sent
    world.spec(candidate={"version": "8"}).run(600)

    assert (phase(world), weight(world)) == ("Stepping", 10)
    assert reason(world) == "SplitNotAsAsked"
    assert f"the candidate gets {told} of the requests where 10 % was asked" in message(world)


def test_it_goes_on_once_the_gateway_does_as_asked():
    world = serving()
    world.sent = 40.0
    world.spec(candidate={"version": "8"}).run(120)
    held = reason(world)
    world.sent = None
    world.run(400)

    assert held == "SplitNotAsAsked"
    assert phase(world) == "Passed"


def test_a_restart_does_not_let_it_rise():
    world = serving()
    world.sent = 40.0
    world.spec(candidate={"version": "8"}).run(120)
    world.restart()
    world.run(60)

    assert (reason(world), weight(world)) == ("SplitNotAsAsked", 10)


def test_a_worse_candidate_is_taken_back_all_the_same():
    world = serving()
    world.sent, world.bad["v8"] = 40.0, 0.2
    world.spec(candidate={"version": "8"}).run(120)

    assert phase(world) == "Failed"


def test_a_gateway_that_does_as_asked_is_never_accused():
    world = trying()
    seen = set()
    for _ in range(60):
        seen.add(reason(world.run(5)))

    assert "SplitNotAsAsked" not in seen


def test_restarts_do_not_hide_a_share_that_is_a_little_off():
    """Between two restarts are fewer windows than it takes, and a checkpoint at their end."""
    world = serving(strategy=canary({"setWeight": 10}, {"pause": {"duration": "1h"}}))
    world.sent, world.rps = 20.0, 16.0
    world.spec(candidate={"version": "8"}).run(10)
    seen = []
    for _ in range(4):
        seen.append(reason(world.run(62)))
        world.restart()

    assert (seen[0], seen[-1], weight(world)) == ("CanaryPaused", "SplitNotAsAsked", 10)


def test_after_a_restart_it_is_told_which_share_was_seen():
    world = serving(strategy=canary({"setWeight": 10}, {"pause": {"duration": "1h"}}))
    world.sent = 40.0
    world.spec(candidate={"version": "8"}).run(120)
    world.restart()
    world.metrics = False
    world.run(1)

    assert "the candidate gets 40 % of the requests where 10 % was asked" in message(world)


def test_the_share_is_written_no_oftener_than_the_evidence():
    world = trying().run(60)
    before = len(world.writes)

    world.run(130)

    assert len(world.writes) - before <= 3
