"""What time it is."""

from datetime import timedelta

from kanaria.cluster.clock import Clock


async def test_sleeping_until_a_time_that_is_past_returns_at_once():
    clock = Clock()
    await clock.sleep_until(clock.now() - timedelta(hours=1))


async def test_it_is_not_earlier_than_the_time_slept_for():
    clock = Clock()
    at = clock.now() + timedelta(milliseconds=20)
    await clock.sleep_until(at)

    assert clock.now() >= at
